"""The only reader of the environment and of config/: defaults < config/monitor.toml < MONITOR_* variables.

MONITOR_HOME            where data lies (./var)
MONITOR_CONFIG          folder of monitor.toml and topics.toml (./config)
MONITOR_REDIS_URL       an outside Redis or Valkey instead of the embedded one
MONITOR_REDIS_URL_FILE  a file that holds that address, for secrets mounted as files
MONITOR_TELEGRAM__TOKEN_FILE   a file that holds the bot's token
MONITOR_SOURCES__X__TOKEN_FILE a file that holds an option of a source, here `token` of [sources.x]
MONITOR_PREVIEW__PORT   …and any other setting of monitor.toml, with __ between table and key
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from monitor.errors import ConfigError
from monitor.logs import hide
from monitor.settings_told import Origin, sentence, unread
from monitor.topics.values import did_you_mean

_SECRET_NAME = re.compile("key|token|secret|passw|auth|credential", re.IGNORECASE)
"""What a secret of a source is called, in its settings and in an address."""


class Strict(BaseModel):
    """A table of the file: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LanguageSettings(Strict):
    """How languages are tagged."""

    engine: Literal["eldc", "langdetect"] = "eldc"


class FetchSettings(Strict):
    """Limits of one download."""

    max_bytes: int = Field(default=5_000_000, ge=10_000)
    max_ratio: int = Field(default=20, gt=1)
    deadline_seconds: float = Field(default=20.0, gt=0, le=40)
    allow: tuple[str, ...] = ()
    user_agent: str = Field(default="discussion-monitor/0.1", pattern=r"^[!-~][ -~]*$")

    @field_validator("allow")
    @classmethod
    def _host_and_port(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            host, _, port = entry.rpartition(":")
            if not host or not port.isdigit():
                raise ValueError(f'"{entry}" must be "host:port"')
        return value


class PeopleSettings(Strict):
    """Whom a digest may name: see README, People."""

    policy: Literal["default", "names", "links", "counts"] = "default"
    named: tuple[str, ...] = ()


class WorkerSettings(Strict):
    """The Celery worker."""

    threads: int = Field(default=4, ge=1, le=64)


class LogSettings(Strict):
    """What is said on standard error: this and what is more important. Secrets are hidden at every level."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class PreviewSettings(Strict):
    """The local page."""

    port: int = Field(default=8765, ge=0, le=65535)
    host: str = "127.0.0.1"


class TelegramSettings(Strict):
    """The bot, and the chat that gets the daily digests; without them they are shown on the local page only.

    Digests for channels go to `review` first, where an editor sends or drops them.
    `when_unknown` says what to do with a message of which nobody can tell whether it arrived. `language` is the one for
    chats that chose none. With `webhook_url`
    updates are pushed, through a proxy that speaks TLS, to `webhook_host` and `webhook_port`; else they are asked for.
    """

    token: SecretStr | None = None
    token_file: Path | None = None
    chat: str | None = Field(default=None, pattern=r"^(-?[1-9]\d{0,19}|@[A-Za-z]\w{3,31})$")
    review: str | None = Field(default=None, pattern=r"^-?[1-9]\d{0,19}$")
    api_url: str = Field(default="https://api.telegram.org", pattern=r"^https?://[^\s?#]+$")
    when_unknown: Literal["hold", "resend"] = "hold"
    language: Literal["en", "zh-Hans", "zh-Hant"] = "en"
    webhook_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    webhook_host: str = "127.0.0.1"
    webhook_port: int = Field(default=8766, ge=0, le=65535)

    @field_validator("token")
    @classmethod
    def _token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", value.get_secret_value()):
            raise ValueError("is empty, or no token of a bot, which @BotFather writes like 123456:ABC-def")
        return value


class BackupSettings(Strict):
    """Daily backups: how many are kept, 0 for none; not set: 7 of the embedded store, none of an outside one."""

    keep: int | None = Field(default=None, ge=0, le=1000)
    folder: Path | None = None


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="MONITOR_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
        coerce_numbers_to_str=True,  # options of sources: budget = 2.50
        hide_input_in_errors=True,  # where one is printed whole, by a traceback
    )

    home: Path = Path("var")
    config: Path = Path("config")
    redis_url: SecretStr | None = None
    supervised: bool = False
    language: LanguageSettings = LanguageSettings()
    fetch: FetchSettings = FetchSettings()
    people: PeopleSettings = PeopleSettings()
    worker: WorkerSettings = WorkerSettings()
    log: LogSettings = LogSettings()
    preview: PreviewSettings = PreviewSettings()
    telegram: TelegramSettings = TelegramSettings()
    backup: BackupSettings = BackupSettings()
    sources: Mapping[str, Mapping[str, str]] = {}

    @field_validator("home", "config", mode="before")
    @classmethod
    def _folder(cls, value: object) -> object:
        if isinstance(value, str) and not value.strip():
            raise ValueError("is empty; name a folder")
        return Path(value).expanduser() if isinstance(value, str | Path) else value

    @field_validator("redis_url")
    @classmethod
    def _address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        if not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        if not _is_readable(value.get_secret_value()):
            raise ValueError(
                "cannot be read: its port is a number, and a password has %2F for /, %23 for #, %3F for ?, %5B for ["
            )
        return value

    @field_validator("sources")
    @classmethod
    def _secret_files(cls, value: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
        """Read what lies in a file: `token_file = "…"` sets `token`."""
        return {name: dict(_from_files(name, options)) for name, options in value.items()}

    @property
    def backups_kept(self) -> int:
        """Return how many daily backups are kept; whoever runs an outside store most likely makes his own."""
        if self.backup.keep is not None:
            return self.backup.keep
        return 7 if self.redis_url is None else 0

    @property
    def backups(self) -> Path:
        """Return where backups lie."""
        return self.backup.folder or self.home / "backups"

    @property
    def topics_file(self) -> Path:
        """Return where topics.toml lies."""
        return self.config / "topics.toml"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, which comes as keyword arguments."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read all settings, or raise ConfigError with every problem at once."""
    seen = os.environ if environment is None else environment
    problems = [*_unknown_variables(seen)]
    origin = Origin(Path(seen.get("MONITOR_CONFIG", "config")) / "monitor.toml", "", seen)
    table: dict[str, Any] = {}
    try:
        origin = origin._replace(text=_text(origin.file))
        table = _with_token(_tables(origin) | _secrets(seen), origin)
    except ConfigError as e:
        problems += e.problems
    try:
        settings = Settings(**table)
    except SettingsError as e:
        problems.append(f'{e}; lists and tables are written as JSON in a variable, such as ["a", "b"]')
        raise ConfigError(problems) from e
    except ValidationError as e:
        problems += [sentence(error, origin, Settings) for error in e.errors()]
        raise ConfigError(problems) from e
    if problems:
        raise ConfigError(problems)
    _hide_secrets(settings)
    return settings


def child_environment(**changes: str) -> dict[str, str]:
    """Return the environment for a process of ours, with changes."""
    return {**os.environ, **changes}


def _is_readable(address: str) -> bool:
    """Tell whether a store's address can be taken apart. An error would quote a piece of its password."""
    try:
        urlsplit(address).port  # noqa: B018 - it is read when it is asked for
    except ValueError:
        return False
    return True


def _from_files(source: str, options: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in options.items():
        bare = name.removesuffix("_file")
        if bare == name:
            yield name, value
            continue
        try:
            yield bare, Path(value).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as e:
            raise ValueError(f"{source}.{name}: {value} cannot be read ({unread(e)})") from e


def _hide_secrets(settings: Settings) -> None:
    """Keep what must not be said out of the log before anybody connects."""
    if settings.telegram.token is not None:
        hide(settings.telegram.token.get_secret_value())
    addresses = [settings.telegram.api_url, settings.telegram.webhook_url or ""]
    addresses += [] if settings.redis_url is None else [settings.redis_url.get_secret_value()]
    for options in settings.sources.values():
        addresses += [value for value in options.values() if "://" in value]
        for name, value in options.items():
            if _SECRET_NAME.search(name):
                hide(value)
    for address in addresses:
        for secret in _secrets_in(address):
            hide(secret)
            hide(unquote(secret))


def _secrets_in(address: str) -> Iterator[str]:
    """Yield the password of an address, and what its query calls a secret."""
    parts = urlsplit(address)
    yield parts.password or ""
    for name, value in parse_qsl(parts.query):
        if _SECRET_NAME.search(name):
            yield value


def _text(path: Path) -> str:
    """Return what the file says, nothing when there is none."""
    if not path.exists():
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigError([f"{path}: cannot be read ({unread(e)})"]) from e


def _tables(origin: Origin) -> dict[str, Any]:
    try:
        return origin.tables()
    except ValueError as e:
        raise ConfigError([str(e)]) from e


def _secrets(environment: Mapping[str, str]) -> dict[str, Any]:
    path = environment.get("MONITOR_REDIS_URL_FILE")
    if path is None:
        return {}
    try:
        return {"redis_url": Path(path).read_text(encoding="utf-8").strip()}
    except OSError as e:
        raise ConfigError([f"MONITOR_REDIS_URL_FILE: {path} cannot be read ({unread(e)})"]) from e


def _with_token(table: dict[str, Any], origin: Origin) -> dict[str, Any]:
    """Read the bot's token from its file, where one is named."""
    telegram = table.get("telegram", {})
    if not isinstance(telegram, dict):
        return table  # its own check says so
    path = origin.environment.get("MONITOR_TELEGRAM__TOKEN_FILE") or telegram.get("token_file")
    if not isinstance(path, str):
        return table
    try:
        token = Path(path).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as e:
        place = origin.place(("telegram", "token_file"))
        raise ConfigError([f"{place}: telegram.token_file: {path} cannot be read ({unread(e)})"]) from e
    return table | {"telegram": telegram | {"token": token}}


def _unknown_variables(environment: Mapping[str, str]) -> list[str]:
    known = {f"MONITOR_{name.upper()}" for name in Settings.model_fields} | {"MONITOR_REDIS_URL_FILE", "MONITOR_DATA"}
    listed = f"; known are {', '.join(sorted(known))}"
    return [
        f"{name}: no such setting{did_you_mean(name.split('__')[0], known) or listed}"
        for name in sorted(environment)
        if name.startswith("MONITOR_") and name.split("__")[0] not in known
    ]
