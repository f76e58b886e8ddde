from pydantic_settings import SettingsConfigDict

from connectors.settings import SourceSettings
from schemas.base import Name


class BoardSettings(SourceSettings):
    """`ONECASE_BOARD_PATH` and so on."""

    model_config = SettingsConfigDict(env_prefix="ONECASE_BOARD_")

    instance: Name = "board"
    source_system: Name = "board"
