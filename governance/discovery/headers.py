"""Names of columns, and values that stand where a name should: these are never shown."""

from collections.abc import Sequence
from typing import Any, Final

from governance.customers.workbooks import cell_text
from governance.discovery.types import Record
from governance.pii.column_names import announced
from governance.pii.column_shapes import shape_of
from governance.pii.types import Entity

ANY: Final = "*"  # stands for keys that are values themselves
_WEAK: Final = frozenset({Entity.PERSON, Entity.SNS_ACCOUNT})  # many a word reads as a name


def is_value(name: str) -> bool:
    """Whether a column's name is somebody's address, number or the like."""
    return bool(shape_of(name).sure - _WEAK)


def is_header(cells: Sequence[str]) -> bool:
    """Whether a first row names columns; a file without names begins with somebody's values."""
    if any(is_value(cell) for cell in cells):
        return False
    said = (announced(cell) for cell in cells)
    if any(one.known or one.free_text for one in said):
        return True
    return not any(shape_of(cell).sure for cell in cells)


def is_numbered(cells: Sequence[str]) -> bool:
    """Whether a first row counts the columns without naming them: col1, col2."""
    written = [cell for cell in cells if cell]
    return bool(written) and all(announced(cell).placeholder for cell in written)


def flat(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Every plain value of a nested one with the path of its keys."""
    found: list[tuple[str, str]] = []
    waiting = [(prefix, value)]
    while waiting:
        path, one = waiting.pop()
        if isinstance(one, dict):
            for key, inner in reversed(one.items()):
                name = str(key)
                if is_value(name):
                    found.append((_joined(path, ANY), name))
                    name = ANY
                waiting.append((_joined(path, name), inner))
        elif isinstance(one, list | tuple):
            waiting += [(path, inner) for inner in reversed(one)]
        else:
            found.append((path or "value", cell_text(one)))
    return found


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def record_of(value: Any) -> Record:
    """The value as one row."""
    return tuple(flat(value))
