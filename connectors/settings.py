"""Settings come from the environment: `ONECASE_…` for the broker, `ONECASE_<NAME>_…` for each connector."""

from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from connectors.base import BadConfig
from schemas.base import Name
from schemas.topics import Naming

B = TypeVar("B", bound=BaseSettings)


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, OSError, ValueError):  # unknown, a folder of the zone data, a path
        raise ValueError("is not an IANA time zone such as Asia/Shanghai") from None
    return value


Zone = Annotated[str, AfterValidator(_known_zone)]


class SourceSettings(BaseSettings):
    """What each of our connectors needs; a connector adds its env prefix and the defaults of `instance` and `source_system`."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    path: Path = Field(description="the file or folder that is followed")
    instance: Name = Field(description="this instance's name: its cursor is kept under it")
    source_system: Name = Field(description="which system gave the numbers (来源系统)")
    jurisdiction: Name = Field("local", description="the city that answers")
    zone: Zone = Field("Asia/Shanghai", description="zone of times that carry none")


class KafkaSettings(BaseSettings):
    """Where the broker is and how this run's topics are called."""

    model_config = SettingsConfigDict(env_prefix="ONECASE_", frozen=True, extra="ignore", env_ignore_empty=True)

    kafka_bootstrap: str = Field(description="the broker's host:port")
    suffix: str = Field("", description="suffix of this run's topics")
    journal_suffix: str | None = Field(None, description="suffix of the run whose intake topics are shared")

    @property
    def naming(self) -> Naming:
        """Names of this run's topics."""
        return Naming(self.suffix, self.journal_suffix)


def read_settings(settings: type[B], **given: Any) -> B:
    """Settings from the environment; `given` ones win. Raises BadConfig with the variable to set."""
    try:
        return settings(**given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = str(first["loc"][0])
        variable = f"{settings.model_config['env_prefix']}{field}".upper()
        if first["type"] == "missing":
            raise BadConfig(f"Set {variable}: {settings.model_fields[field].description}.") from None
        raise BadConfig(f"{variable}: {first['msg'].removeprefix('Value error, ')}.") from None
