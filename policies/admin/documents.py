"""The files of one policy as one value: read from a folder, digested, stored, compiled."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from audit.types import canonical_json
from policies.admin.errors import PolicyBrokenError
from policies.document import PolicyField
from policies.load import default_folder, load_sources, read_sources
from policies.snapshot import PolicySnapshot, compile_policy, default_snapshot

FORMAT: Final = "sekisho/policy/1"
COMPILED: Final = 6  # policies remembered in a process: in force, proposed, before, on trial
Added = tuple[tuple[str, tuple[PolicyField, ...]], ...]  # an installation's own fields


@dataclass(frozen=True, slots=True)
class Documents:
    """The files of a policy by their names, in order."""

    files: tuple[tuple[str, str], ...]

    @property
    def content(self) -> bytes:
        """The one spelling that is stored."""
        return canonical_json({"format": FORMAT, "files": dict(self.files)})

    @property
    def digest(self) -> str:
        """SHA-256 of the stored spelling."""
        return sha256(self.content).hexdigest()

    @property
    def archive(self) -> bytes:
        """The files as one ZIP archive, the same octets each time."""
        made = BytesIO()
        with ZipFile(made, "w", ZIP_DEFLATED) as archive:
            for name, text in self.files:
                archive.writestr(ZipInfo(name), text.encode(), ZIP_DEFLATED)
        return made.getvalue()


def read_documents(folder: Path | Traversable) -> Documents:
    """The policy files of a folder; raises PolicyRefusedError where one cannot be read."""
    sources = read_sources(folder)
    if not sources or None in sources.values():
        load_sources(sources)  # says which and why
    return Documents(tuple(sorted((name, text or "") for name, text in sources.items())))


def parse_documents(content: bytes) -> Documents:
    """The documents of a stored spelling; raises PolicyBrokenError for anything else."""
    try:
        found = json.loads(content)
        files = tuple(sorted((str(name), str(text)) for name, text in found["files"].items()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PolicyBrokenError(reason="unreadable") from error
    made = Documents(files)
    if made.content != content:
        raise PolicyBrokenError(reason="unreadable")  # fails closed: another spelling
    return made


def shipped_documents() -> Documents:
    """The policy that ships with the product."""
    return read_documents(default_folder())


def as_added(added: Mapping[str, tuple[PolicyField, ...]]) -> Added:
    """An installation's own fields as a value that can be remembered."""
    return tuple(sorted(added.items()))


@lru_cache(maxsize=COMPILED)
def compiled(documents: Documents, added: Added) -> PolicySnapshot:
    """The policy of these documents, compiled and compared with Casbin.

    Raises PolicyRefusedError or PolicyMismatchError; then nothing is remembered.
    """
    if not added and documents == shipped_documents():
        return default_snapshot()
    return compile_policy(load_sources(dict(documents.files), added=dict(added)))
