"""Settings: ``config.py``, then the file named by QBANK_CONFIG, then QBANK_* variables; typed and checked."""

from __future__ import annotations

import os
import runpy
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from qbank import paths

PREFIX = "QBANK_"


class SettingsError(Exception):
    """A setting is unknown, of the wrong type, or refused; the message lists every one."""


class SignUp(StrEnum):
    """Who may make an account."""

    OPEN = "open"
    JOIN_CODE = "join_code"
    INVITATION = "invitation"


class DrafterKind(StrEnum):
    """Who drafts items from an article that is loaded."""

    RULES = "rules"
    MODEL = "model"
    BOTH = "both"


def _names(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _rate(value: str) -> str:
    """Check a rate such as "10 per minute": one that cannot be read would mean no limit at all."""
    import limits  # only here: reading an article loads the settings too, and does not count attempts

    try:
        limits.parse_many(value)
    except ValueError:
        raise ValueError('write it as "10 per minute"') from None
    return value


def _service_address(value: str) -> str:
    """Check the address of a language model's service; an empty one means that there is none."""
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and value.isascii()
    except ValueError:
        sound = False
    if value and not (sound and value.isprintable() and " " not in value):
        raise ValueError("write it as http://HOST:PORT/v1 or https://HOST/v1")
    if value and (parts.username is not None or parts.query or parts.fragment):
        raise ValueError("it holds no name, password, query or fragment: a key belongs in DRAFTER_KEY")
    return value


def _header_text(value: str) -> str:
    if value and not (value.isascii() and value.isprintable() and " " not in value):
        raise ValueError("a key is printable ASCII without spaces")
    return value


class Settings(BaseModel):
    """All settings of one running program. ``config.py`` says what each is for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path
    database_url: str
    secret_key: Annotated[str, Field(min_length=16, repr=False)]
    host: str
    port: Annotated[int, Field(ge=0, le=65535)]
    threads: Annotated[int, Field(ge=1, le=256)]
    trusted_hosts: Annotated[list[str], BeforeValidator(_names)]
    trusted_proxies: Annotated[int, Field(ge=0, le=5)]
    secure_cookies: bool
    ratelimit_storage_uri: str
    site_name: Annotated[str, Field(min_length=1, max_length=60)]
    sign_up: SignUp
    password_min_length: Annotated[int, Field(ge=8, le=64)]
    sign_in_limit: Annotated[str, AfterValidator(_rate)]
    sign_in_days: Annotated[int, Field(ge=1, le=365)]
    sign_in_idle_days: Annotated[int, Field(ge=1, le=365)]
    approvals_needed: Annotated[int, Field(ge=0, le=9)]
    options_min: Annotated[int, Field(ge=2, le=10)]
    options_max: Annotated[int, Field(ge=2, le=26)]
    seconds_per_item: Annotated[int, Field(ge=5, le=3600)]
    block_max_items: Annotated[int, Field(ge=1, le=1000)]
    pretest_share: Annotated[float, Field(ge=0, le=0.5)]
    pretest_min_deliveries: Annotated[int, Field(ge=0, le=100_000)]
    abandon_days: Annotated[int, Field(ge=1)]
    review_fit_from: Annotated[int, Field(ge=10)]
    min_peers: Annotated[int, Field(ge=2)]
    min_group_n: Annotated[int, Field(ge=1)]
    band_low: Annotated[float, Field(ge=0, le=100)]
    band_high: Annotated[float, Field(ge=0, le=100)]
    drafter: DrafterKind
    drafter_url: Annotated[str, Field(max_length=500), AfterValidator(_service_address)]
    drafter_model: Annotated[str, Field(max_length=200)]
    drafter_key: Annotated[str, Field(max_length=500, repr=False), AfterValidator(_header_text)]
    drafter_timeout_seconds: Annotated[int, Field(ge=1, le=900)]
    drafter_max_statements: Annotated[int, Field(ge=1, le=200)]
    testing: bool
    clock_file: str

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        if self.clock_file and not self.testing:
            raise ValueError("CLOCK_FILE is for tests: it is refused unless TESTING is on")
        if self.drafter is not DrafterKind.RULES and not (self.drafter_url and self.drafter_model.strip()):
            raise ValueError(f"DRAFTER is {self.drafter}: set DRAFTER_URL and DRAFTER_MODEL too")
        if self.options_min > self.options_max:
            raise ValueError("OPTIONS_MIN is above OPTIONS_MAX")
        if self.band_low > self.band_high:
            raise ValueError("BAND_LOW is above BAND_HIGH")
        return self


def _upper_case(path: Path) -> dict[str, Any]:
    try:
        names = runpy.run_path(str(path))
    except OSError as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error.strerror}") from None
    except Exception as error:
        raise SettingsError(f"the settings file {path} is not valid Python: {error}") from None
    return {name.lower(): value for name, value in names.items() if name.isupper()}


def _default_data_dir(environ: Mapping[str, str]) -> Path:
    base = environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "qbank"


def _kept_secret(data_dir: Path) -> str:
    """Return the bank's secret key, making it once. Two processes starting together agree on one.

    It is written whole under another name and then linked to its own, which fails where somebody was faster:
    neither a crash nor a second process can leave or see half a key.
    """
    path = data_dir / "secret_key"
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        made, name = tempfile.mkstemp(dir=data_dir, prefix="secret_key.")  # readable by its owner only
        try:
            with os.fdopen(made, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48))
            with suppress(FileExistsError):
                os.link(name, path)
        finally:
            os.unlink(name)
    return path.read_text(encoding="ascii").strip()


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"]).upper() or "settings"
        lines.append(f"{name}: {problem['msg']}")
    return "settings refused:\n  " + "\n  ".join(lines)


def load(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read, merge and check the settings.

    ``overrides`` (lower-case names) win over everything: the command line and the tests use them.
    Raises SettingsError naming every setting that is unknown or wrong.
    """
    environ = os.environ if environ is None else environ
    values = _upper_case(paths.config_file())
    if extra := environ.get(PREFIX + "CONFIG"):
        values |= _upper_case(Path(extra))
    known = set(Settings.model_fields)
    values |= {
        name[len(PREFIX) :].lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name[len(PREFIX) :].lower() in known
    }
    values |= overrides
    values["data_dir"] = Path(values["data_dir"] or _default_data_dir(environ)).expanduser().absolute()
    try:
        if not values["secret_key"]:
            values["secret_key"] = _kept_secret(values["data_dir"])
    except OSError as error:
        raise SettingsError(f"DATA_DIR {values['data_dir']} cannot be written: {error.strerror}") from None
    values["database_url"] = values["database_url"] or f"sqlite:///{values['data_dir'] / 'qbank.sqlite3'}"
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None
