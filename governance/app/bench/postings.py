"""An index of many persons at once: tokens are sorted on disk first, then stored in key order."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Self

from sqlalchemy import Connection

from governance.customers import tokens
from governance.customers.postings import post
from governance.customers.tokens import RowTokens
from governance.db.engine import Database

ROW = 16  # octets of a row's id
STORED = 200_000  # tokens of one commit


class Postings:
    """Tokens on their way into the index, one file for each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[int, tuple[BinaryIO, int]] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._folder.mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, tx: Connection, rows: Sequence[RowTokens]) -> None:
        """The rows are known to the index; what finds them waits in the files."""
        known = tokens.number_indexes(tx, {version for row in rows for version in row.tokens})
        tokens.put_entries(tx, rows, known)
        for row in rows:
            key = tokens.packed(row.row)
            for version, made in row.tokens.items():
                number = known.numbers[version]
                if number not in self._files:
                    path = self._folder / str(number)
                    stream = self._open.enter_context(path.open("w+b"))
                    self._files[number] = stream, len(made[0])
                self._files[number][0].write(b"".join(token + key for token in made))

    def store(self, database: Database) -> None:
        """Everything that waited is found."""
        for number in sorted(self._files):
            stream, width = self._files[number]
            stream.seek(0)
            whole, size = stream.read(), width + ROW
            found = sorted(whole[at : at + size] for at in range(0, len(whole), size))
            for start in range(0, len(found), STORED):
                part = [(number, one[:width], one[width:]) for one in found[start : start + STORED]]
                database.write(lambda tx, part=part: post(tx, part))  # type: ignore[misc] # bound now
