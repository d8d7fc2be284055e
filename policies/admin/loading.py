"""The stored policy that is in force, proved before it decides anything.

Documents and entry must carry a signature of this installation, the digest must be that of the
documents, and the log must name the same entry. What fails any of it opens nothing.
"""

from sqlalchemy import Connection

from governance.core.errors import GovernanceError
from governance.core.logging import logger
from policies.admin import store
from policies.admin.documents import Documents, parse_documents
from policies.admin.errors import PolicyBrokenError, PolicyUnknownError
from policies.admin.sealing import demand_signed, entry_message, version_message
from policies.admin.types import Desk, Entry, StoredVersion
from policies.duties import administrable
from policies.in_force import EntryState, number_in_force
from policies.snapshot import NO_POLICY, PolicySnapshot

log = logger()


def proved(desk: Desk, stored: StoredVersion) -> Documents:
    """The documents of a stored version; raises PolicyBrokenError where they are not what was."""
    vault = desk.ports.vault
    demand_signed(vault, version_message(vault.ring.installation, stored), stored.signature)
    documents = parse_documents(stored.content)
    if documents.digest != stored.digest:
        raise PolicyBrokenError(reason="digest")  # fails closed: the documents were changed
    return documents


def documents_of(tx: Connection, desk: Desk, entry: Entry) -> Documents:
    """The documents that an entry puts in force, both proved."""
    vault = desk.ports.vault
    demand_signed(vault, entry_message(vault.ring.installation, entry), entry.signature)
    stored = store.version_by_id(tx, entry.version_id)
    if stored is None or stored.digest != entry.digest:
        raise PolicyBrokenError(reason="digest")  # fails closed: another version was put under it
    return proved(desk, stored)


def entry_of(tx: Connection, number: int) -> Entry:
    """The entry with this number."""
    found = store.entry_by_number(tx, number)
    if found is None:
        raise PolicyUnknownError
    return found


def documents_in_force(tx: Connection, desk: Desk) -> tuple[int, Documents] | None:
    """Number and documents of what is in force; None before the first start."""
    number = number_in_force(tx)
    named = store.number_in_log(tx)
    if named is not None and named != number:
        raise PolicyBrokenError(reason="log")  # fails closed: an entry was added or taken away
    if number == 0:
        return None
    return number, documents_of(tx, desk, entry_of(tx, number))


def load(tx: Connection, desk: Desk) -> tuple[int, PolicySnapshot] | None:
    """Number and compiled policy in force; raises what makes it unusable."""
    found = documents_in_force(tx, desk)
    if found is None:
        return None
    number, documents = found
    return number, desk.compiled(documents)


def load_or_nothing(tx: Connection, desk: Desk) -> tuple[int, PolicySnapshot] | None:
    """As `load`; a policy that cannot be loaded is the one that answers unavailable to all."""
    number = number_in_force(tx)
    try:
        return load(tx, desk)
    except GovernanceError as error:
        log.error("policy.unusable", code=error.code, seq=number)  # noqa: TRY400 # the code says it
        return number, NO_POLICY  # fails closed: nothing is allowed by what cannot be proved


def judging(tx: Connection, desk: Desk) -> PolicySnapshot:
    """The policy by which acts on policies are judged: the one in force.

    Where that one cannot be loaded, or gives nobody the two parts of a change, the newest earlier
    one that can be proved and does: otherwise nobody could ever put another in its place.
    """
    if administrable(desk.ports.policies.current):
        return desk.ports.policies.current
    for entry in store.entries(tx):
        if entry.state is EntryState.TAKEN:
            try:
                snapshot = desk.compiled(documents_of(tx, desk, entry))
            except GovernanceError:
                continue  # fails closed: an entry that cannot be proved judges nobody
            if administrable(snapshot):
                return snapshot
    return NO_POLICY
