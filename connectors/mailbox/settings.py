from pydantic_settings import SettingsConfigDict

from connectors.settings import SourceSettings
from schemas.base import Name


class MailboxSettings(SourceSettings):
    """`ONECASE_MAILBOX_PATH` and so on."""

    model_config = SettingsConfigDict(env_prefix="ONECASE_MAILBOX_")

    instance: Name = "mailbox"
    source_system: Name = "mailbox"
