"""Which kernels the matcher runs on: compiled ones where the extra `fast` is installed. Both decide the same, byte for byte."""

import importlib.util

from dedup.kernels import NUMPY, Kernels


def fastest() -> Kernels:
    """numba's if it is there (seconds to compile once a process), else numpy's."""
    if importlib.util.find_spec("numba") is None:
        return NUMPY
    from dedup.kernels_numba import NUMBA

    return NUMBA
