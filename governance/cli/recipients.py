"""`sekisho recipients`: the register of recipients and processors, and what it still lacks."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from governance.app.wiring import Wiring
    from governance.customers.ports import Ports
    from governance.http.principal import Principal
    from governance.registers.service import Listed, Shown
    from governance.registers.types import Hook, Recipient

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
T = TypeVar("T")
DAYS = ["%Y-%m-%d"]
Key = Annotated[str, typer.Argument(metavar="KEY", help=say("recipients.key"))]
Set = Annotated[list[str], typer.Option("--set", metavar="NAME=VALUE", help=say("recipients.set"))]


@app.command("list", help=say("recipients.list"))
def list_(
    missing: Annotated[bool, typer.Option("--missing", help=say("recipients.missing"))] = False,
) -> int:
    """Every recipient, or those of which something is missing; 1 when something is."""
    from governance.gateway.api.recipients import listed_json
    from governance.registers import service

    found = _looked(lambda tx, ports, by, at: service.listing(tx, ports, by, at=at))
    shown = [one for one in found if one.missing or not missing]
    emit([listed_json(one) for one in shown], lambda: _table(shown))
    return 1 if missing and shown else 0


@app.command("show", help=say("recipients.show"))
def show(key: Key) -> int:
    """One recipient with contacts, checks and versions; 1 when something is missing."""
    from governance.gateway.api.recipients import shown_json
    from governance.registers import service

    found = _looked(lambda tx, ports, by, at: service.show(tx, ports, by, key, at=at))
    emit(shown_json(found), lambda: _told(found))
    return 1 if found.listed.missing else 0


@app.command("add", help=say("recipients.add"))
def add(key: Key, given: Set) -> int:
    """The recipient is in the register."""
    from governance.registers import service

    facts = _members(given)
    return _changed(lambda tx, ports, by, at: service.enter(tx, ports, by, key, facts, at=at))


@app.command("change", help=say("recipients.change"))
def change(
    key: Key,
    given: Set,
    version: Annotated[int, typer.Option("--version", help=say("recipients.version"))],
) -> int:
    """The recipient has the new members."""
    from governance.registers import service

    facts = _members(given)
    return _changed(
        lambda tx, ports, by, at: service.change(tx, ports, by, key, facts, version=version, at=at)
    )


@app.command("check", help=say("recipients.check"))
def check(
    key: Key,
    kind: Annotated[str, typer.Option("--kind", help=say("recipients.kind"))],
    method: Annotated[str, typer.Option("--method", help=say("recipients.method"))],
    outcome: Annotated[str, typer.Option("--outcome", help=say("recipients.outcome"))],
    on: Annotated[datetime, typer.Option("--on", formats=DAYS, help=say("recipients.on"))],
    due: Annotated[
        datetime | None, typer.Option("--next", formats=DAYS, help=say("recipients.next"))
    ] = None,
) -> int:
    """A look at the recipient is on file; its findings come from standard input."""
    import sys

    from governance.cli.choices import one_of
    from governance.registers import service
    from governance.registers.service import NewCheck
    from governance.registers.types import CheckKind, CheckMethod, CheckOutcome

    new = NewCheck(
        kind=one_of(CheckKind, kind, "--kind"),
        method=one_of(CheckMethod, method, "--method"),
        outcome=one_of(CheckOutcome, outcome, "--outcome"),
        checked_on=on.date(),
        next_due=due.date() if due else None,
        findings="" if sys.stdin.isatty() else sys.stdin.read().strip(),
    )
    return _changed(lambda tx, ports, by, at: service.note_check(tx, ports, by, key, new, at=at))


@app.command("subprocessor", help=say("recipients.subprocessor"))
def subprocessor(
    key: Key,
    name: Annotated[str, typer.Argument(metavar="NAME", help=say("recipients.sub_name"))],
    country: Annotated[
        str | None, typer.Option("--country", help=say("recipients.country"))
    ] = None,
    service_: Annotated[str | None, typer.Option("--service", help=say("recipients.work"))] = None,
    approved: Annotated[
        datetime | None, typer.Option("--approved", formats=DAYS, help=say("recipients.approved"))
    ] = None,
    ended: Annotated[
        datetime | None, typer.Option("--ended", formats=DAYS, help=say("recipients.ended"))
    ] = None,
) -> int:
    """Who works for the recipient is on file, or does so no more."""
    from governance.core.ids import new_row_id
    from governance.registers import service
    from governance.registers.types import Subprocessor

    new = Subprocessor(
        id=new_row_id(),
        name=name,
        country=country,
        service=service_,
        approved_on=approved.date() if approved else None,
        ended_on=ended.date() if ended else None,
    )

    def work(tx: "Connection", ports: "Ports", by: "Principal", at: datetime) -> "Recipient":
        service.name_subprocessor(tx, ports, by, key, new, at=at)
        return service.known(tx, key)

    return _changed(work)


@app.command("webhook", help=say("recipients.webhook"))
def webhook(
    key: Key,
    url: Annotated[str | None, typer.Option("--url", help=say("recipients.hook_url"))] = None,
    secret_file: Annotated[
        Path | None, typer.Option("--secret-file", help=say("recipients.hook_secret"))
    ] = None,
    rotate: Annotated[bool, typer.Option("--rotate", help=say("recipients.hook_rotate"))] = False,
    settle: Annotated[bool, typer.Option("--settle", help=say("recipients.hook_settle"))] = False,
    remove: Annotated[bool, typer.Option("--remove", help=say("recipients.hook_remove"))] = False,
) -> int:
    """Where the recipient is told of erasures and corrections; a new secret is shown this once."""
    from governance.cli.errors import OptionsTogetherError
    from governance.registers import hooks

    if (url is not None) + rotate + settle + remove > 1:
        raise OptionsTogetherError(options="--url | --rotate | --settle | --remove")
    if remove:
        _written(lambda tx, w, by, at: hooks.remove_hook(tx, w.ports, by, key, at=at))
        emit({"url": None}, lambda: line(say("recipients.hook_removed")))
        return 0
    if settle:
        settled = _written(lambda tx, w, by, at: hooks.settle_hook(tx, w.ports, by, key, at=at))
        emit(settled.as_json(), lambda: line(say("webhook.settled")))
        return 0
    if url is None and not rotate:
        found = _looked(lambda tx, ports, by, _at: hooks.hook_for(tx, ports, by, key))
        shape = {"url": None, "secrets": 0} if found is None else found.as_json()
        emit(shape, lambda: line(found.url if found else say("recipients.hook_none")))
        return 0
    return _hook_told(_hooked(key, url, secret_file), shown=secret_file is None)


def _hook_told(hook: "Hook", *, shown: bool) -> int:
    """The secret is shown this once, unless whoever set it brought it."""

    def words() -> None:
        line(say("recipients.hook_set"))
        if shown:
            line(f"secret: {hook.secret}")
            line(say("webhook.once"))

    emit(hook.as_json() | ({"secret": hook.secret} if shown else {}), words)
    return 0


def _hooked(key: str, url: str | None, secret_file: Path | None) -> "Hook":
    """The webhook as it is from now on; without an address its secret alone changes."""
    from governance.crypto.secret_refs import read_secret
    from governance.outbound.egress import egress_of
    from governance.registers import hooks

    given = read_secret(f"file:{secret_file}").decode().strip() if secret_file else None

    def work(tx: "Connection", wiring: "Wiring", by: "Principal", at: datetime) -> "Hook":
        if url is None:
            return hooks.rotate_hook(tx, wiring.ports, by, key, secret=given, at=at)
        reach = egress_of(wiring.settings)
        return hooks.set_hook(tx, wiring.ports, by, key, url=url, secret=given, egress=reach, at=at)

    return _written(work)


def _members(given: list[str]) -> dict[str, object]:
    """NAME=VALUE pairs; an empty value empties the member."""
    from governance.registers.errors import RecipientFieldError

    found: dict[str, object] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier() or name in found:
            raise RecipientFieldError(field=name if name.isidentifier() else "?")
        found[name] = value
    return found


def _looked(work: "Callable[[Connection, Ports, Principal, datetime], T]") -> T:
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal = acting(wiring)
        with wiring.database.read() as tx:
            return work(tx, wiring.ports, principal, wiring.clock())


def _written(work: "Callable[[Connection, Wiring, Principal, datetime], T]") -> T:
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal = acting(wiring)
        return wiring.database.write(lambda tx: work(tx, wiring, principal, wiring.clock()))


def _changed(work: "Callable[[Connection, Ports, Principal, datetime], Recipient]") -> int:
    made = _written(lambda tx, wiring, by, at: work(tx, wiring.ports, by, at))
    shape = {"recipient": made.reference, "version": made.version}
    emit(shape, lambda: line(say("recipients.written", **shape)))
    return 0


def _table(found: "list[Listed]") -> None:
    columns = tuple(
        say(f"recipients.column.{name}")
        for name in ("recipient", "name", "country", "until", "missing")
    )
    rows = [
        (
            one.recipient.reference,
            one.recipient.name,
            one.recipient.country or "-",
            _until(one.recipient),
            ", ".join(missing_words(one.missing)) or "-",
        )
        for one in found
    ]
    table("", columns, rows)


def _until(recipient: "Recipient") -> str:
    ends = recipient.ended_on or recipient.expires_on
    renews = recipient.auto_renewal and recipient.ended_on is None
    return "-" if ends is None else f"{ends}{'+' if renews else ''}"


def missing_words(codes: "tuple[str, ...]") -> list[str]:
    """What is missing, in the language of this run."""
    from governance.i18n.catalogue import text

    return [text(f"registers.missing.{code}", current().lang) for code in codes]


def _told(found: "Shown") -> None:
    from governance.registers.store import facts_of

    facts: dict[str, Any] = facts_of(found.listed.recipient)
    rows = [
        (name, ", ".join(value) if isinstance(value, tuple) else str(value))
        for name, value in facts.items()
        if value not in (None, "", ())
    ]
    persons = (
        ("contact_name", found.contact.contact_name),
        ("contact_email", found.contact.contact_email),
        ("representative", found.contact.representative),
    )
    rows += [(name, value) for name, value in persons if value]
    table("", (say("recipients.column.member"), say("recipients.column.value")), rows)
    for one, said in found.checks:
        line(f"{one.checked_on}  {one.kind.value}  {one.outcome.value}  {said}".rstrip())
    for sub in found.listed.subprocessors:
        line(say("recipients.sub", name=sub.name, country=sub.country or "-"))
    for words in missing_words(found.listed.missing):
        line(f"! {words}")
