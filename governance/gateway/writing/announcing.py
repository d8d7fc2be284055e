"""A changed contact is told to the contact that it was: whoever did not ask for it can still act.

A stolen session or a deceived clerk changes the address first; the old address is the only way to
the person that the thief does not hold.
"""

from typing import Final

from sqlalchemy import Connection

from governance.core.ids import new_row_id
from governance.core.terms import FieldId, Lang
from governance.customers.post import EMAIL, post
from governance.customers.store import Record
from governance.gateway.writing.prepare import Ready
from governance.gateway.writing.steps import Writer
from governance.outbound.mail import ADDRESS, Mail
from governance.outbound.sms import E164, Sms, international

PHONES: Final = (FieldId("person.mobile"), FieldId("person.phone"))
TEMPLATE: Final = "customers.mail.contact_changed"
SHORT: Final = "customers.sms.contact_changed"


def announce_contacts(tx: Connection, writer: Writer, ready: Ready, before: Record) -> bool:
    """A message to each contact that this writing replaces waits to leave with it.

    Whether the e-mail address is one of them.
    """
    wanted = {
        name: cell
        for name, cell in before.sealed.items()
        if name in (EMAIL, *PHONES) and name in ready.fields
    }
    if not wanted:
        return False
    opened = writer.ports.vault.open_row(before.id, wanted)
    replaced = {
        name: old
        for name, cell in opened.items()
        if (old := str(cell.value or "")) and old != ready.plain.get(name)
    }
    for name, old in replaced.items():
        message = _message(name, old)
        if message is not None:
            post(tx, writer.ports.vault, message, subject=ready.subject, at=writer.at)
    return EMAIL in replaced


def _message(name: FieldId, old: str) -> Mail | Sms | None:
    """The words for the old contact; None when nothing can be sent to it."""
    key = f"contact/{new_row_id()}"
    if name == EMAIL:
        fits = ADDRESS.fullmatch(old)
        return Mail(idem_key=key, to=old, template=TEMPLATE, lang=Lang.JA) if fits else None
    number = international(old)
    fits = E164.fullmatch(number)
    return Sms(idem_key=key, to=number, template=SHORT, lang=Lang.JA) if fits else None
