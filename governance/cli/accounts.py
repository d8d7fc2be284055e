"""`sekisho staff`, `client`, `customer`: who may sign in, and their one-time codes and keys."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from governance.cli.output import emit, line, say, table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from governance.app.wiring import Wiring
    from governance.http.principal import Principal

T = TypeVar("T")
Login = Annotated[str, typer.Argument(metavar="LOGIN", help=say("staff.login"))]
Name = Annotated[str, typer.Argument(metavar="NAME", help=say("client.name"))]

staff_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
client_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
customer_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """The commands of this module stand in the tree."""
    app.add_typer(staff_app, name="staff", help=say("staff.help"))
    app.add_typer(client_app, name="client", help=say("client.help"))
    app.add_typer(customer_app, name="customer", help=say("customer.help"))


def written(work: "Callable[[Connection, Wiring, Principal], T]") -> "tuple[T, str]":
    """What the work came to, done as who is signed in; and the address that people see."""
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal = acting(wiring)
        done = wiring.database.write(lambda tx: work(tx, wiring, principal))
        return done, wiring.settings.origin


def told(actor: str, code: str, origin: str) -> None:
    """The one-time code is shown, this once, with the link that carries it."""
    from governance.identity.rules import CODE_LIFE

    minutes = int(CODE_LIFE.total_seconds() // 60)
    link = f"{origin}/sign-in?code={code}"
    shape = {"actor": actor, "code": code, "link": link, "minutes": minutes}

    def words() -> None:
        line(say("accounts.code", actor=actor, minutes=minutes))
        line(f"  {code}")
        line(f"  {link}")

    emit(shape, words)


def sessions_ended(
    login: str, word: str, work: "Callable[[Connection, Wiring, Principal], int]"
) -> int:
    """The act is done, and it is told how many sessions of the account ended by it."""
    ended, _ = written(work)
    shape = {"actor": f"u:{login}", "sessions": ended}
    emit(shape, lambda: line(say(f"staff.{word}", login=login, sessions=ended)))
    return 0


def code_made(login: str, work: "Callable[[Connection, Wiring, Principal], str]") -> int:
    """The act is done, and the one-time code that it made is shown, this once."""
    code, origin = written(work)
    told(f"u:{login}", code, origin)
    return 0


@staff_app.command("add", help=say("staff.add"))
def staff_add(
    login: Login,
    name: Annotated[str, typer.Option("--name", help=say("staff.name"))],
    role: Annotated[list[str], typer.Option("--role", help=say("staff.role"))],
) -> int:
    """The account exists; its one-time code is shown once."""
    from governance.identity.accounts import NewStaff, add_staff

    new = NewStaff(login=login, display_name=name, roles=frozenset(role))
    return code_made(
        login, lambda tx, wiring, by: add_staff(tx, wiring.ports, by, new, at=wiring.clock())
    )


@staff_app.command("list", help=say("staff.list"))
def staff_list() -> int:
    """Every account with its roles and whether it may act."""
    from governance.cli.session import acting, opened
    from governance.identity.accounts import list_staff

    with opened() as wiring:
        principal = acting(wiring)
        with wiring.database.read() as tx:
            found = list_staff(tx, wiring.ports, principal)
    shape = [
        {
            "login": item.login,
            "name": item.display_name,
            "roles": sorted(item.roles),
            "state": item.state.value,
        }
        for item in found
    ]
    columns = tuple(say(f"accounts.column.{n}") for n in ("login", "name", "roles", "state"))
    rows = [
        (item.login, item.display_name, ", ".join(sorted(item.roles)), _state(item.state.value))
        for item in found
    ]
    emit(shape, lambda: table("", columns, rows))
    return 0


def _state(name: str) -> str:
    return say(f"accounts.state.{name}")


@staff_app.command("end", help=say("staff.end"))
def staff_end(login: Login) -> int:
    """The account acts no more, from now on."""
    from governance.identity.lifecycle import end_staff

    return sessions_ended(
        login,
        "ended",
        lambda tx, wiring, by: end_staff(tx, wiring.ports, by, login, at=wiring.clock()),
    )


@staff_app.command("code", help=say("staff.code"))
def staff_code(login: Login) -> int:
    """A fresh one-time code is shown once; earlier ones open nothing any more."""
    from governance.identity.accounts import staff_code as issue

    return code_made(
        login, lambda tx, wiring, by: issue(tx, wiring.ports, by, login, at=wiring.clock())
    )


@staff_app.command("mail", help=say("staff.mail"))
def staff_mail(
    login: Login,
    address: Annotated[
        str | None, typer.Argument(metavar="ADDRESS", help=say("staff.address"))
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help=say("staff.mail_remove"))] = False,
    lang: Annotated[str | None, typer.Option("--mail-lang", help=say("staff.mail_lang"))] = None,
) -> int:
    """The employee is told of assigned requests at this address, or by none."""
    from governance.cli.choices import one_of
    from governance.cli.errors import OptionsTogetherError
    from governance.core.terms import Lang
    from governance.identity.accounts import set_staff_mail

    if remove is (address is not None):
        raise OptionsTogetherError(options="ADDRESS | --remove")
    said = None if lang is None else one_of(Lang, lang, "--mail-lang")
    written(
        lambda tx, wiring, by: set_staff_mail(
            tx, wiring.ports, by, login, address, at=wiring.clock(), lang=said
        )
    )
    shape = {"actor": f"u:{login}", "mail": address is not None}
    emit(shape, lambda: line(say("staff.mail_removed" if remove else "staff.mail_set")))
    return 0


@staff_app.command("same", help=say("staff.same"))
def staff_same(
    login: Login,
    other: Annotated[str, typer.Argument(metavar="OTHER", help=say("staff.other"))],
) -> int:
    """Both accounts are of one person from now on: together they approve nothing."""
    from governance.identity.accounts import note_one_person

    written(
        lambda tx, wiring, by: note_one_person(
            tx, wiring.ports, by, login, other, at=wiring.clock()
        )
    )
    emit({"actors": [f"u:{login}", f"u:{other}"]}, lambda: line(say("staff.same_done")))
    return 0


@client_app.command("add", help=say("client.add"))
def client_add(
    name: Name,
    role: Annotated[str, typer.Option("--role", help=say("client.role"))],
    purpose: Annotated[
        list[str] | None, typer.Option("--purpose", help=say("client.purpose"))
    ] = None,
) -> int:
    """The system may ask; its key is shown once."""
    from governance.core.terms import PurposeId
    from governance.identity.accounts import NewClient, add_client

    purposes = frozenset(PurposeId(item) for item in purpose or [])
    new = NewClient(name=name, role=role, purposes=purposes)
    (client, key), _ = written(
        lambda tx, wiring, by: add_client(tx, wiring.ports, by, new, at=wiring.clock())
    )
    shape = {
        "actor": client.id,
        "role": role,
        "purposes": sorted(client.purposes),
        "key": key,
    }

    def words() -> None:
        line(say("client.key", actor=client.id))
        line(f"  {key}")

    emit(shape, words)
    return 0


@client_app.command("list", help=say("client.list"))
def client_list() -> int:
    """Every system with its role and its purposes; never a key."""
    from governance.cli.session import acting, opened
    from governance.identity.accounts import list_clients

    with opened() as wiring:
        principal = acting(wiring)
        with wiring.database.read() as tx:
            found = list_clients(tx, wiring.ports, principal)
    shape = [
        {
            "name": item.name,
            "roles": sorted(item.roles),
            "purposes": sorted(item.purposes),
            "state": item.state.value,
        }
        for item in found
    ]
    columns = tuple(say(f"accounts.column.{n}") for n in ("login", "roles", "purposes", "state"))
    rows = [
        (
            item.name,
            ", ".join(sorted(item.roles)),
            ", ".join(sorted(item.purposes)),
            _state(item.state.value),
        )
        for item in found
    ]
    emit(shape, lambda: table("", columns, rows))
    return 0


@client_app.command("revoke", help=say("client.revoke"))
def client_revoke(name: Name) -> int:
    """The system's key opens nothing any more."""
    from governance.identity.accounts import revoke_client

    actor, _ = written(
        lambda tx, wiring, by: revoke_client(tx, wiring.ports, by, name, at=wiring.clock())
    )
    emit({"actor": actor}, lambda: line(say("client.revoked", actor=actor)))
    return 0


@customer_app.command("code", help=say("customer.code"))
def customer_code(
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help=say("check.subject"))],
) -> int:
    """A one-time sign-in to the customer's own pages is shown once."""
    from governance.core.terms import SubjectId
    from governance.identity.accounts import customer_code as issue

    person = SubjectId(subject)
    code, origin = written(
        lambda tx, wiring, by: issue(tx, wiring.ports, by, person, at=wiring.clock())
    )
    told(f"p:{subject}", code, origin)
    return 0
