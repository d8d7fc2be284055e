"""`sekisho catalogue`: the register of fields (項目台帳), own fields, and what nobody needs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.cli.invocation import current
from governance.cli.output import emit, line, report, say, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from governance.connectors.errors import ConnectorsRefusedError
    from governance.customers.catalogue import CatalogueField, CatalogueTable
    from governance.customers.custom.sources import CatalogueRefusedError

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("check", help=say("catalogue.check"))
def check(
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help=say("catalogue.folder"))
    ] = None,
) -> int:
    """Every fault of the own fields with file, line and key; 1 when there is one."""
    from governance.app.catalogue import open_catalogue
    from governance.cli.session import settings
    from governance.customers.catalogue_checks import check_shape
    from governance.customers.custom.sources import CatalogueRefusedError
    from governance.customers.schema import shapes

    asked = settings() if folder is None else settings(catalogue_dir=_there(folder))
    try:
        declared, snapshot = open_catalogue(asked)
    except CatalogueRefusedError as error:
        return told_faults(error)
    found = declared.catalogue()
    check_shape(found, shapes())
    shape = {
        "faults": [],
        "tables": len(found.tables),
        "fields": len(found.fields),
        "own_fields": len(declared.fields),
        "retired": sorted(declared.retired),
        "vocabularies": sorted(found.vocabularies),
        "topics": sorted(found.topics),
        "policy_version": snapshot.version,
    }
    emit(
        shape,
        lambda: line(
            say(
                "catalogue.checked",
                tables=len(found.tables),
                fields=len(found.fields),
                own=len(declared.fields),
            )
        ),
    )
    return 0


def _there(folder: Path) -> Path:
    """The folder that was named; raises when there is none."""
    from governance.cli.errors import CatalogueFolderError

    if not folder.is_dir():
        raise CatalogueFolderError(path=str(folder))
    return folder


def told_faults(error: "CatalogueRefusedError | ConnectorsRefusedError") -> int:
    """Each fault on a line of its own; as JSON on standard output when asked."""
    sentences = error.sentences(current().lang)
    shape = {
        "faults": [
            {
                "file": fault.place.file,
                "line": fault.place.line,
                "key": fault.place.path,
                "code": fault.code,
                "text": words,
            }
            for fault, words in zip(error.faults, sentences, strict=True)
        ]
    }

    def words() -> None:
        for sentence in sentences:
            line(sentence)
        report(error)

    emit(shape, words)
    return 1


@app.command("show", help=say("catalogue.show"))
def show(
    wanted: Annotated[
        str | None, typer.Argument(metavar="TABLE", help=say("catalogue.table"))
    ] = None,
) -> int:
    """Every field with purposes, category, sensitivity, search, period, owner and its end."""
    from governance.app.catalogue import open_catalogue
    from governance.cli.session import settings

    declared, _ = open_catalogue(settings())
    found = declared.catalogue()
    tables = [found.table(wanted)] if wanted else list(found.tables.values())
    emit([_table_shape(entry) for entry in tables], lambda: _show(tables))
    return 0


def _show(tables: "Sequence[CatalogueTable]") -> None:
    """One table of fields for each table of the store."""
    lang = current().lang
    names = ("field", "label", "category", "sensitivity", "search", "period", "owner")
    columns = tuple(say(f"catalogue.column.{name}") for name in names)
    for entry in tables:
        rows = [
            (
                field.column,
                field.label(lang),
                field.category,
                field.sensitivity.value,
                " ".join(sorted(field.search)),
                field.retention,
                field.owner,
            )
            for field in entry.fields
        ]
        table(f"{entry.label(lang)} ({entry.name}, {entry.on_erase.value})", columns, rows)


def _table_shape(entry: "CatalogueTable") -> dict[str, object]:
    return {
        "table": entry.name,
        "label": {"ja": entry.label_ja, "en": entry.label_en},
        "on_erase": entry.on_erase.value,
        "edges": [
            {
                "column": edge.column,
                "to": edge.to,
                "on_erase": edge.on_erase.value,
                "empties": list(edge.empties),
                "because": edge.because,
            }
            for edge in entry.edges
        ],
        "fields": [_shape(field) for field in entry.fields],
    }


def _shape(field: "CatalogueField") -> dict[str, object]:
    return {
        "id": field.id,
        "label": {"ja": field.label_ja, "en": field.label_en},
        "category": field.category,
        "dpv": field.dpv,
        "purposes": sorted(field.purposes),
        "sensitivity": field.sensitivity.value,
        "storage": field.storage.value,
        "search": sorted(field.search),
        "retention": field.retention,
        "owner": field.owner,
        "type": field.custom.value if field.custom is not None else None,
    }


@app.command("unused", help=say("catalogue.unused"))
def unused(
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help=say("catalogue.days"))] = 365,
) -> int:
    """Fields that no rule opens, nobody read in these days, or no row fills; 1 when any is."""
    from governance.cli.session import acting, opened
    from governance.gateway.fields import unused as look

    with opened() as wiring:
        found = look(wiring.ports, acting(wiring), days=days, at=wiring.clock())
    lang = current().lang
    shape = [
        {
            "field": idle.field.id,
            "label": idle.field.label(lang),
            "owner": idle.field.owner,
            "why": [why.value for why in idle.why],
            "rows": idle.rows,
            "filled": idle.filled,
        }
        for idle in found
    ]

    def words() -> None:
        columns = tuple(
            say(f"catalogue.column.{name}") for name in ("field", "label", "why", "filled", "owner")
        )
        rows = [
            (
                idle.field.id,
                idle.field.label(lang),
                " / ".join(say(f"catalogue.why.{why.value}") for why in idle.why),
                f"{idle.filled:,} / {idle.rows:,}",
                idle.field.owner,
            )
            for idle in found
        ]
        table(say("catalogue.unused_title", days=days), columns, rows)

    emit(shape, words)
    return 1 if found else 0


@app.command("retire", help=say("catalogue.retire"))
def retire(
    name: Annotated[str, typer.Argument(metavar="ID", help=say("catalogue.retire_id"))],
) -> int:
    """The values of a field marked `retired: true` are gone; its id is never given out again."""
    from governance.cli.session import acting, opened
    from governance.gateway.fields import retire as close

    with opened() as wiring:
        gone = close(wiring.ports, acting(wiring), wiring.declared, name, at=wiring.clock())
    emit(
        {"field": name, "removed": gone},
        lambda: line(say("catalogue.retired", field=name, count=gone)),
    )
    return 0
