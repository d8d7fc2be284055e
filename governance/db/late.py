"""What a transaction does last: once, right before its commit, for all who asked.

A lock that every writer needs is so held for a moment, and taken after all others.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Engine, event

Last = Callable[[Connection, Sequence[str]], None]
KEY: Final = "before_commit"


def before_commit(tx: Connection, act: Last, names: Iterable[str]) -> None:
    """`act` runs once before the commit, with every name that was given for it.

    A rolled-back savepoint takes its names not back: `act` must bear a name too many.
    """
    waiting: dict[Last, dict[str, None]] = tx.info.setdefault(KEY, {})
    waiting.setdefault(act, {}).update(dict.fromkeys(names))


def listen(engine: Engine) -> None:
    """Transactions of this engine do their last acts."""
    event.listen(engine, "begin", _forget)
    event.listen(engine, "rollback", _forget)
    event.listen(engine, "commit", _act)


def _forget(tx: Connection) -> None:
    if not tx.invalidated:  # the server ended the session, and its memory went with it
        tx.info.pop(KEY, None)


def _act(tx: Connection) -> None:
    waiting: dict[Last, dict[str, Any]] = tx.info.pop(KEY, {})
    try:
        for act, names in waiting.items():
            act(tx, tuple(names))
    except BaseException:  # the commit that fails here does not end the engine's transaction
        tx.connection.rollback()
        raise
