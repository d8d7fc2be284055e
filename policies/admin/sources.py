"""Which policy a word means: in force, shipped, an entry by number or version, a proposal."""

from typing import Final

from sqlalchemy import Connection

from governance.approvals import store as approvals_store
from governance.approvals.errors import ApprovalNotFoundError
from governance.approvals.types import ApprovalId, ApprovalKind
from governance.core.terms import RowId
from policies.admin import store
from policies.admin.documents import Documents, shipped_documents
from policies.admin.errors import PolicyUnknownError
from policies.admin.loading import documents_in_force, documents_of, proved
from policies.admin.service import change_of
from policies.admin.types import Desk, Entry

CURRENT: Final = "current"
DEFAULT: Final = "default"
WORDS: Final = frozenset({CURRENT, DEFAULT})


def documents_named(tx: Connection, desk: Desk, word: str) -> Documents:
    """The documents that the word means, proved; raises PolicyUnknownError."""
    if word == DEFAULT:
        return shipped_documents()
    if word == CURRENT:
        found = documents_in_force(tx, desk)
        if found is None:
            raise PolicyUnknownError
        return found[1]
    entry = entry_named(tx, word)
    return documents_of(tx, desk, entry) if entry is not None else _proposed(tx, desk, word)


def entry_named(tx: Connection, word: str) -> Entry | None:
    """The entry with this number, or the newest one of this version."""
    if word.isdecimal() and len(word) < len(str(2**63)):
        return store.entry_by_number(tx, int(word))
    return next((entry for entry in store.entries(tx) if entry.version == word), None)


def _proposed(tx: Connection, desk: Desk, word: str) -> Documents:
    """The documents of an approval that waits, or of a stored version by its id."""
    version = RowId(word)
    try:
        approval = approvals_store.find(tx, ApprovalId(word))
        if approval.kind is ApprovalKind.POLICY_CHANGE:
            sealed = approvals_store.sealed_of(tx, approval.id)
            version = change_of(desk, approval.object_ref, sealed).version_id
    except ApprovalNotFoundError:
        pass
    stored = store.version_by_id(tx, version)
    if stored is None:
        raise PolicyUnknownError
    return proved(desk, stored)
