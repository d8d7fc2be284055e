"""How old the secrets are that lie in files: who changes none for long is told so by the doctor.

Each is read anew when it is next needed, so that a change needs no restart (docs/operations.md).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from governance.app.examined import Examined
from governance.app.wiring import Wiring
from governance.connectors.reading import read_connectors
from governance.connectors.specs import DatabaseSpec
from governance.core.settings import Settings
from governance.signon.reading import providers_of

ADDRESSES: Final = ("database_url", "keys_url")
IN_ADDRESS: Final = ("passfile", "sslkey")
FILES: Final = (
    "smtp_password_file",
    "sms_secret_file",
    "forward_token_file",
    "vault_token_file",
    "pkcs11_pin_file",
    "tls_key_file",
)
BY_FILE: Final = "file:"


def secrets_finding(wiring: Wiring, at: datetime, _stale: timedelta) -> Examined:
    """Whether a secret in a file is older than `secret_age_days`; its name is told, never it."""
    most = timedelta(days=wiring.settings.secret_age_days)
    seen = ((name, _written(path)) for name, path in _files(wiring.settings))
    ages = [(at - written, name) for name, written in seen if written is not None]
    if late := sorted(one for one in ages if one[0] > most)[::-1]:
        named = ", ".join(sorted({name for _, name in late}))
        params: dict[str, str | int] = {"names": named, "days": late[0][0].days}
        return Examined(check="secrets", state="attention", key="doctor.secrets_old", params=params)
    told: dict[str, str | int] = {"count": len(ages), "days": most.days}
    return Examined(check="secrets", state="good", key="doctor.secrets_good", params=told)


def _files(settings: Settings) -> Iterator[tuple[str, Path]]:
    yield from _of_settings(settings)
    for provider in providers_of(settings).values():
        yield from _referred(f"sign_on.{provider.id}", provider.secret)
    declared = settings.connectors_file
    for spec in () if declared is None else read_connectors(declared):
        if isinstance(spec, DatabaseSpec):
            yield from _referred(f"connector.{spec.name}", spec.address)


def _of_settings(settings: Settings) -> Iterator[tuple[str, Path]]:
    for name in ADDRESSES:
        query = make_url(getattr(settings, name) or "sqlite://").query
        for part in IN_ADDRESS:
            if isinstance(path := query.get(part), str):
                yield f"{name}.{part}", Path(path)
    for name in FILES:
        if isinstance(path := getattr(settings, name), Path):
            yield name, path


def _referred(name: str, reference: str | None) -> Iterator[tuple[str, Path]]:
    if reference is not None and reference.startswith(BY_FILE):
        yield name, Path(reference.removeprefix(BY_FILE))


def _written(path: Path) -> datetime | None:
    """When the file was last written; None where none can be seen, which other checks tell."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return None
