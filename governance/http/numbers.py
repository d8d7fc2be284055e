"""Whole numbers that a caller sends: from nothing up to the largest that both databases hold."""

from typing import Annotated, Final

from fastapi import Form, Path, Query

LARGEST_NUMBER: Final = 2**63 - 1
NumberAsked = Annotated[int, Query(ge=0, le=LARGEST_NUMBER)]
NumberSent = Annotated[int, Form(ge=0, le=LARGEST_NUMBER)]
NumberNamed = Annotated[int, Path(ge=0, le=LARGEST_NUMBER)]


def number_in(words: str) -> int | None:
    """The number that the words are; None for everything else."""
    if not words.isascii() or not words.isdigit() or len(words) > len(str(LARGEST_NUMBER)):
        return None
    return found if (found := int(words)) <= LARGEST_NUMBER else None
