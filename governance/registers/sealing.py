"""What the registers keep sealed: persons at recipients, webhooks, findings, provisions."""

import json
from dataclasses import asdict
from typing import Final

from audit.types import canonical_json
from governance.core.terms import FieldId, RowId
from governance.keys.vault import FieldVault
from governance.registers.provisions.types import Party
from governance.registers.types import Contact, Hook

CONTACT: Final = "recipient"  # kinds of blobs
HOOK: Final = "recipient_hook"
FINDINGS: Final = "recipient_check"
PARTY: Final = "provision_party"
ACQUISITION: Final = "provision_acquisition"
IDENTITY: Final = FieldId("provision.identity")  # of a person, under their record key


def sealed_contact(vault: FieldVault, recipient: RowId, contact: Contact) -> bytes:
    """The contact as it is stored."""
    return vault.seal_blob(CONTACT, recipient, canonical_json(asdict(contact)))


def opened_contact(vault: FieldVault, recipient: RowId, sealed: bytes | None) -> Contact:
    """The persons at a recipient; none where none are stored."""
    if sealed is None:
        return Contact()
    stored = json.loads(vault.open_blob(CONTACT, recipient, sealed))
    return Contact(**{name: str(stored.get(name) or "") for name in Contact.__dataclass_fields__})


def sealed_hook(vault: FieldVault, recipient: RowId, hook: Hook) -> bytes:
    """Address and secret as they are stored."""
    return vault.seal_blob(HOOK, recipient, canonical_json(asdict(hook)))


def opened_hook(vault: FieldVault, recipient: RowId, sealed: bytes) -> Hook:
    """Where the recipient is told, and by what messages are signed."""
    return Hook(**json.loads(vault.open_blob(HOOK, recipient, sealed)))


def sealed_party(vault: FieldVault, provision: RowId, party: Party) -> bytes:
    """Name, address and representative as they were, under the installation's key."""
    return vault.seal_blob(PARTY, provision, canonical_json(asdict(party)))


def opened_party(vault: FieldVault, provision: RowId, sealed: bytes) -> Party:
    """The company of a record as it was."""
    return Party(**json.loads(vault.open_blob(PARTY, provision, sealed)))
