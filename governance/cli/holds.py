"""`sekisho hold`: legal holds are placed, looked at and released."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.output import emit, line, say, table, when

if TYPE_CHECKING:
    from retention.holds.types import Matter

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Number = Annotated[str, typer.Argument(metavar="NUMBER", help=say("hold.number"))]
Persons = Annotated[list[str] | None, typer.Option("--person", help=say("hold.person"))]
Reason = Annotated[str, typer.Option("--reason", help=say("hold.reason"))]
Texts = Annotated[list[str] | None, typer.Option("--when", help=say("hold.when"))]
Words = Annotated[list[str] | None, typer.Option("--what", help=say("hold.what"))]
Everyone = Annotated[bool, typer.Option("--everyone", help=say("hold.everyone"))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=say("hold.dry_run"))]
All = Annotated[bool, typer.Option("--all", help=say("hold.all"))]


@app.command("place", help=say("hold.place"))
def place(
    number: Number,
    reason: Reason,
    person: Persons = None,
    when: Texts = None,
    what: Words = None,
    everyone: Everyone = False,  # a flag of the command line
    name: Annotated[str, typer.Option("--name", help=say("hold.name"))] = "",
    counsel: Annotated[str, typer.Option("--counsel", help=say("hold.counsel"))] = "",
    notes: Annotated[str, typer.Option("--notes", help=say("hold.notes"))] = "",
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help=say("hold.until"))
    ] = None,
    dry_run: DryRun = False,  # the same
) -> int:
    """The hold stands when this ends; with --dry-run only who would be under it is told."""
    from governance.cli.session import acting, opened
    from retention.holds import service
    from retention.holds.asked import wanted_of
    from retention.holds.types import Particulars, Placing

    wanted = wanted_of(
        persons=person or (), everyone=everyone, conditions=when or (), what=what or ()
    )
    said = Particulars(name=name, counsel=counsel, notes=notes) if name else None
    asked = Placing(
        number=number,
        wanted=wanted,
        reason=reason,
        particulars=said,
        expected_end=until.date() if until else None,
    )
    with opened() as wiring:
        principal = acting(wiring)
        if dry_run:
            with wiring.database.read() as tx:
                found = service.preview(tx, wiring.ports, principal, asked)
            shape = {"persons": found.persons, "held": found.held, "rows": dict(found.rows)}
            emit(shape, lambda: line(say("hold.would", persons=found.persons, held=found.held)))
            return 0
        done = service.place(wiring.ports, principal, asked, at=wiring.clock())
    told = {"number": done.number, "persons": done.persons, "standing": done.standing}
    emit(told, lambda: line(say("hold.placed", number=done.number, persons=done.persons)))
    return 0


@app.command("release", help=say("hold.release"))
def release(number: Number, reason: Reason, person: Persons = None) -> int:
    """The release waits for a second person, of all or of some persons out of the matter."""
    from governance.app.approvals import approvals_of
    from governance.approvals.errors import ApprovalRequiredError
    from governance.cli.session import acting, opened
    from governance.core.terms import SubjectId
    from retention.holds import releasing

    with opened() as wiring:
        principal, desk = acting(wiring), approvals_of(wiring)
        asked = wiring.database.write(
            lambda tx: releasing.ask_release(
                tx,
                wiring.ports,
                desk,
                principal,
                number,
                reason=reason,
                persons=[SubjectId(one) for one in person or ()],
                at=wiring.clock(),
            )
        )
    raise ApprovalRequiredError(approval=asked.id)


@app.command("list", help=say("hold.list"))
def list_(all_: All = False) -> int:  # the same
    """Matters that stand, newest first; with --all the released ones too."""
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure
    from retention.holds import store

    with opened() as wiring:
        ensure(acting(wiring), Action.HOLD_READ, wiring.policies.current)
        with wiring.database.read() as tx:
            found = [one for one in store.matters(tx) if all_ or one.closed_at is None]
    names = ("number", "persons", "standing", "deferred", "placed_at", "expected_end", "closed_at")
    shape = [_shape(one) for one in found]
    rows = [
        (*(str(one[name]) for name in names[:4]), *(when(one.get(name)) for name in names[4:]))
        for one in shape
    ]
    columns = tuple(say(f"hold.column.{name}") for name in names)
    emit(shape, lambda: table(say("hold.title"), columns, rows))
    return 0


@app.command("show", help=say("hold.show"))
def show(number: Number) -> int:
    """One matter: its persons, its history, the erasures that wait; sealed texts opened."""
    from governance.cli.session import acting, opened
    from policies.actions import Action
    from policies.api import ensure
    from retention.holds import store
    from retention.holds.asked import word_of
    from retention.holds.deferring import waiting

    with opened() as wiring:
        ensure(acting(wiring), Action.HOLD_READ, wiring.policies.current)
        with wiring.database.read() as tx:
            found = store.matter_of(tx, number)
            persons = store.persons_of(tx, number, limit=found.persons or 1000)
            acts = store.acts_of(tx, wiring.vault, number)
            waits = waiting(tx, matter=number)
    shape = {
        **_shape(found),
        "held": [
            {
                "id": one.subject,
                "what": [word_of(what) for what in one.what],
                "since": one.since.isoformat(),
                "released_at": one.released_at.isoformat() if one.released_at else None,
            }
            for one in persons
        ],
        "deferred_erasures": [{"id": one.subject, "ground": one.ground.value} for one in waits],
        "history": [
            {"kind": act.kind.value, "by": act.by, "at": act.at.isoformat(), "reason": act.reason}
            for act in acts
        ],
    }

    def words() -> None:
        rows = [
            (one.subject, " ".join(map(word_of, one.what)) or "-", str(one.released_at or "-"))
            for one in persons
        ]
        columns = ("person", "what", "closed_at")
        table(number, tuple(say(f"hold.column.{name}") for name in columns), rows)
        for act in acts:
            line(f"{when(act.at)}  {act.kind.value}  {act.by}  {act.reason}")
        line(say("hold.waits", count=len(waits)))

    emit(shape, words)
    return 0


@app.command("review", help=say("hold.review"))
def review(number: Number, reason: Reason) -> int:
    """The matter was looked at and goes on."""
    from governance.cli.session import acting, opened
    from retention.holds import service

    with opened() as wiring:
        principal = acting(wiring)
        found = wiring.database.write(
            lambda tx: service.review(
                tx, wiring.ports, principal, number, reason=reason, at=wiring.clock()
            )
        )
    emit(_shape(found), lambda: line(say("hold.reviewed", number=number)))
    return 0


def _shape(one: "Matter") -> dict[str, str | int | None]:
    return {
        "number": one.number,
        "persons": one.persons,
        "standing": one.standing,
        "deferred": one.deferred,
        "placed_by": one.placed_by,
        "placed_at": one.placed_at.isoformat(),
        "reviewed_at": one.reviewed_at.isoformat(),
        "expected_end": one.expected_end.isoformat() if one.expected_end else None,
        "closed_at": one.closed_at.isoformat() if one.closed_at else None,
    }
