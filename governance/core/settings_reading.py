"""Settings are read once: command line, then environment, then `sekisho.toml`, then the default.

Fails closed: what is unknown, of another form or unsafe in production starts nothing.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from governance.core.addresses import faulty_address
from governance.core.setting_kinds import Mode
from governance.core.settings import (
    Settings,
    SettingsError,
    SettingsFileError,
    UnsafeSettingsError,
)
from governance.core.unsafe_settings import unsafe_in

PREFIX: Final = "SEKISHO_"
FILE_NAME: Final = "sekisho.toml"


def load(
    *,
    config: Path | None = None,
    environment: Mapping[str, str],
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """Settings from file, environment and command line; raises SettingsError and kin."""
    said = {key: value for key, value in (overrides or {}).items() if value is not None}
    parts = (
        ("file", _from_file(config)),
        ("environment", _from_environment(environment)),
        ("command", said),
    )
    values: dict[str, object] = {name: value for _, part in parts for name, value in part.items()}
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise SettingsError(setting=".".join(map(str, first["loc"])) or "?") from None
    settings.note_sources({name: source for source, part in parts for name in part})
    refuse_unsafe(settings)
    if (name := faulty_address(settings.__dict__)) is not None:
        raise SettingsError(setting=name)
    return settings


def _from_file(config: Path | None) -> dict[str, object]:
    path = config or Path(FILE_NAME)
    if config is None and not path.is_file():
        return {}
    try:
        return dict(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsFileError(path=str(path), reason=type(error).__name__) from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    """Only the variables that name a setting; the token of a command line is no setting."""
    known = Settings.model_fields
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() in known
    }


def refuse_unsafe(settings: Settings) -> None:
    """Fails closed: production starts on none of what the table of unsafe settings names."""
    if settings.mode is not Mode.PRODUCTION:
        return
    for row in unsafe_in(settings):
        raise UnsafeSettingsError(setting=row.setting)
