"""What `sekisho import` says in words: a preview, an outcome, runs, saved sources."""

from pathlib import Path
from typing import TYPE_CHECKING

from governance.cli.invocation import current
from governance.cli.output import emit, line, say, table
from governance.i18n.catalogue import text

if TYPE_CHECKING:
    from governance.app.wiring import Wiring
    from governance.gateway.intake.errors_file import ErrorsWritten
    from governance.gateway.intake.preview import Preview
    from governance.gateway.intake.types import ImportOutcome
    from governance.http.principal import Principal

CELL_SHOWN = 24  # characters of a cell of the preview
COLUMNS_SHOWN = 12


def told_outcome(name: str, outcome: "ImportOutcome") -> None:
    """The counts in one sentence, every kind of problem with what it means, what comes next."""
    from governance.discovery.report import kind_name

    counts = outcome.counts
    line(
        say(
            "import.done",
            file=name,
            encoding=outcome.encoding,
            read=counts.read,
            stored=counts.stored,
            merged=counts.merged,
            quarantined=counts.quarantined,
            refused=counts.refused,
            normalised=counts.normalised,
        )
    )
    if outcome.repeated:
        line(say("import.repeated"))
    if counts.updated:
        line(say("import.updated", count=counts.updated))
    if outcome.left_out:
        line(say("import.left_out", columns=", ".join(outcome.left_out)))
    for column in outcome.undeclared:
        kinds = ", ".join(kind_name(label, current().lang) for label in column.kinds)
        line(say("import.undeclared", column=column.column or "-", kinds=kinds))
    rows = [
        (kind, str(count), text(f"customers.problem.{kind.lower()}", current().lang))
        for kind, count in sorted(outcome.problems.items(), key=lambda item: -item[1])
    ]
    if rows:
        columns = (say("import.problem"), say("import.count"), say("import.meaning"))
        table(say("import.problems"), columns, rows)
    if outcome.run is not None and counts.quarantined + counts.refused:
        line(say("import.errors_next", run=outcome.run))


def told_preview(name: str, found: "Preview") -> None:
    """How the file would be read, which column is which field and why, the first rows."""
    whole = found.as_json()
    line(
        say(
            "import.preview_read",
            file=name,
            encoding=whole["encoding"],
            confidence=whole["confidence"],
            kind=found.kind.value,
            header=found.header_line,
        )
    )
    if found.others:
        names = ", ".join(f"{a.encoding} ({a.score})" for a in found.others)
        line(say("import.preview_others", encodings=names))
    if not found.kind_sure:
        line(say("import.preview_kind_unsure"))
    if found.added or found.missing:
        line(
            say(
                "import.preview_changed",
                added=", ".join(found.added) or "-",
                missing=", ".join(found.missing) or "-",
            )
        )
    rows = [
        (
            c.header,
            c.field or "-",
            f"{c.confidence:.2f}",
            say(f"import.why_{c.ground.value}"),
            c.looks_like or "-",
        )
        for c in found.columns
    ]
    heads = tuple(say(f"import.column_{n}") for n in ("header", "field", "sure", "why", "looks"))
    table(say("import.preview_columns"), heads, rows)
    shown = [c.header for c in found.columns][:COLUMNS_SHOWN]
    cells = [
        (str(number), *(cell[:CELL_SHOWN] for cell in (*row, *[""] * len(shown))[: len(shown)]))
        for number, row in zip(found.numbers, found.rows, strict=True)
    ]
    table(say("import.preview_rows"), ("#", *shown), cells)


def told_errors(out: Path, written: "ErrorsWritten") -> None:
    """Where the file of errors lies, what stands in it, and what to do with it."""
    line(say("import.errors_written", path=str(out), rows=written.rows, named=written.named))
    if written.left:
        line(say("import.errors_left", count=written.left))


def told_runs(wiring: "Wiring", principal: "Principal", *, sources: bool) -> None:
    """Every run with what still waits of it, or every saved source."""
    from governance.gateway.intake.listing import runs_of, sources_of

    if sources:
        saved = sources_of(wiring.ports, principal)
        emit(
            [item.as_json() for item in saved],
            lambda: table(
                "",
                tuple(say(f"import.source_{n}") for n in ("name", "kind", "columns", "ground")),
                [(item.name, item.kind, str(item.columns), item.ground or "-") for item in saved],
            ),
        )
        return
    runs = runs_of(wiring.ports, principal)
    names = ("run", "file", "state", "read", "waiting")
    emit(
        [item.as_json() for item in runs],
        lambda: table(
            "",
            tuple(say(f"import.runs_{n}") for n in names),
            [
                (item.run, item.file, say(f"import.state_{item.state}"), str(item.counts["read"]),
                 str(item.waiting))
                for item in runs
            ],
        ),
    )  # fmt: skip


def told_kinds() -> None:
    """Every kind of file with its columns, those of the installation too."""
    from governance.customers.columns import columns_of
    from governance.customers.types import SourceKind

    emit(
        {kind.value: [column.as_json() for column in columns_of(kind)] for kind in SourceKind},
        lambda: table(
            "",
            tuple(say(f"import.kinds_{name}") for name in ("kind", "meaning", "needed", "other")),
            [
                (
                    kind.value,
                    text(f"customers.kind.{kind.value}", current().lang),
                    ", ".join(c.headers[0] for c in columns_of(kind) if c.required),
                    ", ".join(c.headers[0] for c in columns_of(kind) if not c.required),
                )
                for kind in SourceKind
            ],
        ),
    )
