"""What every source is asked, and how a stored code is said to the person."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from governance.core.terms import FieldId, Lang, Law, PurposeId, RequestId, SubjectId
from governance.customers.catalogue import catalogue
from governance.customers.master.words import said
from governance.http.principal import Principal

PURPOSE: Final = PurposeId("dsar_fulfilment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Whose data is looked for, on whose authority, for which request."""

    request: RequestId
    laws: frozenset[Law]
    subject: SubjectId
    principal: Principal = field(repr=False)
    at: datetime


def words_of(name: FieldId, value: str) -> str:
    """The value; a code with what it means in both languages."""
    ja, en = (said(catalogue(), name, value, lang) for lang in Lang)
    return value if ja == en == value else f"{ja} / {en}"
