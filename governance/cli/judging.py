"""`sekisho dsar review` to `preview`: what was found is judged before an answer leaves."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, say
from governance.cli.requests import Which, chosen, request_of

if TYPE_CHECKING:
    from dsar.case import Case, WithheldItem
    from dsar.found import Found
    from dsar.review.applying import Standing
    from dsar.review.service import Desk
    from dsar.review.types import Act, Review, Spot
    from governance.app.wiring import Wiring
    from governance.pii.redaction import Placeholders

app = typer.Typer(rich_markup_mode=None)
Place = Annotated[int, typer.Argument(metavar="PLACE", min=1, help=say("dsar.place"))]
Why = Annotated[str, typer.Option("--reason", help=say("dsar.reason"))]


@app.command("review", help=say("dsar.review"))
def review(request: Which) -> int:
    """What was found, as the person would get it, with the suggestions; the look is recorded."""
    from dsar.review import service
    from governance.cli.session import acting, opened

    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        found = service.look(wiring.ports, principal, wanted, at=wiring.clock())
    shape = _shape(found)

    def words() -> None:
        for part in shape["sources"]:
            for record in part["records"]:
                line(f"{part['source']} {record['row']}")
                for value in record["values"]:
                    line(f"  {value['field']}: {value['text']}")
        for one in shape["suggestions"]:
            line(say("dsar.suggestion", **one))
        for item in shape["withheld"]:
            line(say("dsar.withheld_item", field=item["field"], grounds=item["grounds"]))
        for act in shape["acts"]:
            line(say("dsar.act", **act))

    emit(shape, words)
    return 0


def _shape(found: "Review") -> dict[str, Any]:
    """One numbering of other persons throughout; what stands behind it is not told."""
    from dsar.review import rules
    from dsar.review.applying import shown, standing
    from governance.pii.redaction import Placeholders

    placeholders = Placeholders(current().lang)
    stands = standing(found.acts)
    seen = shown(found.findings, found.acts)
    withheld = [item for part in seen for item in part.withheld]
    return {
        "basis": found.basis,
        "ended": rules.finished(found.findings, found.acts, basis=found.basis),
        "sources": [_source(part, placeholders) for part in seen],
        "suggestions": [
            _suggestion(number, spot, stands)
            for number, spot in enumerate(rules.suggestions(found.findings), start=1)
        ],
        "withheld": [_item(item) for item in (*withheld, *rules.items_of(found.acts))],
        "acts": [_act(act) for act in (*stands.covers, *stands.exceptions)],
    }


def _source(part: "Found", placeholders: "Placeholders") -> dict[str, Any]:
    """One source as the person would get it."""
    records = [
        {
            "row": record.row,
            "values": [
                {"field": v.name, "text": v.shown(placeholders), "others": len(v.others)}
                for v in record.values
            ],
        }
        for record in part.records
    ]
    return {"source": part.source, "records": records}


def _suggestion(number: int, spot: "Spot", stands: "Standing") -> dict[str, Any]:
    return {
        "place": number,
        "source": spot.source,
        "row": spot.row,
        "field": spot.name,
        "start": spot.start,
        "end": spot.end,
        "label": spot.label,
        "judged": stands.judged[spot].kind.value if spot in stands.judged else "open",
    }


def _item(item: "WithheldItem") -> dict[str, Any]:
    grounds = ", ".join(ground.value for ground in item.grounds)
    return {"field": item.field, "row": item.row, "grounds": grounds}


def _act(act: "Act") -> dict[str, Any]:
    return {
        "act": act.seq,
        "kind": act.kind.value,
        "places": len(act.spots),
        "reason": act.reason.value if act.reason else "-",
        "by": act.by,
        "at": act.at.isoformat(),
    }


def _desk(wiring: "Wiring", request: str) -> "Desk":
    from dsar.review.service import Desk
    from governance.cli.session import acting

    return Desk(
        ports=wiring.ports,
        principal=acting(wiring),
        request=request_of(wiring, request),
        at=wiring.clock(),
    )


def _reviewed(case: "Case") -> int:
    ended = case.reviewed is not None
    shape = {"id": case.id, "reference": case.reference, "ended": ended}
    key = "dsar.review_ended" if ended else "dsar.review_open"
    emit(shape, lambda: line(say(key, reference=case.reference)))
    return 0


@app.command("accept", help=say("dsar.accept"))
def accept(
    request: Which,
    places: Annotated[
        list[int] | None, typer.Argument(metavar="PLACE", help=say("dsar.place"))
    ] = None,
    every: Annotated[bool, typer.Option("--all", help=say("dsar.accept_all"))] = False,
) -> int:
    """Suggested redactions stand; with --all every open one, and the review is ended."""
    from dsar.review import service
    from governance.cli.session import opened

    with opened() as wiring:
        desk = _desk(wiring, request)
        case = service.accept_all(desk) if every else service.accept(desk, places or [])
    return _reviewed(case)


@app.command("undo", help=say("dsar.undo"))
def undo(
    request: Which,
    place: Place,
    reason: Why,
    everywhere: Annotated[bool, typer.Option("--everywhere", help=say("dsar.everywhere"))] = False,
) -> int:
    """A suggested redaction is undone for a reason."""
    from dsar.review import service
    from dsar.review.types import Reason
    from governance.cli.session import opened

    with opened() as wiring:
        why = chosen(Reason, reason, option="--reason")
        case = service.reveal(_desk(wiring, request), place, why, everywhere=everywhere)
    return _reviewed(case)


@app.command("cover", help=say("dsar.cover"))
def cover(
    request: Which,
    reason: Why,
    label: Annotated[str, typer.Option("--as", help=say("dsar.cover_as"))] = "PASSAGE",
) -> int:
    """Every place of words is blacked out; they are asked for, so that no shell keeps them."""
    from dsar.review import service
    from dsar.review.types import Reason
    from governance.cli.session import opened

    why = chosen(Reason, reason, option="--reason")
    phrase = typer.prompt(say("dsar.cover_words"), hide_input=True)
    with opened() as wiring:
        case = service.cover(_desk(wiring, request), phrase, label, why)
    return _reviewed(case)


@app.command("except", help=say("dsar.except"))
def except_(
    request: Which,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help=say("dsar.source"))],
    ground: Annotated[list[str], typer.Option("--ground", help=say("dsar.exception_ground"))],
    field: Annotated[str | None, typer.Option("--field", help=say("dsar.field"))] = None,
    row: Annotated[str | None, typer.Option("--row", help=say("dsar.row"))] = None,
) -> int:
    """A field or a record is left out of the answer on legal grounds."""
    from dsar.review import service
    from dsar.review.rules import Where
    from dsar.types import Ground
    from governance.cli.session import opened
    from governance.core.terms import FieldId, RowId

    grounds = [chosen(Ground, code, option="--ground") for code in ground]
    where = Where(
        source=source, name=FieldId(field) if field else None, row=RowId(row) if row else None
    )
    with opened() as wiring:
        case = service.withhold(_desk(wiring, request), where, grounds)
    return _reviewed(case)


@app.command("lift", help=say("dsar.lift"))
def lift(
    request: Which,
    act: Annotated[int, typer.Argument(metavar="ACT", min=1, help=say("dsar.act_number"))],
) -> int:
    """An own redaction or an exception is taken back."""
    from dsar.review import service
    from governance.cli.session import opened

    with opened() as wiring:
        case = service.lift(_desk(wiring, request), act)
    return _reviewed(case)


@app.command("open-file", help=say("dsar.open_file"))
def open_file(
    request: Which,
    place: Place,
    output: Annotated[Path, typer.Option("--output", help=say("dsar.open_file_output"))],
) -> int:
    """A file that no machine reads lies in a new file for the look; the look is recorded."""
    from dsar.review.service import look_at_file
    from governance.cli.session import acting, opened
    from governance.cli.writing import new_file, refuse_existing

    refuse_existing(output)
    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        found = look_at_file(wiring.ports, principal, wanted, place, at=wiring.clock())
    with new_file(output) as stream:
        stream.write(found.content)
    shape = {"path": str(output), "bytes": len(found.content)}
    emit(shape, lambda: line(say("dsar.file_opened", path=output)))
    return 0


@app.command("end-review", help=say("dsar.end_review"))
def end_review(request: Which) -> int:
    """The review is ended; 1 while a suggestion is open."""
    from dsar.review import service
    from governance.cli.session import opened

    with opened() as wiring:
        case = service.finish(_desk(wiring, request))
    return _reviewed(case)


@app.command("preview", help=say("dsar.preview"))
def preview(
    request: Which,
    output: Annotated[Path, typer.Option("--output", help=say("dsar.preview_output"))],
) -> int:
    """The files that the person would get now stand in a new folder; the look is recorded."""
    from dsar.review.preview import preview as files_now
    from governance.cli.session import acting, opened
    from governance.cli.writing import new_file, refuse_existing

    refuse_existing(output)
    with opened() as wiring:
        principal, wanted = acting(wiring), request_of(wiring, request)
        ports, settings, at = wiring.ports, wiring.settings, wiring.clock()
        files = files_now(ports, principal, wanted, controller=settings, at=at)
    output.mkdir(mode=0o700)
    for name, content in files.items():
        place = output / name
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with new_file(place) as stream:
            stream.write(content)
    shape = {"path": str(output), "files": sorted(files)}
    emit(shape, lambda: line(say("dsar.previewed", path=output, count=len(files))))
    return 0
