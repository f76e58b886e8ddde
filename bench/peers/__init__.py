"""Peers side by side: the same reports, one by one, through five deciders of "which earlier case does this report belong to?"

`python -m bench.peers DATA_DIR SCORER [--json FILE] [--table docs/peers.md] [--only NAME,...]`
"""
