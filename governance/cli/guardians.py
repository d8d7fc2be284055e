"""`sekisho guardian`: parents and guardians, recorded by one person and confirmed by another."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.accounts import written
from governance.cli.output import emit, line, say, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from governance.app.wiring import Wiring
    from governance.core.terms import RowId
    from governance.customers.store import Record
    from governance.gateway.around.types import Stored
    from governance.gateway.guardianship import Standing
    from governance.http.principal import Principal

    Found = tuple[tuple[Record, Standing], ...]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Person = Annotated[str, typer.Argument(metavar="SUBJECT", help=say("guardian.subject"))]
Row = Annotated[str, typer.Argument(metavar="ROW", help=say("guardian.row"))]


@app.command("record", help=say("guardian.record"))
def record(
    subject: Person,
    other: Annotated[str, typer.Option("--by", help=say("guardian.by"))],
    proof: Annotated[str, typer.Option("--proof", help=say("guardian.proof"))],
    seen_on: Annotated[str, typer.Option("--seen-on", help=say("guardian.seen_on"))],
    kind: Annotated[str, typer.Option("--kind", help=say("guardian.kind"))] = "parent",
) -> int:
    """The right waits for a second person: exit 1 with `approval_required`."""
    values: dict[str, str | bool] = {
        "kind": kind,
        "other_subject_id": other,
        "verified_how": proof,
        "verified_on": seen_on,
        "until_majority": True,
    }
    stored = _put(subject, values)
    shape = {"approval_required": stored.approval, "row": stored.row}
    emit(shape, lambda: line(say("guardian.recorded", row=stored.row, id=stored.approval or "-")))
    return 0 if stored.approval is None else 1


@app.command("end", help=say("guardian.end"))
def end(
    subject: Person,
    row: Row,
    last: Annotated[str, typer.Option("--last", help=say("guardian.last"))],
    version: Annotated[int, typer.Option("--version", help=say("guardian.version"))],
) -> int:
    """The right ends with this day; one person is enough for that."""
    stored = _put(subject, {"valid_to": last}, row=row, version=version)
    emit({"row": stored.row, "valid_to": last}, lambda: line(say("guardian.ended", day=last)))
    return 0


def _put(
    subject: str, values: "Mapping[str, str | bool]", *, row: str = "", version: int | None = None
) -> "Stored":
    from governance.cli.session import acting, opened
    from governance.core.terms import RowId, SubjectId
    from governance.gateway.around.types import Entry
    from governance.gateway.around.writing import put
    from governance.gateway.guardianship import PURPOSES

    entry = Entry(
        table="relation",
        subject=SubjectId(subject),
        values=values,
        purpose=PURPOSES[0],
        row=RowId(row) if row else None,
        version=version,
    )
    with opened() as wiring:
        return put(wiring.ports, acting(wiring), entry, at=wiring.clock())


@app.command("list", help=say("guardian.list"))
def list_(
    subject: Annotated[
        str, typer.Argument(metavar="[SUBJECT]", help=say("guardian.list_subject"))
    ] = "",
) -> int:
    """Who may act for the person; without a person, everybody who waits for a second one."""
    found, _ = written(partial(_of_person, subject=subject) if subject else _waiting)
    shape = [
        {
            "subject": record.subject,
            "row": one.row,
            "version": record.clear["version"],
            "second": one.second.value,
            "approval": one.approval.id if one.approval is not None else None,
        }
        for record, one in found
    ]
    emit(shape, lambda: _table(found))
    return 0


def _of_person(tx: "Connection", wiring: "Wiring", by: "Principal", *, subject: str) -> "Found":
    from governance.core.terms import SubjectId
    from governance.customers.store import records_of
    from governance.gateway.guardianship import known_right, standings

    person = SubjectId(subject)
    rows = records_of(tx, person, "relation")
    known = [known_right(tx, wiring.ports, by, person, one.id) for one in rows]
    found = standings(tx, known, at=wiring.clock())
    return tuple((one, found[one.id]) for one in known)


def _waiting(tx: "Connection", wiring: "Wiring", by: "Principal") -> "Found":
    from governance.gateway.guardians_waiting import waiting
    from policies.actions import Action
    from policies.api import ensure

    ensure(by, Action.PERSON_READ, wiring.ports.policies.current)
    return waiting(tx, wiring.ports, by, at=wiring.clock())


def _table(found: "Found") -> None:
    names = ("subject", "row", "version", "second", "approval")
    heads = [say(f"guardian.head.{name}") for name in names]
    lines = [
        [
            str(record.subject),
            str(one.row),
            str(record.clear["version"]),
            say(f"guardian.second.{one.second}"),
            str(one.approval.id) if one.approval is not None else "-",
        ]
        for record, one in found
    ]
    table("", heads, lines)


@app.command("ask", help=say("guardian.ask"))
def ask(subject: Person, row: Row) -> int:
    """The right waits for a second person, anew: exit 1 with `approval_required`."""
    from governance.core.terms import RowId, SubjectId
    from governance.gateway.guardianship import ask_again, known_right

    def work(tx: "Connection", wiring: "Wiring", by: "Principal") -> str:
        found = known_right(tx, wiring.ports, by, SubjectId(subject), RowId(row))
        return ask_again(tx, wiring.ports, by, found.id, at=wiring.clock()).id

    approval, _ = written(work)
    emit({"approval_required": approval}, lambda: line(say("guardian.asked", id=approval)))
    return 1


@app.command("refuse", help=say("guardian.refuse"))
def refuse(
    subject: Person,
    row: Row,
    approval: Annotated[str, typer.Argument(metavar="ID", help=say("approve.id"))],
) -> int:
    """The request has ended without effect; `sekisho approve ID` is the other answer."""
    from governance.approvals.types import ApprovalId
    from governance.core.terms import RowId, SubjectId
    from governance.gateway.guardianship import answer_second, known_right

    def work(tx: "Connection", wiring: "Wiring", by: "Principal") -> "RowId":
        found = known_right(tx, wiring.ports, by, SubjectId(subject), RowId(row))
        ports, asked = wiring.ports, ApprovalId(approval)
        answer_second(tx, ports, by, found.id, asked, give=False, at=wiring.clock())
        return found.id

    written(work)
    emit({"approval": approval, "given": False}, lambda: line(say("guardian.refused")))
    return 0
