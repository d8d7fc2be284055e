"""`sekisho login`: a session for the command line, by code or password and a second factor."""

from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.output import emit, line, say

if TYPE_CHECKING:
    from governance.app.wiring import Wiring
    from governance.identity.credentials.types import Opened, Pending


def register(app: typer.Typer) -> None:
    """The commands of this module stand in the tree."""
    app.command("login", help=say("login.help"))(login)


def login(
    code: Annotated[str | None, typer.Option("--code", help=say("login.code"))] = None,
    name: Annotated[str | None, typer.Option("--login", help=say("login.name"))] = None,
    second: Annotated[str | None, typer.Option("--second", help=say("login.second"))] = None,
) -> int:
    """A session is kept for this operating-system user; later commands act as its owner."""
    from governance.app.staff import signed_in
    from governance.cli.errors import OptionsTogetherError
    from governance.cli.session import opened, os_user, remember

    if code is not None and name is not None:
        raise OptionsTogetherError(options="--code, --login")
    secret = code if name is None else typer.prompt(say("login.password"), hide_input=True)
    secret = secret or typer.prompt(say("login.prompt"), hide_input=True)
    with opened(restoring=True) as wiring:  # who declares a restore signs in first
        found = _first(wiring, name, secret)
        done = _enrolled(wiring, _second(wiring, found, second))
        session = done.session
        signed_in(wiring, session, os_user=os_user())
        remember(wiring, session.actor.partition(":")[2], done.secret)
    emit({"actor": session.actor}, lambda: line(say("login.done", actor=session.actor)))
    return 0


def _first(wiring: "Wiring", name: str | None, secret: str) -> "Opened | Pending":
    from governance.identity.credentials.entering import enter_by_code, enter_by_password
    from governance.identity.credentials.hashing import Hasher
    from governance.identity.credentials.terms import cost_of, terms_of
    from governance.identity.credentials.types import Caller
    from governance.identity.types import Place

    settings, at, place = wiring.settings, wiring.clock(), Place.COMMAND_LINE
    terms = terms_of(settings, settings.origin)
    if name is None:
        return enter_by_code(wiring.ports, terms, secret, Caller(), at=at, place=place)
    hasher = Hasher(cost_of(settings))
    return enter_by_password(
        wiring.ports, hasher, terms, name, secret, Caller(), at=at, place=place
    )


def _second(wiring: "Wiring", found: "Opened | Pending", typed: str | None) -> "Opened":
    from governance.identity.credentials.entering import enter_by_second
    from governance.identity.credentials.terms import terms_of
    from governance.identity.credentials.types import Caller, Opened
    from governance.identity.types import Place

    if isinstance(found, Opened):
        return found
    code = typed or typer.prompt(say("login.second_prompt"))
    terms = terms_of(wiring.settings, wiring.settings.origin)
    return enter_by_second(
        wiring.ports,
        terms,
        found.secret,
        code,
        Caller(),
        at=wiring.clock(),
        place=Place.COMMAND_LINE,
    )


def _enrolled(wiring: "Wiring", opened: "Opened") -> "Opened":
    """The session itself, or the whole one after an application was set up here."""
    import sys

    from governance.core.terms import Lang
    from governance.identity.credentials import second, totp
    from governance.identity.credentials.terms import terms_of
    from governance.identity.credentials.types import Opened as Whole
    from governance.identity.errors import SecondFactorMissingError, SignInRefusedError
    from governance.identity.service import principal_by_session
    from governance.identity.types import Level

    if opened.session.level is not Level.ENROLLING:
        return opened
    if not sys.stdin.isatty():
        raise SecondFactorMissingError  # fails closed: nobody is there to set one up
    at, terms = wiring.clock(), terms_of(wiring.settings, wiring.settings.origin)
    with wiring.database.read() as tx:
        who, _ = principal_by_session(tx, opened.secret, at=at, lang=Lang.JA)
    second.offer_totp(wiring.ports, who)
    with wiring.database.read() as tx:
        address = second.offered_totp(tx, wiring.ports, terms, who)
    if address is None:
        raise SignInRefusedError
    line(say("login.enrol"))
    line(f"  {address}")
    line(f"  {totp.secret_of(address)}")
    typed = typer.prompt(say("login.second_prompt"))
    renewed = second.confirm_totp(wiring.ports, terms, who, typed, at=wiring.clock())
    if renewed is None:
        raise SignInRefusedError
    return Whole(session=renewed.session, secret=renewed.secret)
