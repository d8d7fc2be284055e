"""`sekisho dsar collect` to `download`: from what is held to the answer in the person's hands."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say
from governance.cli.requests import Which, chosen, request_of, stands

if TYPE_CHECKING:
    from dsar.case import Case, WithheldItem
    from dsar.found import Found
    from dsar.types import Ground, Outcome
    from governance.pii.redaction import Placeholders

app = typer.Typer(rich_markup_mode=None)


@app.command("collect", help=say("dsar.collect"))
def collect(request: Which) -> int:
    """Every source has answered or failed; 1 while one of them has failed."""
    from dsar import fulfilment
    from dsar.collection import own_sources
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        case = fulfilment.collect(
            wiring.ports,
            principal,
            wanted,
            sources=own_sources(wiring.ports),
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


@app.command("review", help=say("dsar.review"))
def review(request: Which) -> int:
    """What was found, as the person would get it; the look is recorded."""
    from dsar import fulfilment
    from governance.cli.session import acting, opened
    from governance.pii.redaction import Placeholders

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        found = fulfilment.review(wiring.ports, principal, wanted, at=wiring.clock())
    placeholders = Placeholders(current().lang)
    shape = [_shown(part, placeholders) for part in found]

    def words() -> None:
        for part in shape:
            for record in part["records"]:
                line(f"{part['source']} {record['row']}")
                for value in record["values"]:
                    line(f"  {value['field']}: {value['text']}")
            for item in part["withheld"]:
                line(say("dsar.withheld_item", field=item["field"], grounds=item["grounds"]))

    emit(shape, words)
    return 0


def _shown(part: "Found", placeholders: "Placeholders") -> dict[str, Any]:
    """One source's finding; other persons stand as placeholders, the same throughout."""
    return {
        "source": part.source,
        "records": [
            {
                "row": record.row,
                "values": [
                    {"field": v.name, "text": v.shown(placeholders), "others": len(v.others)}
                    for v in record.values
                ],
            }
            for record in part.records
        ],
        "withheld": [
            {
                "field": item.field,
                "row": item.row,
                "grounds": ", ".join(ground.value for ground in item.grounds),
            }
            for item in part.withheld
        ],
    }


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
) -> int:
    """The decision is on file; unless it refuses, it waits for a second person."""
    from dsar import decisions
    from dsar.reading import request_by_id
    from dsar.types import Ground
    from governance.app.approvals import approvals_of
    from governance.approvals.errors import ApprovalRequiredError
    from governance.cli.session import acting, opened

    grounds = tuple(chosen(Ground, item, option="--ground") for item in ground or [])
    items = tuple(_withheld(item) for item in withhold or [])
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


@app.command("package", help=say("dsar.package"))
def package(request: Which) -> int:
    """The approved answer is packed, signed and sealed."""
    from dsar.results import newest_package
    from governance.app.answers import pack
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        case = pack(wiring, principal, wanted, at=wiring.clock())
        with wiring.database.read() as tx:
            made = newest_package(tx, wanted)
    size, manifest = (made.size, made.manifest_hash) if made else (0, "")
    shape = {"id": case.id, "reference": case.reference, "bytes": size, "manifest": manifest}
    emit(
        shape,
        lambda: line(say("dsar.packed", reference=case.reference, size=size, hash=manifest)),
    )
    return 0


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


@app.command("deliver", help=say("dsar.deliver"))
def deliver(request: Which) -> int:
    """The answer is told: a code for one download is shown once."""
    from dsar import delivery
    from governance.cli.session import acting, opened
    from governance.core.clock import JST

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        released = wiring.database.write(
            lambda tx: delivery.deliver(tx, wiring.ports, principal, wanted, at=wiring.clock())
        )
    shape = {
        "id": released.case.id,
        "reference": released.case.reference,
        "code": released.token,
        "expires_at": released.expires_at.isoformat(),
    }
    until = released.expires_at.astimezone(JST).strftime("%Y-%m-%d %H:%M")

    def words() -> None:
        line(say("dsar.released", reference=released.case.reference, until=until))
        line(f"  {released.token}")

    emit(shape, words)
    return 0


@app.command("download", help=say("dsar.download"))
def download(
    output: Annotated[Path, typer.Option("--output", help=say("dsar.output"))],
    code: Annotated[str | None, typer.Option("--code", help=say("dsar.code"))] = None,
) -> int:
    """The package stands in a new file that only its owner can read; the code is used up."""
    from dsar import delivery
    from governance.cli.session import acting, opened
    from governance.cli.writing import new_file

    secret = code or typer.prompt(say("dsar.code"), hide_input=True)
    with opened() as wiring:
        principal = acting(wiring)
        with new_file(output) as stream:
            content = delivery.download(wiring.ports, principal, secret, at=wiring.clock())
            stream.write(content)
    shape = {"path": str(output), "bytes": len(content)}
    emit(shape, lambda: line(say("dsar.downloaded", path=output, size=len(content))))
    return 0
