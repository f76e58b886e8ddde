"""Errors that stop a program, named after what a person has to do next."""


class Unreachable(ConnectionError):
    """Something outside did not answer; the message says what to do."""


class HistoryBroken(RuntimeError):
    """What is published does not fit together; the message says where. Nothing may go on before a person has looked."""
