from pydantic_settings import SettingsConfigDict

from connectors.settings import SourceSettings
from schemas.base import Name


class HotlineSettings(SourceSettings):
    """`ONECASE_HOTLINE_PATH` and so on."""

    model_config = SettingsConfigDict(env_prefix="ONECASE_HOTLINE_")

    instance: Name = "hotline"
    source_system: Name = "hotline"
