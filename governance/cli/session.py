"""Opening an installation from the command line, and who acts there."""

import getpass
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from audit.note import VerifierKey
from audit.reviewing.service import Reviewer, reviewer
from consent.checks import record_refusal
from governance.app.audit_log import settle
from governance.app.folders import require_file
from governance.app.key_providers import provider_of
from governance.app.log_signing import every_key
from governance.app.wiring import Mark, Wiring
from governance.cli.invocation import current
from governance.core.clock import utc_now
from governance.core.logging import configure
from governance.core.settings import Settings
from governance.core.settings_reading import load
from governance.customers.changes.counter import Taken
from governance.db.engine import Database
from governance.http.principal import ANONYMOUS, Principal, PrincipalKind
from governance.identity.clients.keys import MARK
from governance.identity.clients.presenting import presented
from governance.identity.credentials.terms import limits_of
from governance.identity.errors import NotSignedInError
from governance.identity.rules import sign_of_life_due
from governance.identity.service import principal_by_session
from governance.identity.store import note_life
from governance.keys.vault import FieldVault
from policies.actions import Action
from policies.api import ActionForbiddenError, ensure

TOKEN = "SEKISHO_TOKEN"  # noqa: S105 # the variable's name, not a secret
OWNER_ONLY = 0o600


def settings(**overrides: object) -> Settings:
    """The settings of this command line."""
    invocation = current()
    found = load(
        config=invocation.config,
        environment=os.environ,
        overrides={"data_dir": invocation.data, **overrides},
    )
    configure(level=found.log_level, json_lines=found.mode.value == "production")
    return found


@contextmanager
def opened(*, restoring: bool = False, **overrides: object) -> Iterator[Wiring]:
    """The installation, closed again at the end; `restoring`: also with a log that went back."""
    taken = Taken.times
    wiring = Wiring.open(settings(**overrides), restoring=restoring)
    mark = Mark(strict=wiring.audit.strict_mark, taken=taken)  # before anything is done
    try:
        yield wiring
        wiring.settle_since(mark)
    except ActionForbiddenError as error:
        action = Action(str(error.params["action"]))
        record_refusal(wiring.ports, acting(wiring), action, at=wiring.clock())
        raise
    finally:
        wiring.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A database to verify and the keys that this installation signs with."""

    settings: Settings
    database: Database
    own_keys: tuple[VerifierKey, ...]


@contextmanager
def opened_for_verification() -> Iterator[Verification]:
    """The database as it is, even when its tree was tampered with and would not open for work."""
    found = settings()
    require_file(found.database)
    database, keys = Database.open(found.database), Database.open(found.keys)
    try:
        vault = FieldVault.open(keys, provider_of(found))
        yield Verification(
            settings=found,
            database=database,
            own_keys=every_key(vault),
        )
    finally:
        database.close()
        keys.close()


def os_user() -> str:
    """The operating-system user, recorded beside the principal; only plain characters."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return re.sub(r"[^A-Za-z0-9_.:/+\\-]", "_", name)[:64]


def session_file(wiring: Wiring, login: str) -> Path:
    """Where the session of a login on this machine is kept, readable by its owner alone."""
    return wiring.settings.data_dir / "cli" / f"{login}.session"


def remember(wiring: Wiring, login: str, secret: str) -> None:
    """The session's secret is kept for later commands; it is the one last used, too."""
    path = session_file(wiring, login)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    for name, content in ((path, secret), (path.with_name("last"), login)):
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(content)


def acting(wiring: Wiring) -> Principal:
    """Who acts: SEKISHO_TOKEN, else the login of --as or the last one; raises NotSignedInError."""
    secret = os.environ.get(TOKEN) or _kept(wiring)
    if not secret:
        raise NotSignedInError
    shown = secret.startswith(MARK)
    principal = _by_credential(wiring, secret) if shown else _by_session(wiring, secret)
    if principal.kind is PrincipalKind.ANONYMOUS:
        raise NotSignedInError
    return replace(principal, os_user=os_user())


def _by_credential(wiring: Wiring, secret: str) -> Principal:
    with wiring.database.read() as tx:
        found = presented(tx, secret, at=utc_now())
    if found is None or found.certificate is not None:
        return ANONYMOUS  # fails closed: a command shows no certificate
    return found.principal


def _by_session(wiring: Wiring, secret: str) -> Principal:
    """The holder of the session, whose use is written down once a minute."""
    at, limits = utc_now(), limits_of(wiring.settings)
    with wiring.database.read() as tx:
        principal, session = principal_by_session(
            tx, secret, at=at, lang=current().lang, limits=limits
        )
    if session is not None and sign_of_life_due(session, at=at):
        wiring.database.write(partial(note_life, session=session.id, at=at))
    return principal


def reviewing(wiring: Wiring, action: Action) -> Reviewer:
    """Who looks at the log, all events of which are placed; raises when the action is not theirs.

    Without a serving process nobody else places them.
    """
    principal = ensure(acting(wiring), action, wiring.policies.current)
    settle(wiring)
    return reviewer(principal, at=wiring.clock())


def _kept(wiring: Wiring) -> str | None:
    login = current().acting
    try:
        if login is None:
            login = session_file(wiring, "x").with_name("last").read_text().strip()
        return session_file(wiring, login.removeprefix("u:")).read_text().strip()
    except OSError:
        return None
