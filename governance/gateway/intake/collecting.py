"""Python's search for cycles made rare while rows are taken in: it would find none in them."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

USUAL = gc.get_threshold()
RARE = (200_000, 20, 100)  # new objects; some thousand rows, so that other threads' cycles end too


@contextmanager
def rare_collections() -> Iterator[None]:
    """Within the block what exists is left alone and new objects are looked at seldom."""
    gc.freeze()
    gc.set_threshold(*RARE)
    try:
        yield
    finally:
        gc.set_threshold(*USUAL)
        gc.unfreeze()
