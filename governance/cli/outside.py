"""`sekisho connectors my-number` and `purged`: what ended here and not yet in connected systems."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table, when
from governance.i18n.catalogue import text

if TYPE_CHECKING:
    from retention.parts.outside import OutsideEnd

MOST = 1_000  # persons that are listed
COLUMNS = ("id", "person", "asked", "where", "state", "code")
Connector = Annotated[str, typer.Option("--connector", help=say("connectors.my_number_system"))]
Done = Annotated[
    str | None, typer.Option("--done", metavar="ID", help=say("connectors.my_number_done"))
]


def my_number(*, done: Done = None, connector: Connector = "") -> int:
    """Whose My Number data waits to end in a connected system; with `--done` one by hand ended."""
    from dsar.connected.my_number import done_by_hand
    from governance.cli.session import acting, opened
    from governance.core.terms import RowId
    from policies.actions import Action
    from policies.api import ensure
    from retention.parts.outside import waiting

    with opened() as wiring:
        by = ensure(acting(wiring), Action.RETENTION_READ, wiring.policies.current)
        if done is not None:
            done_by_hand(wiring.ports, by, RowId(done), connector, at=wiring.clock())
        with wiring.database.read() as tx:
            found = waiting(tx, limit=MOST)
    _tell(found)
    return 0


def purged(
    *,
    done: Done = None,
    show: Annotated[
        str | None, typer.Option("--show", metavar="ID", help=say("connectors.purged_show"))
    ] = None,
    connector: Connector = "",
) -> int:
    """Whom a purge erased here and not yet every connected system; `--done` one by hand ended."""
    from dsar.connected.purged import done_by_hand, known_by
    from governance.cli.session import acting, opened
    from governance.core.terms import RowId
    from policies.actions import Action
    from policies.api import ensure
    from retention.outside import PERSON
    from retention.parts.outside import waiting

    with opened() as wiring:
        by = ensure(acting(wiring), Action.RETENTION_READ, wiring.policies.current)
        if show is not None:
            keys = known_by(wiring.ports, by, RowId(show), connector, at=wiring.clock())
            named = {"customer": keys.customers, "email": keys.emails, "phone": keys.phones}
            _known(named)
            return 0
        if done is not None:
            done_by_hand(wiring.ports, by, RowId(done), connector, at=wiring.clock())
        with wiring.database.read() as tx:
            found = waiting(tx, limit=MOST, table=PERSON)
    _tell(found)
    return 0


def _known(named: dict[str, tuple[str, ...]]) -> None:
    """By what the person is found there; the log tells who asked."""

    def words() -> None:
        for kind, values in named.items():
            line(f"{say(f'connectors.purged_{kind}')}: {', '.join(values) or '-'}")

    emit({kind: list(values) for kind, values in named.items()}, words)


def _tell(found: Sequence["OutsideEnd"]) -> None:
    lang = current().lang
    rows = [
        (
            one.id,
            one.subject,
            when(one.asked_at),
            name,
            say(f"connectors.outside.{answer.state}"),
            text(f"connectors.reason.{answer.code}", lang) if answer.code else "",
        )
        for one in found
        for name, answer in one.answers.items()
    ]
    shape = [
        {
            "id": one.id,
            "person": one.subject,
            "asked_at": one.asked_at.isoformat(),
            "answers": {
                name: {"state": a.state, "rows": a.rows, "code": a.code}
                for name, a in one.answers.items()
            },
        }
        for one in found
    ]

    def words() -> None:
        line(say("connectors.my_number_waiting", count=len(found)))
        if rows:
            table("", tuple(say(f"connectors.my_number_{one}") for one in COLUMNS), rows)

    emit(shape, words)
