from pydantic_settings import SettingsConfigDict

from connectors.settings import SourceSettings
from schemas.base import Name


class PetitionSettings(SourceSettings):
    """`ONECASE_PETITION_PATH` and so on."""

    model_config = SettingsConfigDict(env_prefix="ONECASE_PETITION_")

    instance: Name = "petition"
    source_system: Name = "petition"
