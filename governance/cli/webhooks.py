"""`sekisho webhook`: who is told of what, and what became of each message."""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from governance.cli.output import emit, line, say, table, when

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from governance.app.wiring import Wiring
    from governance.http.principal import Principal

    Work = Callable[[Connection, Wiring, Principal, datetime], Any]

MOMENTS: Final = frozenset({"failing_since", "tried_at", "next_at"})

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Which = Annotated[str, typer.Argument(metavar="ID", help=say("webhook.id"))]


@app.command("add", help=say("webhook.add"))
def add(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help=say("webhook.client"))],
    url: Annotated[str, typer.Argument(metavar="URL", help=say("webhook.url"))],
    types: Annotated[list[str] | None, typer.Option("--type", help=say("webhook.type"))] = None,
    ed25519: Annotated[bool, typer.Option("--ed25519", help=say("webhook.ed25519"))] = False,
) -> int:
    """The system is told from now on; its secret is shown this once."""
    from governance.app.webhooks import service
    from governance.app.webhooks.types import WebhookType
    from governance.cli.choices import one_of

    named = types or [WebhookType.CONSENT_CHANGED.value]
    wanted = [one_of(WebhookType, name, "--type") for name in named]

    def work(tx: "Connection", wiring: "Wiring", by: "Principal", at: "datetime") -> Any:
        return service.add(
            tx, wiring, by, client=client, url=url, types=wanted, ed25519=ed25519, at=at
        )

    shape = _written(work).as_json()

    def words() -> None:
        line(say("webhook.added", id=shape["id"]))
        line(f"secret: {shape['secret']}")
        if "public_key" in shape:
            line(f"public_key: {shape['public_key']}")
        line(say("webhook.once"))

    emit(shape, words)
    return 0


@app.command("list", help=say("webhook.list"))
def list_() -> int:
    """Every subscription, without its secrets."""
    from governance.app.webhooks import service
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        ensure(acting(wiring), Action.CLIENT_READ, wiring.policies.current)
        with wiring.database.read() as tx:
            found = service.listed(tx, wiring)
    shapes = [hook.as_json() for hook in found]
    names = ("id", "client", "url", "types", "state", "failing_since")

    def words() -> None:
        rows = [tuple(_cell(name, shape[name]) for name in names) for shape in shapes]
        table("", [say(f"webhook.column.{name}") for name in names], rows)

    emit(shapes, words)
    return 0


@app.command("test", help=say("webhook.test"))
def test(which: Which) -> int:
    """A test message is on its way."""
    from governance.app.webhooks import service

    message = _written(lambda tx, w, by, at: service.test(tx, w, by, which, at=at))
    emit({"id": message}, lambda: line(say("webhook.on_its_way", id=message)))
    return 0


@app.command("log", help=say("webhook.log"))
def log(
    which: Annotated[str | None, typer.Argument(metavar="ID", help=say("webhook.id"))] = None,
    state: Annotated[str | None, typer.Option("--state", help=say("webhook.state"))] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=10_000, help=say("webhook.limit"))
    ] = 100,
) -> int:
    """What became of the messages, the newest first."""
    from governance.app.webhooks import store
    from governance.app.webhooks.types import DeliveryState
    from governance.cli.choices import one_of
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure

    asked = one_of(DeliveryState, state, "--state")
    states = tuple(DeliveryState) if asked is None else (asked,)
    with opened() as wiring:
        ensure(acting(wiring), Action.CLIENT_READ, wiring.policies.current)
        with wiring.database.read() as tx:
            hook = None if which is None else store.one(tx, wiring.vault, which).id
            found = store.deliveries(tx, webhook=hook, states=states, limit=limit)
    shapes = [told.as_json() for told in found]
    names = ("id", "type", "state", "attempts", "answer", "tried_at", "next_at")

    def words() -> None:
        rows = [tuple(_cell(name, shape[name]) for name in names) for shape in shapes]
        table("", [say(f"webhook.column.{name}") for name in names], rows)

    emit(shapes, words)
    return 0


@app.command("resend", help=say("webhook.resend"))
def resend(
    which: Annotated[str, typer.Argument(metavar="ID", help=say("webhook.resend_id"))],
) -> int:
    """One message, or all of a subscription that were given up, are on their way again."""
    from governance.app.webhooks import service

    def work(tx: "Connection", wiring: "Wiring", by: "Principal", at: "datetime") -> int:
        if which.startswith("msg_"):
            service.resend(tx, wiring, by, which, at=at)
            return 1
        return service.resend_failed(tx, wiring, by, which, at=at)

    count = _written(work)
    emit({"resent": count}, lambda: line(say("webhook.resent", count=count)))
    return 0


@app.command("rotate", help=say("webhook.rotate"))
def rotate(
    which: Which,
    settle: Annotated[bool, typer.Option("--settle", help=say("webhook.settle"))] = False,
) -> int:
    """A new secret beside the older one; with --settle the older one signs no more."""
    from governance.app.webhooks import service

    if settle:
        kept = _written(lambda tx, w, by, at: service.settle(tx, w, by, which, at=at))
        emit(kept.as_json(), lambda: line(say("webhook.settled")))
        return 0
    shape = _written(lambda tx, w, by, at: service.rotate(tx, w, by, which, at=at)).as_json()

    def words() -> None:
        line(f"secret: {shape['secret']}")
        line(say("webhook.once"))

    emit(shape, words)
    return 0


@app.command("enable", help=say("webhook.enable"))
def enable(which: Which) -> int:
    """A disabled subscription is served again, from where it stopped."""
    from governance.app.webhooks import service

    hook = _written(lambda tx, w, by, at: service.enable(tx, w, by, which, at=at))
    emit(hook.as_json(), lambda: line(say("webhook.enabled")))
    return 0


@app.command("remove", help=say("webhook.remove"))
def remove(which: Which) -> int:
    """The address is told nothing more, and its secrets are gone."""
    from governance.app.webhooks import service

    _written(lambda tx, w, by, at: service.remove(tx, w, by, which, at=at))
    emit({"removed": which}, lambda: line(say("webhook.removed")))
    return 0


def _written(work: "Work") -> Any:
    """What the use case stored, for whoever may change the accounts of systems."""
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        by = ensure(acting(wiring), Action.CLIENT_WRITE, wiring.policies.current)
        at = wiring.clock()
        return wiring.database.write(lambda tx: work(tx, wiring, by, at))


def _cell(name: str, value: object) -> str:
    if name in MOMENTS:
        return "" if value is None else when(str(value))
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else str(value)
