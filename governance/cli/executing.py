"""`sekisho dsar plan` to `certificate`: what a grant does, undone, carried out, told, proved."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table, when
from governance.cli.requests import Which, chosen, request_of, stands

if TYPE_CHECKING:
    from dsar.execution.correction_store import CorrectionItem
    from dsar.execution.types import Execution
    from governance.app.wiring import Wiring
    from retention.fates import FieldFate

app = typer.Typer(rich_markup_mode=None)
Item = Annotated[str, typer.Argument(metavar="ITEM", help=say("dsar.item"))]


@app.command("plan", help=say("dsar.plan"))
def plan(request: Which) -> int:
    """What an erasure of the person would do to each field now; 1 while a hold forbids it."""
    from dsar.execution.planning import plan_of_request
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        with wiring.database.read() as tx:
            found = plan_of_request(tx, wiring.ports, principal, wanted, at=wiring.clock())
    shape = found.plan.as_json() | {"sha256": found.digest}
    emit(shape, lambda: told_fates(found.plan.fates, found.plan.blocked))
    return 0 if found.plan.blocked is None else 1


def told_fates(fates: "tuple[FieldFate, ...]", blocked: str | None) -> None:
    """A line a field: how many rows, what becomes of them, why and until when."""
    from dsar.execution.words import fate_words, field_words

    lang = current().lang
    if blocked is not None:
        line(say("erase.blocked", rule=blocked))
    names = tuple(say(f"erase.column.{name}") for name in ("field", "rows", "fate"))
    rows = [
        (field_words(fate.field, lang), str(fate.rows), fate_words(fate, lang)) for fate in fates
    ]
    table("", names, rows)


@app.command("execution", help=say("dsar.execution"))
def execution(request: Which) -> int:
    """Where the execution of a grant stands: its day, connected systems, recipients."""
    from dsar.execution.planning import execution_for
    from dsar.execution.store import stores_of
    from dsar.recipients import recipients_of
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        with wiring.database.read() as tx:
            found = execution_for(tx, wiring.ports, principal, wanted)
            stores = stores_of(tx, wanted)
            recipients = recipients_of(tx, wiring.ports, principal, wanted)
    shape = execution_json(found) | {
        "stores": [
            {"store": one.store, "state": one.state.value, "records": one.rows, "code": one.code}
            for one in stores
        ],
        "recipients": [one.as_json() for one in recipients if one.because is not None],
    }

    def words() -> None:
        line(say("dsar.stands", stage=say(f"dsar.stage.{found.stage}"), day=_day(found)))
        for one in stores:
            line(f"  {one.store}: {say(f'dsar.store.{one.state}')} {one.code or ''}".rstrip())

    emit(shape, words)
    return 0


def execution_json(found: "Execution") -> dict[str, Any]:
    """The execution for programs."""
    moments = ("agreed_at", "execute_from", "undone_at", "ended_at", "lift_from", "lifted_at")
    return {
        "request": found.request,
        "measure": found.measure.value,
        "stage": found.stage.value,
        "sha256": found.plan,
        "run": found.run,
        "changed_because": found.changed_because,
        **{
            name: moment.isoformat() if (moment := getattr(found, name)) else None
            for name in moments
        },
    }


def _day(found: "Execution") -> str:
    return when(found.execute_from)


@app.command("execute", help=say("dsar.execute"))
def execute(request: Which) -> int:
    """What is due of a grant is carried out now; 1 while something waits."""
    from threading import Event

    from dsar.execution.driving import drive
    from dsar.execution.planning import execution_for
    from dsar.execution.types import Stage
    from governance.app.executing import driver_of
    from governance.cli.session import acting, opened
    from governance.jobs.runner import worker_of
    from policies.actions import Action
    from policies.api import ensure

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        ensure(principal, Action.DSAR_EXECUTE, wiring.policies.current)
        with wiring.database.read() as tx:
            execution_for(tx, wiring.ports, principal, wanted)
        worker = worker_of(principal.id, wiring.clock, Event())
        found = drive(driver_of(wiring, worker), wanted)
    shown = say("dsar.stands", stage=say(f"dsar.stage.{found.stage}"), day=_day(found))
    emit(execution_json(found), lambda: line(shown))
    return 0 if found.stage in {Stage.DONE, Stage.UNDONE} else 1


@app.command("take-back", help=say("dsar.take_back"))
def take_back(request: Which) -> int:
    """The person took the erasure back before it was carried out."""
    from dsar.execution.undoing import undo
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        case = undo(wiring.ports, principal, wanted, at=wiring.clock())
    return stands(case)


@app.command("anew", help=say("dsar.anew"))
def anew(request: Which) -> int:
    """A second person is asked to agree to an erasure whose person changed."""
    from dsar.execution.agreeing import ask_anew
    from governance.app.approvals import approvals_of
    from governance.approvals.errors import ApprovalRequiredError
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        desk, at = approvals_of(wiring), wiring.clock()
        asked = wiring.database.write(
            lambda tx: ask_anew(tx, wiring.ports, desk, principal, wanted, at=at)
        )
    raise ApprovalRequiredError(approval=asked.id)


@app.command("without", help=say("dsar.without"))
def without(
    request: Which,
    store: Annotated[str, typer.Argument(metavar="SYSTEM", help=say("dsar.system"))],
    reason: Annotated[str, typer.Option("--reason", help=say("dsar.without_reason"))],
) -> int:
    """The erasure goes on without a connected system; the certificate names it."""
    from dsar.execution.types import Without
    from dsar.execution.without import go_on_without
    from governance.cli.session import acting, opened

    why = chosen(Without, reason, option="--reason")
    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        at = wiring.clock()
        wiring.database.write(
            lambda tx: go_on_without(tx, wiring.ports, principal, wanted, store, why, at=at)
        )
    return execution(request)


@app.command("restrict", help=say("dsar.restrict"))
def restrict(request: Which) -> int:
    """Nothing is used while a correction or an objection is looked into (GDPR 18(1)(a), (d))."""
    from dsar.execution.undoing import restrict as rest
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted, at = acting(wiring), request_of(wiring, request), wiring.clock()
        case = wiring.database.write(lambda tx: rest(tx, wiring.ports, principal, wanted, at=at))
    return stands(case)


@app.command("end-restriction", help=say("dsar.end_restriction"))
def end_restriction(request: Which) -> int:
    """The person is told that the restriction ends, and when; then it does (GDPR 18(3))."""
    from dsar.execution.undoing import announce_end
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted, at = acting(wiring), request_of(wiring, request), wiring.clock()
        ends = wiring.database.write(
            lambda tx: announce_end(tx, wiring.ports, principal, wanted, at=at)
        )
    day = when(ends)
    emit({"lift_from": ends.isoformat()}, lambda: line(say("dsar.lifting", day=day)))
    return 0


@app.command("correct", help=say("dsar.correct"))
def correct(
    request: Which,
    field: Annotated[str | None, typer.Option("--field", help=say("dsar.correct_field"))] = None,
    row: Annotated[str | None, typer.Option("--row", help=say("dsar.correct_row"))] = None,
) -> int:
    """Fields that the person wants otherwise; with --field one more, its value asked for."""
    from dsar.execution.corrections import ask
    from governance.cli.session import acting, opened
    from governance.core.terms import FieldId, RowId

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        if field is not None:
            value = typer.prompt(say("dsar.wanted"))
            line_of = RowId(row) if row else None
            name = FieldId(field)
            ask(wiring.ports, principal, wanted, name, value, row=line_of, at=wiring.clock())
        items = _items(wiring, request)
    return _told(items)


def _items(wiring: "Wiring", request: str) -> "tuple[CorrectionItem, ...]":
    from dsar.execution.correction_store import corrections_of
    from dsar.reading import request_by_id
    from governance.cli.session import acting

    wanted = request_of(wiring, request)
    with wiring.database.read() as tx:
        request_by_id(tx, wiring.ports, acting(wiring), wanted)
        return corrections_of(tx, wanted)


def _told(items: "tuple[CorrectionItem, ...]") -> int:
    shape = [
        {
            "item": one.id,
            "field": one.name,
            "row": one.row,
            "state": one.state.value,
            "grounds": [ground.value for ground in one.grounds],
            "event": one.event,
        }
        for one in items
    ]
    names = tuple(say(f"dsar.column.{name}") for name in ("item", "field", "state"))
    rows = [(one.id, one.name, say(f"dsar.correction.{one.state}")) for one in items]
    emit(shape, lambda: table("", names, rows))
    return 0


@app.command("judge", help=say("dsar.judge"))
def judge(
    request: Which,
    item: Item,
    state: Annotated[str, typer.Argument(metavar="STATE", help=say("dsar.judgement"))],
    ground: Annotated[
        list[str] | None, typer.Option("--ground", help=say("dsar.decision_ground"))
    ] = None,
) -> int:
    """One field is accepted, accepted in another form (asked for), or refused on its grounds."""
    from dsar.execution.correction_store import CorrectionState
    from dsar.execution.corrections import judge as decide
    from dsar.types import Ground
    from governance.cli.session import acting, opened
    from governance.core.terms import RowId

    verdict = chosen(CorrectionState, state, option="STATE")
    grounds = tuple(chosen(Ground, one, option="--ground") for one in ground or [])
    edited = verdict is CorrectionState.EDITED
    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        decide(
            *(wiring.ports, principal, wanted, RowId(item), verdict),
            value=typer.prompt(say("dsar.wanted")) if edited else None,
            grounds=grounds,
            at=wiring.clock(),
        )
        items = _items(wiring, request)
    return _told(items)


@app.command("apply", help=say("dsar.apply"))
def apply(request: Which) -> int:
    """Every granted correction stands in the register, proved by before and after."""
    from dsar.execution.corrections import apply as make
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        make(wiring.ports, principal, wanted, at=wiring.clock())
        items = _items(wiring, request)
    return _told(items)


@app.command("confirm", help=say("dsar.confirm"))
def confirm(
    request: Which,
    recipient: Annotated[str, typer.Argument(metavar="KEY", help=say("recipients.key"))],
) -> int:
    """It is noted that a recipient confirmed by telephone or letter."""
    from dsar.execution.confirming import confirm_by_officer
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted, at = acting(wiring), request_of(wiring, request), wiring.clock()
        wiring.database.write(
            lambda tx: confirm_by_officer(tx, wiring.ports, principal, wanted, recipient, at=at)
        )
    return execution(request)


@app.command("certificate", help=say("dsar.certificate"))
def certificate(
    request: Which,
    output: Annotated[Path, typer.Option("--output", help=say("dsar.output"))],
) -> int:
    """The certificate of an erasure as a file that the offline verifier proves."""
    from governance.app.certificates import certificate_of
    from governance.cli.session import acting, opened
    from governance.cli.writing import new_file

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        content = certificate_of(wiring, principal, wanted, at=wiring.clock()).content
        with new_file(output) as stream:
            stream.write(content)
    shape = {"path": str(output), "bytes": len(content)}
    emit(shape, lambda: line(say("dsar.downloaded", path=output, size=len(content))))
    return 0


@app.command("unconfirmed", help=say("dsar.unconfirmed"))
def unconfirmed() -> int:
    """Recipients that have not confirmed by their day; 1 while there are some."""
    from dsar.execution.unconfirmed import unconfirmed as late
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal = acting(wiring)
        with wiring.database.read() as tx:
            found = late(tx, wiring.ports, principal, at=wiring.clock())
    shape = [
        {
            "reference": one.reference,
            "recipient": one.recipient,
            "name": one.name,
            "answer_by": one.answer_by.isoformat(),
        }
        for one in found
    ]
    names = ("reference", "recipient", "name", "answer_by")
    columns = tuple(say(f"dsar.column.{name}") for name in names)
    rows = [tuple(str(one[name]) for name in names) for one in shape]
    emit(shape, lambda: table("", columns, rows))
    return 1 if found else 0
