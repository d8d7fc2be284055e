"""`sekisho dsar collect` to `proof`: from what is held to what was decided and done."""

from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.output import emit, line, say
from governance.cli.requests import Which, chosen, request_of, stands

if TYPE_CHECKING:
    from dsar.case import Case, WithheldItem
    from dsar.types import Ground, Outcome

app = typer.Typer(rich_markup_mode=None)


@app.command("collect", help=say("dsar.collect"))
def collect(request: Which) -> int:
    """Every source has answered or failed; 1 while one of them has failed."""
    from dsar import fulfilment
    from governance.app.connected import sources_of
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        case = fulfilment.collect(
            wiring.ports,
            principal,
            wanted,
            sources=sources_of(wiring),
            at=wiring.clock(),
        )
    shape = {
        "id": case.id,
        "reference": case.reference,
        "sources": [
            {
                "source": state.source,
                "found": state.found,
                "records": state.records,
                "left_out": state.left_out,
                "code": state.code,
            }
            for state in case.sources
        ],
    }

    def words() -> None:
        for state in case.sources:
            key = "dsar.source_found" if state.found else "dsar.source_failed"
            line(
                say(
                    key,
                    source=state.source,
                    records=state.records,
                    left_out=state.left_out,
                    code=state.code or "-",
                )
            )

    emit(shape, words)
    return 0 if all(state.found for state in case.sources) else 1


@app.command("words", help=say("dsar.words"))
def words_(request: Which) -> int:
    """What the person wrote; the look is recorded."""
    from dsar.reading import words
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        said = words(wiring.ports, principal, wanted, at=wiring.clock()).value
    emit({"words": said}, lambda: line(said or say("dsar.no_words")))
    return 0


@app.command("decide", help=say("dsar.decide"))
def decide(
    request: Which,
    outcome: Annotated[str | None, typer.Option("--outcome", help=say("dsar.outcome"))] = None,
    ground: Annotated[
        list[str] | None, typer.Option("--ground", help=say("dsar.decision_ground"))
    ] = None,
    withhold: Annotated[
        list[str] | None, typer.Option("--withhold", help=say("dsar.withhold"))
    ] = None,
    measure: Annotated[str | None, typer.Option("--measure", help=say("dsar.measure"))] = None,
) -> int:
    """The decision is on file; unless it refuses, it waits for a second person."""
    from dsar import decisions
    from dsar.execution.types import Measure
    from dsar.reading import request_by_id
    from dsar.types import Ground
    from governance.app.approvals import approvals_of
    from governance.approvals.errors import ApprovalRequiredError
    from governance.cli.session import acting, opened

    grounds = tuple(chosen(Ground, item, option="--ground") for item in ground or [])
    items = tuple(_withheld(item) for item in withhold or [])
    done = chosen(Measure, measure, option="--measure") if measure is not None else None
    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        with wiring.database.read() as tx:
            case = request_by_id(tx, wiring.ports, principal, wanted)
        result, legal = _decision(case, outcome, grounds)
        decided = wiring.database.write(
            lambda tx: decisions.decide(
                tx,
                wiring.ports,
                approvals_of(wiring),
                principal,
                wanted,
                outcome=result,
                grounds=legal,
                items=items,
                measure=done,
                at=wiring.clock(),
            )
        )
    if decided.approval is not None:
        raise ApprovalRequiredError(approval=decided.approval)
    return stands(decided.case)


def _decision(
    case: "Case", outcome: str | None, grounds: "tuple[Ground, ...]"
) -> "tuple[Outcome, tuple[Ground, ...]]":
    """What was given; what was not given follows as if no exception applied."""
    from dsar.rules import suggestion
    from dsar.types import Outcome

    follows, legal = suggestion(case)
    result = chosen(Outcome, outcome, option="--outcome") if outcome else follows
    usual = legal if result is not Outcome.REFUSE else ()  # a refusal names its own grounds
    return result, grounds or usual


def _withheld(given: str) -> "WithheldItem":
    """FIELD=GROUND[,GROUND]: the field is left out on these grounds."""
    from dsar.case import WithheldItem
    from dsar.types import Ground
    from governance.cli.errors import WithholdFormError
    from governance.core.terms import FieldId

    name, equals, codes = given.partition("=")
    if not equals or not name or not codes:
        raise WithholdFormError
    grounds = tuple(chosen(Ground, code, option="--withhold") for code in codes.split(","))
    return WithheldItem(field=FieldId(name), grounds=grounds)


@app.command("proof", help=say("dsar.proof"))
def proof(
    request: Which,
    event: Annotated[str, typer.Option("--event", help=say("dsar.proof_event"))],
) -> int:
    """A granted change is proved by the audit event that made it."""
    from dsar.fulfilment import record_execution
    from governance.cli.session import acting, opened
    from governance.core.terms import EventId

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        case = wiring.database.write(
            lambda tx: record_execution(
                tx, wiring.ports, principal, wanted, proof=EventId(event), at=wiring.clock()
            )
        )
    return stands(case)
