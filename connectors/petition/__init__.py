from connectors.petition.connector import CONNECTOR

__all__ = ["CONNECTOR"]
