from connectors.hotline.connector import CONNECTOR

__all__ = ["CONNECTOR"]
