"""Which policy a word on the command line means: a folder, or one of the installation."""

from dataclasses import dataclass
from pathlib import Path

from consent.notices.shipped import shipped
from governance.app.catalogue import policy_fields
from governance.app.folders import NotInitialisedError, require_file
from governance.app.policy import first_documents
from governance.app.wiring import Wiring
from governance.cli.errors import PolicyFolderError
from governance.cli.session import opened, settings
from governance.customers.custom.declaration import read_declaration
from policies.admin.checking import known_notices, surroundings_of
from policies.admin.documents import Documents, as_added, compiled, read_documents
from policies.admin.documents import shipped_documents as default_documents
from policies.admin.sources import CURRENT, DEFAULT, WORDS, documents_named
from policies.beside import Surroundings
from policies.snapshot import PolicySnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A compiled policy and what stands beside it here."""

    snapshot: PolicySnapshot
    around: Surroundings


def installed() -> bool:
    """Whether an installation lies in the data folder of this command line."""
    try:
        require_file(settings().database)
    except NotInitialisedError:
        return False
    return True


def documents_at(word: str) -> Documents | None:
    """The documents of a folder or of the shipped policy; None for one of the installation."""
    if word == DEFAULT:
        return default_documents()
    folder = Path(word)
    if word in WORDS or not (folder.is_dir() or "/" in word):
        return None
    if not folder.is_dir():
        raise PolicyFolderError(path=word)
    return read_documents(folder)


def choose(word: str | None) -> Chosen:
    """The policy that the word means; without one that in force here, else the configured one."""
    documents = None if word is None else documents_at(word)
    if not installed() and (documents is not None or word is None):
        found = settings()
        added = as_added(policy_fields(read_declaration(found.catalogue_folder)))
        snapshot = compiled(documents or first_documents(found), added)
        return Chosen(snapshot=snapshot, around=known_notices(one.version for one in shipped()))
    with opened() as wiring:
        return chosen_in(wiring, word or CURRENT)


def chosen_in(wiring: Wiring, word: str) -> Chosen:
    """The policy that the word means, in an open installation."""
    documents, desk = documents_at(word), wiring.policy_desk
    with wiring.database.read() as tx:
        if documents is None:
            documents = documents_named(tx, desk, word)
        return Chosen(snapshot=desk.compiled(documents), around=surroundings_of(tx))
