"""Settings of the pipeline, from the environment (prefix ONECASE_) alone. Secrets have no default."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.base import Name
from schemas.contact import CHANNELS
from schemas.topics import Naming
from streams.steps.persons import Keyring

Suffix = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{0,20}$")]


class Settings(BaseSettings):
    """Everything a worker needs to know. `onecase worker --help` and the README explain each."""

    model_config = SettingsConfigDict(env_prefix="ONECASE_", extra="ignore", hide_input_in_errors=True)

    kafka_bootstrap: str = Field(description="host:port, several by comma")
    postgres_dsn: SecretStr = Field(description="postgresql://user:password@host:port/database")
    suffix: Suffix = Field("", description="of topics, groups, transactional ids and schemas, so that runs stand side by side")
    journal_suffix: Suffix | None = Field(None, description="decide the journal of the run with this suffix")
    channels: tuple[Name, ...] = Field(CHANNELS, description="channels whose raw topics are read (JSON list); add a connector's own here")
    token_key: SecretStr | None = Field(None, description="secret for person tokens (同人标识), at least 32 characters")
    token_key_file: Path | None = Field(None, description="file that holds it")
    token_key_id: str = Field("k1", pattern=r"^[a-z0-9-]{1,20}$")
    policy_pack: Path | None = Field(None, description="policy pack for new jurisdictions; default: the built-in one")
    policy_packs: tuple[Path, ...] = Field((), description="further packs that journals may name (JSON list of paths)")
    compiled: bool = Field(False, description="run the matcher's loops compiled (extra `fast`): faster in bulk, seconds slower to start")
    batch: int = Field(500, ge=1, le=5000)
    within_s: float = Field(0.05, gt=0, le=5)
    session_timeout_s: float = Field(6.0, ge=1, le=60)
    reject_share_max: float = Field(0.5, gt=0, le=1)
    stall_s: float = Field(30.0, ge=5, le=600)

    @model_validator(mode="after")
    def _one_key(self) -> "Settings":
        if self.token_key is not None and len(self.token_key.get_secret_value()) < 32:
            raise ValueError("ONECASE_TOKEN_KEY has fewer than 32 characters; take `openssl rand -hex 32`")
        return self

    @property
    def naming(self) -> Naming:
        """How this run's topics are called."""
        return Naming(self.suffix, self.journal_suffix)

    def group(self, stage: str) -> str:
        """Consumer group, and stem of the transactional ids, of a stage."""
        suffix = self.intake_suffix if stage == "normalise" else self.suffix
        return f"onecase-{stage}-{suffix}" if suffix else f"onecase-{stage}"

    @property
    def intake_suffix(self) -> str:
        """Suffix of the run that owns raw topics, journal and vault: this one, unless another's journal is decided."""
        return self.suffix if self.journal_suffix is None else self.journal_suffix

    @property
    def projection_schema(self) -> str:
        """Postgres schema of cases, members and events."""
        return f"onecase_{self.suffix}" if self.suffix else "onecase"

    @property
    def vault_schema(self) -> str:
        """Postgres schema of the vault (personal data) and the jurisdiction pins."""
        return f"onecase_vault_{self.intake_suffix}" if self.intake_suffix else "onecase_vault"

    def keyring(self) -> Keyring:
        """The key for person tokens. Raises ValueError if none is set."""
        secret = self.token_key.get_secret_value() if self.token_key else None
        if secret is None and self.token_key_file is not None:
            secret = self.token_key_file.read_text(encoding="utf-8").strip()
        if not secret or len(secret) < 32:
            raise ValueError("normalise needs a secret of 32 characters or more in ONECASE_TOKEN_KEY or ONECASE_TOKEN_KEY_FILE.")
        return Keyring(self.token_key_id, secret.encode())
