"""`sekisho duplicates`: of a file, or of the stored register with its queue of decisions."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table
from governance.cli.progress import steps_bar
from governance.i18n.catalogue import text

if TYPE_CHECKING:
    from governance.core.terms import FieldId, RowId
    from governance.gateway.merge_types import Side
    from governance.gateway.pairs import Pair, PairView

FILE = "file"
Which = Annotated[str, typer.Argument(metavar="ID", help=say("duplicates.pair_id"))]


class FileOrStep(TyperGroup):
    """`duplicates FILE` looks into a file; every other first word is a step of the queue."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """A first word that is no step is the file, or an option of looking into one."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [FILE, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=FileOrStep, no_args_is_help=True, rich_markup_mode=None)


@app.command(FILE, help=say("duplicates.file"))
def of_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("import.file"))],
    kind: Annotated[str | None, typer.Option("--kind", help=say("import.kind"))] = None,
) -> int:
    """Rows of a file that are one person (or one company), one cluster per line."""
    from governance.cli.errors import KindError
    from governance.core.clock import JST, utc_now
    from governance.customers.matching.report import cluster_lines, duplicates_of
    from governance.customers.normalise.files import read_register
    from governance.customers.types import SourceKind

    known = {SourceKind.CUSTOMERS.value, SourceKind.COMPANIES.value}
    if kind is not None and kind not in known:
        raise KindError(known=", ".join(sorted(known)))
    register_ = read_register(
        file, SourceKind(kind) if kind else None, at=utc_now().astimezone(JST).date()
    )
    found = duplicates_of(register_.rows, register_.layout.kind)
    if current().json:
        for item in cluster_lines(found.clusters, file=file.name):
            line(item)
    else:
        rows = [(", ".join(map(str, cluster.rows)),) for cluster in found.clusters]
        table(say("duplicates.title", count=len(rows)), (say("duplicates.rows"),), rows)
    return 1 if found.clusters else 0


@app.command("search", help=say("duplicates.search"))
def search() -> int:
    """The stored register is compared with itself as the nightly job does; pairs wait."""
    from threading import Event

    from governance.app.duplicates import search_now
    from governance.cli.session import acting, opened
    from governance.core.ids import new_row_id
    from governance.jobs.runner import worker_of

    with opened() as wiring, steps_bar(say("duplicates.searching")) as progress:
        worker = worker_of(f"cli:{new_row_id()}", wiring.clock, Event())
        found = search_now(wiring, acting(wiring), worker, progress=progress)
    shape = {
        "persons": found.persons,
        "companies": found.companies,
        "pairs": found.pairs,
        "company_pairs": found.company_pairs,
    }
    emit(shape, lambda: line(say("duplicates.found", **shape)))
    return 1 if found.pairs or found.company_pairs else 0


@app.command("review", help=say("duplicates.review"))
def review(
    kind: Annotated[str, typer.Option("--kind", help=say("duplicates.kind"))] = "person",
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1000, help=say("duplicates.limit"))
    ] = 50,
) -> int:
    """Pairs that wait for a decision, the surest first, with their evidence."""
    from governance.cli.errors import ChoiceError
    from governance.cli.session import acting, opened
    from governance.customers.upkeep.candidates import PairKind
    from governance.gateway.pairs import waiting

    kinds = [one.value for one in PairKind]
    if kind not in kinds:
        raise ChoiceError(option="--kind", known=", ".join(kinds))
    with opened() as wiring:
        principal = acting(wiring)
        with wiring.database.read() as tx:
            found = waiting(tx, wiring.ports, principal, kind=PairKind(kind), limit=limit)
    columns = tuple(say(f"duplicates.{name}") for name in ("pair", "score", "evidence"))
    rows = [(pair.id, f"{pair.score:g}", _evidence(pair)) for pair in found]
    emit([pair.as_json() for pair in found], lambda: table("", columns, rows))
    return 0


def _evidence(pair: "Pair") -> str:
    lang = current().lang
    return ", ".join(f"{text(e.kind.text_key, lang)} {e.weight:+g}" for e in pair.evidence)


@app.command("show", help=say("duplicates.show"))
def show(pair: Which) -> int:
    """Both rows of a pair side by side, as the reader may see them."""
    from governance.cli.session import acting, opened
    from governance.gateway.pairs import show as shown

    with opened() as wiring:
        view = shown(wiring.ports, acting(wiring), pair, at=wiring.clock())
    fields = _fields(view)
    shape = view.pair.as_json() | {
        "version": view.version,
        "fields": {name: list(values) for name, values in fields.items()},
    }

    def told() -> None:
        line(f"{view.pair.id}  {view.pair.score:g}  {view.version}")
        line(_evidence(view.pair))
        columns = (say("duplicates.field"), view.pair.left, view.pair.right)
        table("", columns, [(n, a or "", b or "") for n, (a, b) in fields.items()])

    emit(shape, told)
    return 0


def _fields(view: "PairView") -> dict[str, tuple[str | None, str | None]]:
    """Field by field, what each row shows; fields that show nothing are left out."""
    sides = [
        {v.field: v.shown.value for v in row.fields} if row is not None else {}
        for row in (view.left, view.right)
    ]
    names = dict.fromkeys((*sides[0], *sides[1]))
    found = {str(name): (sides[0].get(name), sides[1].get(name)) for name in names}
    return {name: values for name, values in found.items() if any(values)}


@app.command("merge", help=say("duplicates.merge"))
def merge(
    pair: Which,
    survivor: Annotated[
        str | None, typer.Option("--survivor", help=say("duplicates.survivor"))
    ] = None,
    take: Annotated[list[str] | None, typer.Option("--take", help=say("duplicates.take"))] = None,
    version: Annotated[
        str | None, typer.Option("--version", help=say("duplicates.version"))
    ] = None,
) -> int:
    """The two are one; what conflicts is chosen by rule or by --take FIELD=ROW."""
    from governance.cli.session import acting, opened
    from governance.core.terms import SubjectId
    from governance.gateway.deciding import merge_pair
    from governance.gateway.merge_types import MergeRequest

    request = MergeRequest(
        pair=pair,
        survivor=SubjectId(survivor) if survivor else None,
        choices=_taken(take or ()),
        version=version,
    )
    with opened() as wiring:
        done = merge_pair(wiring.ports, acting(wiring), request, at=wiring.clock())
    shape = done.as_json()
    emit(shape, lambda: line(say("duplicates.merged", **shape)))
    return 0


def _taken(words: Sequence[str]) -> "dict[FieldId, RowId]":
    from governance.core.terms import FieldId, RowId

    return {
        FieldId(name if "." in name else f"person.{name}"): RowId(row)
        for name, row in _pairs(words, option="--take")
    }


def _pairs(words: Sequence[str], *, option: str) -> list[tuple[str, str]]:
    """NAME=VALUE words taken apart."""
    from governance.cli.errors import ChoiceError

    found = []
    for word in words:
        name, sign, value = word.partition("=")
        if not (sign and name and value):
            raise ChoiceError(option=option, known="NAME=VALUE")
        found.append((name, value))
    return found


@app.command("different", help=say("duplicates.different"))
def different(pair: Which) -> int:
    """The two are two persons; the search proposes them no more."""
    from governance.cli.session import acting, opened
    from governance.gateway.pairs import tell_apart

    with opened() as wiring:
        told = tell_apart(wiring.ports, acting(wiring), pair, at=wiring.clock())
    emit({"id": told.id, "state": "different"}, lambda: line(say("duplicates.apart", id=told.id)))
    return 0


@app.command("unmerge", help=say("duplicates.unmerge"))
def unmerge(
    merge_id: Annotated[str, typer.Argument(metavar="ID", help=say("duplicates.merge_id"))],
    later: Annotated[
        list[str] | None, typer.Option("--later", help=say("duplicates.later"))
    ] = None,
    rest: Annotated[str | None, typer.Option("--rest", help=say("duplicates.rest"))] = None,
) -> int:
    """The two are two again, each with what was theirs."""
    from governance.cli.session import acting, opened
    from governance.core.terms import RowId
    from governance.gateway.deciding import undo_merge

    side = _side()
    said = {RowId(row): side(word) for row, word in _pairs(later or (), option="--later")}
    with opened() as wiring:
        done = undo_merge(
            wiring.ports,
            acting(wiring),
            merge_id,
            later=said,
            rest=side(rest) if rest else None,
            at=wiring.clock(),
        )
    shape = done.as_json()
    emit(shape, lambda: line(say("duplicates.unmerged", **shape)))
    return 0


def _side() -> "Callable[[str], Side]":
    from governance.cli.errors import ChoiceError
    from governance.gateway.merge_types import Side

    def side(word: str) -> Side:
        if word not in {s.value for s in Side}:
            raise ChoiceError(option="--rest", known=", ".join(s.value for s in Side))
        return Side(word)

    return side


@app.command("merges", help=say("duplicates.merges"))
def merges(
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1000, help=say("duplicates.limit"))
    ] = 50,
) -> int:
    """Merges of persons and companies, the newest first, standing and undone."""
    from governance.cli.session import acting, opened
    from governance.gateway.deciding import decided

    with opened() as wiring:
        principal = acting(wiring)
        with wiring.database.read() as tx:
            found = decided(tx, wiring.ports, principal, limit=limit)
    names = ("merge", "kind", "state", "merged_at", "merged_by")
    rows = [tuple(str(one[name]) for name in names) for one in found]
    heads = ("merge_id", *names[1:])
    emit(found, lambda: table("", tuple(say(f"duplicates.{n}") for n in heads), rows))
    return 0
