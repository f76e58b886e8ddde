from connectors.board.connector import CONNECTOR

__all__ = ["CONNECTOR"]
