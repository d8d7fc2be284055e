"""Personal data in columns of a file that no field holds: reported, and stored nowhere."""

from collections.abc import Iterable, Iterator
from typing import Final

from governance.core.terms import Lang
from governance.customers.contents import unique_headers
from governance.customers.ports import Ports
from governance.customers.tables import TableReader
from governance.discovery.profile import profile
from governance.discovery.types import Record
from governance.gateway.intake.opening import Opened
from governance.gateway.intake.screening import without_numbers
from governance.gateway.intake.types import Undeclared
from governance.pii.types import Span

LOOKED_AT: Final = 400  # rows, drawn from all of the file


def undeclared_in(ports: Ports, opened: Opened) -> tuple[Undeclared, ...]:
    """Columns left out whose values or texts are personal data, by a sample of their rows."""
    extra = frozenset(opened.left_out)
    if not extra:
        return ()

    def analyse(texts: Iterable[tuple[str, str]]) -> Iterator[tuple[Span, ...]]:
        return iter(ports.analyse([text for text, _ in texts], Lang.JA))

    found = profile(
        opened.file.path.name, opened.file.format.value, _extra(opened, extra), analyse,
        sample=LOOKED_AT,
    )  # fmt: skip
    return tuple(
        Undeclared(
            column=without_numbers(column.name)[0],
            kinds=tuple(column.counts),
            special_care=column.special_care,
            confidence=column.confidence,
        )
        for column in found.columns
        if column.personal
    )


def _extra(opened: Opened, wanted: frozenset[str]) -> Iterator[Record]:
    """The rows with the columns that are left out."""
    reading = opened.reading
    reader = TableReader(opened.file, sheet=reading.sheet, header_row=reading.header_row)
    places = [(n, name) for n, name in enumerate(unique_headers(reader.headers)) if name in wanted]
    for row in reader:
        yield tuple((name, row.cells[n]) for n, name in places if n < len(row.cells))
