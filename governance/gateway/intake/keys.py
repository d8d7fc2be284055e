"""The key of a row at its source, where the file has no customer id.

A form's number is one. Otherwise it is made of name and first contact, so that a corrected or
newer file finds the person again; the n-th row that says the same is the n-th of its kind.
"""

import hashlib
from dataclasses import replace

from governance.core.terms import FieldId
from governance.customers.normalise.names import name_key
from governance.customers.types import NormalisedRow, SourceKind
from governance.gateway.intake.types import UNNAMED_SOURCE, Draft

SOURCE_KEY = FieldId("person.source_key")
CONTACTS = ("email", "mobile", "phone", "address")
DIGITS = 32  # of the digest; enough that two persons never share a key


def key_of(row: NormalisedRow, kind: SourceKind, *, source: str) -> str | None:
    """The row's key in the source's own numbering; none when nothing tells the person."""
    if kind is SourceKind.OPTIN and (number := row.get("form_id")):
        space = kind.value if source.startswith(UNNAMED_SOURCE) else source
        return f"{space}:{number}"
    if kind not in (SourceKind.CUSTOMERS, SourceKind.OPTIN) or row.get("customer_id"):
        return None
    digest = digest_of(row)
    return f"{source}:{digest}" if digest is not None else None


def digest_of(row: NormalisedRow) -> str | None:
    """What tells the person of a row by name and first contact; none when nothing does."""
    name = row.get("name")
    contact = next((value for column in CONTACTS if (value := row.get(column))), None)
    told = contact or row.get("birth_date")
    if not name or not told:
        return None
    words = "\x1f".join((name_key(name), told.casefold()))
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def with_key(draft: Draft, key: str | None) -> Draft:
    """The draft with its key, sealed and searched for like any other field."""
    return draft if key is None else replace(draft, plain={**draft.plain, SOURCE_KEY: key})
