"""From a normalised row to a typed draft of a table row; pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime

from governance.core.clock import JST
from governance.core.terms import FieldId
from governance.crypto.values import Plain
from governance.customers.catalogue import CatalogueField, Storage, catalogue, derived
from governance.customers.custom.types import WHOLE, CustomKind
from governance.customers.kinds import KINDS
from governance.customers.master.types import FORMS
from governance.customers.types import NormalisedRow, SourceKind
from governance.gateway.intake.around import around_draft, keyed, person_values
from governance.gateway.intake.types import Draft

TABLE_OF: Mapping[SourceKind, str] = {kind: row.table for kind, row in KINDS.items()}
KEY_OF: Mapping[SourceKind, str] = {
    kind: row.key for kind, row in KINDS.items() if row.key and kind is not SourceKind.CUSTOMERS
}
STATUS = {"有効": "active", "休眠": "dormant", "退会済": "withdrawn", "見込": "prospect"}
PERMISSION = {"可": "yes", "不可": "no", "要確認": "ask"}
CHANNEL = {"メール": "email", "電話": "phone", "郵送": "post", "SMS": "sms"}
TYPE = {"単品": "single", "定期": "subscription"}
PAYMENT = {"済": "paid", "未払": "unpaid", "返金済": "refunded"}
CONTRACT = {"契約中": "running", "解約済": "cancelled"}
CODES: Mapping[str, Mapping[str, str]] = {
    "person.status": STATUS,
    "person.contact_permission": PERMISSION,
    "person.preferred_channel": CHANNEL,
    "purchase.type": TYPE,
    "purchase.payment_status": PAYMENT,
    "purchase.contract_status": CONTRACT,
}
DEFAULTS: Mapping[str, str] = {
    "person.status": "unknown",
    "person.contact_permission": "unknown",
    "purchase.type": "single",
}
INTEGERS = frozenset(
    {
        "company.employees",
        "purchase.quantity",
        "purchase.unit_price",
        "purchase.amount",
        "deal.amount",
        "person.unpaid_balance",
    }
)
Read = Callable[[str], Plain | None]
MONEY_LIMIT = 2**53  # yen; no amount of a shop is larger


def draft_of(row: NormalisedRow, kind: SourceKind, *, file: str) -> Draft:
    """The row's values as the table's types; keys of other rows stay beside them."""
    table = TABLE_OF[kind]
    if table in FORMS:
        return _around(row, kind, file=file)
    values = row.values
    clear: dict[str, object] = {}
    plain: dict[FieldId, Plain] = {}
    for field, column, sealed, read in _plan(table):
        text = values.get(column)
        value = read(text) if text else None
        if sealed:
            if value is not None:
                plain[field] = value
        elif column in values or field in DEFAULTS:
            clear[column] = value if value is not None else DEFAULTS.get(field)
    key = values.get(KEY_OF[kind]) if kind in KEY_OF else None
    if table == "person":
        clear |= _acquisition(row, kind, file=file)
    else:
        clear["source_key"] = key or f"{file}:{row.number}"
    return Draft(
        number=row.number,
        table=table,
        key=key,
        owner_key=values.get("customer_id"),
        clear=clear,
        plain=plain,
        origin=values.get("origin"),
        birth=_date(values.get("birth_date")),
        guardian_on=_date(values.get("guardian_consent_on")),
        hold=values.get("legal_hold") == "true",
        problems=row.problems,
    )


def _around(row: NormalisedRow, kind: SourceKind, *, file: str) -> Draft:
    """A row around a person, with the person where the row alone names them."""
    draft = around_draft(row, kind)
    if (key := draft.refs.get("person")) is None:
        return draft
    whole = replace(row, values=person_values(row), problems=())
    person = draft_of(whole, SourceKind.CUSTOMERS, file=file)
    return replace(draft, person=keyed(person, key))


def _acquisition(row: NormalisedRow, kind: SourceKind, *, file: str) -> dict[str, object]:
    """Where and when the data came from (取得元・取得日)."""
    values = row.values
    day = _date(values.get("registered_on"))
    if kind is SourceKind.OPTIN:
        received = values.get("received_at")
        day = datetime.fromisoformat(received).astimezone(JST).date() if received else None
        return {
            "source_file": file,
            "source_row": row.number,
            "acquired_on": day,
            "registered_on": day,
            "source": "web_form",
            "status": "prospect",
            "problems": len(row.problems),
        }
    return {
        "source_file": file,
        "source_row": row.number,
        "acquired_on": _date(values.get("acquired_on")) or day,
        "problems": len(row.problems),
    }


@derived
def _plan(table: str) -> tuple[tuple[FieldId, str, bool, Read], ...]:
    """Each field of a table: its id, its column, whether it is sealed, how its text is read."""
    return tuple(
        (field.id, field.column, field.storage is Storage.SEALED, _reader(field))
        for field in catalogue().table(table).fields
    )


def _reader(field: CatalogueField) -> Read:
    """How a canonical text becomes the column's type."""
    if field.id in CODES:
        codes = CODES[field.id]
        return lambda value: codes.get(value, value)
    if field.id in INTEGERS or field.custom in WHOLE:
        return _integer
    if field.custom is not None:
        return _date if field.custom is CustomKind.DATE else str
    if field.id == "deal.probability":
        return _percent
    endings = (read for ending, read in READ_BY_ENDING.items() if field.column.endswith(ending))
    return next(endings, str)


def _integer(value: str) -> int | None:
    number = int(value)
    return number if abs(number) < MONEY_LIMIT else None


def _percent(value: str) -> int | None:
    digits = value.rstrip("%")
    return int(digits) if digits.isdigit() else None


def _date(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None


def _instant(value: str) -> datetime:
    return datetime.fromisoformat(value)


READ_BY_ENDING: Mapping[str, Read] = {
    "_on": _date,
    "_date": _date,
    "since": _date,
    "_at": _instant,
}
