"""What an unusable cell still tells a comparison: never stored, never shown, only matched."""

import re

from governance.customers.normalise.chars import hyphenated, no_spaces
from governance.customers.normalise.phone import is_placeholder
from governance.customers.types import FieldKind

_MONTH = re.compile(r"^(\d{4})[/.\-年](\d{1,2})月?$")
_LOCAL = re.compile(r"^(?:mailto:)?<?([a-z0-9._+\-]{4,})(?:@|\(at\)|\[at\]|$)")


def hint_of(text: str, kind: FieldKind) -> str | None:
    """Local part, digits, or year and month of a cell without value; none when it tells nothing."""
    plain = no_spaces(hyphenated(text)).casefold()
    match kind:
        case FieldKind.EMAIL:
            found = _LOCAL.match(plain)
            return found.group(1).strip(".") if found else None
        case FieldKind.PHONE:
            digits = re.sub(r"\D", "", plain)
            return digits if len(digits) >= 9 and not is_placeholder(digits) else None  # noqa: PLR2004 -- fewer are in many numbers
        case FieldKind.BIRTH_DATE:
            month = _MONTH.match(plain)
            return f"{month[1]}-{month[2]:0>2}" if month else None
        case _:
            return None
