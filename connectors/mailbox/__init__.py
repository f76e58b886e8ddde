from connectors.mailbox.connector import CONNECTOR

__all__ = ["CONNECTOR"]
