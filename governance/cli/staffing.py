"""`sekisho staff`: joiner, mover and leaver, lost credentials, and sessions of others."""

from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.accounts import Login, code_made, sessions_ended, written
from governance.cli.output import emit, line, say, table, when

if TYPE_CHECKING:
    from governance.identity.types import Session

Role = Annotated[list[str], typer.Option("--role", help=say("staff.role"))]


app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("invite", help=say("staff.invite"))
def staff_invite(
    login: Login,
    name: Annotated[str | None, typer.Option("--name", help=say("staff.name"))] = None,
    role: Annotated[list[str] | None, typer.Option("--role", help=say("staff.role"))] = None,
    mail: Annotated[str | None, typer.Option("--mail", help=say("staff.address"))] = None,
) -> int:
    """A mail with a one-time link is on its way; with the options, to a new account."""
    from governance.cli.errors import OptionsTogetherError
    from governance.cli.invocation import current
    from governance.identity.accounts import NewStaff
    from governance.identity.lifecycle import invite, send_invitation

    lang = current().lang
    given = [bool(name), bool(role), bool(mail)]
    if any(given) and not all(given):
        raise OptionsTogetherError(options="--name, --role, --mail")
    if name and role and mail:
        new = NewStaff(login=login, display_name=name, roles=frozenset(role))
        address = mail
        written(
            lambda tx, wiring, by: invite(
                tx,
                wiring.ports,
                by,
                new,
                address,
                origin=wiring.settings.origin,
                lang=lang,
                at=wiring.clock(),
            )
        )
    else:
        written(
            lambda tx, wiring, by: send_invitation(
                tx,
                wiring.ports,
                by,
                login,
                origin=wiring.settings.origin,
                lang=lang,
                at=wiring.clock(),
            )
        )
    emit({"actor": f"u:{login}", "invited": True}, lambda: line(say("staff.invited", login=login)))
    return 0


@app.command("roles", help=say("staff.roles"))
def staff_roles(login: Login, role: Role) -> int:
    """Exactly these roles are held; the sessions until now have ended."""
    from governance.identity.lifecycle import set_roles

    ended, _ = written(
        lambda tx, wiring, by: set_roles(tx, wiring.ports, by, login, role, at=wiring.clock())
    )
    shape = {"actor": f"u:{login}", "roles": sorted(set(role)), "sessions": ended}
    emit(shape, lambda: line(say("staff.roles_set", login=login, sessions=ended)))
    return 0


@app.command("suspend", help=say("staff.suspend"))
def staff_suspend(login: Login) -> int:
    """The account does not act until it is resumed."""
    from governance.identity.lifecycle import suspend

    return sessions_ended(
        login,
        "suspended",
        lambda tx, wiring, by: suspend(tx, wiring.ports, by, login, at=wiring.clock()),
    )


@app.command("resume", help=say("staff.resume"))
def staff_resume(login: Login) -> int:
    """The account acts again."""
    from governance.identity.lifecycle import resume

    written(lambda tx, wiring, by: resume(tx, wiring.ports, by, login, at=wiring.clock()))
    emit({"actor": f"u:{login}"}, lambda: line(say("staff.resumed", login=login)))
    return 0


@app.command("reset", help=say("staff.reset"))
def staff_reset(
    login: Login, seen: Annotated[str, typer.Option("--seen", help=say("staff.seen"))]
) -> int:
    """Password and second factors are gone; a one-time code is shown once."""
    from governance.cli.choices import one_of
    from governance.identity.lifecycle import Seen, reset

    how = one_of(Seen, seen, "--seen")
    return code_made(
        login,
        lambda tx, wiring, by: reset(tx, wiring.ports, by, login, seen=how, at=wiring.clock()),
    )


@app.command("sessions", help=say("staff.sessions"))
def staff_sessions(login: Login) -> int:
    """Where the account is signed in; never a secret."""
    from governance.cli.session import acting, opened
    from governance.identity.lifecycle import sessions_of

    with opened() as wiring:
        principal = acting(wiring)
        with wiring.database.read() as tx:
            found = sessions_of(tx, wiring.ports, principal, login, at=wiring.clock())
    shape = [
        {
            "id": one.id,
            "begun": one.created_at.isoformat(),
            "seen": (one.seen_at or one.created_at).isoformat(),
            "place": one.place.value,
            "network": one.network,
            "level": one.level.value,
        }
        for one in found
    ]
    emit(shape, lambda: _sessions(found))
    return 0


def _sessions(found: "tuple[Session, ...]") -> None:

    columns = tuple(say(f"staff.session.{name}") for name in ("begun", "seen", "place", "network"))
    rows = [
        (
            when(one.created_at),
            when(one.seen_at or one.created_at),
            say(f"staff.place.{one.place.value}"),
            one.network or "-",
        )
        for one in found
    ]
    table("", columns, rows)


@app.command("sign-out", help=say("staff.sign_out"))
def staff_sign_out(login: Login) -> int:
    """Every session of the account has ended; it may sign in again."""
    from governance.identity.lifecycle import end_sessions

    return sessions_ended(
        login,
        "signed_out",
        lambda tx, wiring, by: end_sessions(tx, wiring.ports, by, login, at=wiring.clock()),
    )
