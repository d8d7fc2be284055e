"""Bodies of the register's HTTP interface, as they come in; nothing beyond what is named here."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from governance.customers.catalogue import catalogue
from governance.customers.master.types import FORMS, Form
from governance.customers.sources.types import AcquisitionGround
from governance.gateway.writing.types import AcquiredFrom, AcquisitionMethod, Reason
from governance.gateway.writing.values import Form as Written
from governance.gateway.writing.values import forms

MAX_ITEMS = 1_000  # of one bulk request
MAX_FIELDS = 100
ID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

Scalar = str | int | bool | None
Members = Annotated[dict[str, Scalar], Field(max_length=MAX_FIELDS)]
Identifier = Annotated[str, Field(pattern=ID)]


class Strict(BaseModel):
    """No member beyond the named ones, no conversion, no value in an error."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True, frozen=True)


def taking(model: type[Strict], example: Mapping[str, Any]) -> dict[str, Any]:
    """The body that an address takes, as its part of the OpenAPI document."""
    content = {"schema": model.model_json_schema(), "example": dict(example)}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def _day(value: object) -> object:
    """A JSON string as a day; anything else is refused by the type."""
    if isinstance(value, str):
        return date.fromisoformat(value)
    return value


Day = Annotated[date, BeforeValidator(_day)]


def _moment(value: object) -> object:
    """A JSON string as an instant; one without its offset is no instant."""
    if not isinstance(value, str):
        return value
    found = datetime.fromisoformat(value)
    if found.utcoffset() is None:
        raise ValueError
    return found


Moment = Annotated[datetime, BeforeValidator(_moment)]


def of_words(kind: Any) -> Any:
    """A JSON string as a word of a closed list."""
    return BeforeValidator(lambda value: kind(value) if isinstance(value, str) else value)


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError
    return value


Words = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_filled)]
Ground = Annotated[AcquisitionGround, of_words(AcquisitionGround)]
From = Annotated[AcquiredFrom, of_words(AcquiredFrom)]


class AcquisitionIn(Strict):
    """取得の記録: from whom, how, when and from what country the data came."""

    acquired_from: From
    method: Annotated[AcquisitionMethod, of_words(AcquisitionMethod)]
    source: Words
    on: Day | None = None
    origin: Annotated[str, Field(pattern=r"^[A-Z]{2,3}$")] | None = None
    ground: Ground | None = None
    provider: Words | None = None
    own_sign_up: bool = False


class PersonIn(Strict):
    """A new person."""

    fields: Members
    acquisition: AcquisitionIn


class RowIn(Strict):
    """A new company, or a new row about a known person."""

    fields: Members


class DealIn(Strict):
    """A new deal of a person, perhaps with a company that is known."""

    fields: Members
    company: Identifier | None = None


class BulkReadIn(Strict):
    """Which rows and fields are asked for, for what purpose."""

    purpose: Words
    ids: Annotated[list[Identifier], Field(min_length=1, max_length=MAX_ITEMS)]
    fields: Annotated[list[str], Field(max_length=MAX_FIELDS)] | None = None


class CreateItem(Strict):
    """One new row of a bulk request; a person comes with the acquisition record."""

    op: Literal["create"]
    fields: Members
    acquisition: AcquisitionIn | None = None


class CorrectItem(Strict):
    """One correction of a bulk request; null empties a field."""

    op: Literal["correct"]
    id: Identifier
    if_match: Annotated[str, Field(min_length=1, max_length=200)]
    fields: Members
    reason: Annotated[Reason, of_words(Reason)]
    acquired_from: From = AcquiredFrom.PERSON
    ground: Ground | None = None


class BulkWriteIn(Strict):
    """Many items for one purpose; `atomic` stores all or none."""

    purpose: Words
    atomic: bool = False
    items: Annotated[
        list[Annotated[CreateItem | CorrectItem, Field(discriminator="op")]],
        Field(min_length=1, max_length=MAX_ITEMS),
    ]


class CorrectionQuery(Strict):
    """Why a row is corrected and who told, in the query of a PATCH."""

    reason: Annotated[Reason, of_words(Reason)]
    acquired_from: From = AcquiredFrom.PERSON
    ground: Ground | None = None


def members_schema(table: str) -> dict[str, Any]:
    """The fields of a table as JSON Schema, with their names in both languages."""
    if table in FORMS:
        return _around_schema(table)
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {
                "type": [_json_type(form), "null"],
                "description": f"{form.field.label_ja} / {form.field.label_en}",
                **({"maxLength": form.limit} if _json_type(form) == "string" else {}),
            }
            for name, form in forms(table).items()
        },
    }


def _json_type(form: Written) -> str:
    if form.flag:
        return "boolean"
    return "integer" if form.whole else "string"


def _around_schema(table: str) -> dict[str, Any]:
    kinds = {Form.FLAG: "boolean", Form.NUMBER: "integer"}
    known = {entry.column: entry for entry in catalogue().table(table).fields}
    properties: dict[str, Any] = {}
    for name, form in FORMS[table].items():
        label = f"{known[name].label_ja} / {known[name].label_en}" if name in known else name
        properties[name] = {
            "type": [kinds.get(form.form, "string"), "null"],
            "description": label,
            **({"enum": [*(code.value for code in form.codes), None]} if form.codes else {}),
        }
    return {"type": "object", "additionalProperties": False, "properties": properties}
