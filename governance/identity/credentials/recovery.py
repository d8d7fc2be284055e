"""Recovery codes: made here, shown once, written on paper, used once; pure but for the making."""

import secrets
from typing import Final

from governance.identity.rules import digest

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford: nothing reads like another
GROUPS, LETTERS = 4, 4  # 80 bits, so that a digest needs no slow hash
LIKE: Final = str.maketrans({"o": "0", "i": "1", "l": "1"})


def new_codes(number: int) -> tuple[str, ...]:
    """Fresh codes as they are shown."""
    return tuple(
        "-".join("".join(secrets.choice(ALPHABET) for _ in range(LETTERS)) for _ in range(GROUPS))
        for _ in range(number)
    )


def recovery_digest(typed: str) -> bytes:
    """What is stored of a code, however it was typed."""
    plain = "".join(sign for sign in typed.casefold() if sign.isalnum()).translate(LIKE)
    return digest(f"recovery/{plain[: GROUPS * LETTERS * 2]}")
