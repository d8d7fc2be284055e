"""What a source found about a person, and its one spelling as bytes for sealing."""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any, Final

from audit.types import canonical_json
from dsar.case import WithheldItem
from dsar.types import Ground
from governance.core.terms import FieldId, RowId
from governance.pii.redaction import Placeholders, kind_of
from policies.masking import Span
from policies.types import Label

VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundValue:
    """One value with the places in it that are about others."""

    name: FieldId
    label: Label
    text: str = field(repr=False)
    others: tuple[Span, ...] = ()  # places only; what stands there is in `text`

    def shown(self, placeholders: Placeholders) -> str:
        """The text as the person gets it: others stand as placeholders, the same ones throughout.

        For the officer's review the text itself stays in the sealed finding, and nowhere else.
        """
        if not self.others:
            return self.text
        places = [(place.start, place.end, kind_of(place.label)) for place in self.others]
        return placeholders.redacted(self.text, places)


def named(source: Label, field: Label) -> Label:
    """Source and field in words."""
    return Label(ja=f"{source.ja}: {field.ja}", en=f"{source.en}: {field.en}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A file of a record that only an officer can judge; its value is hidden until one did."""

    stands_for: FieldId  # its value: where that is shown as it is, the file is handed over
    name: str  # in the package; says nothing of the person
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRecord:
    """One record of a source."""

    row: RowId
    values: tuple[FoundValue, ...] = field(repr=False)
    file: FoundFile | None = field(default=None, repr=False)

    @property
    def handed(self) -> FoundFile | None:
        """The file, where nothing hides it and no exception took it out."""
        plain = {value.name for value in self.values if not value.others}
        return self.file if self.file is not None and self.file.stands_for in plain else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A source that answered; no records means that it holds nothing."""

    source: str
    label: Label
    records: tuple[FoundRecord, ...] = field(repr=False)
    withheld: tuple[WithheldItem, ...] = ()  # left out before any officer's decision
    labels: tuple[tuple[FieldId, Label], ...] = ()  # of withheld fields that nobody declared

    @property
    def fields(self) -> int:
        """How many values were found."""
        return sum(len(record.values) for record in self.records)

    @property
    def redactions(self) -> int:
        """How many places were replaced."""
        return sum(len(value.others) for record in self.records for value in record.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A source that could not answer, by the code of its error; it can be asked again."""

    source: str
    code: str


def to_bytes(found: Found) -> bytes:
    """The finding as canonical JSON."""
    return canonical_json(
        {
            "version": VERSION,
            "source": found.source,
            "label": _label(found.label),
            "records": [
                {
                    "row": record.row,
                    "values": [
                        {
                            "field": value.name,
                            "label": _label(value.label),
                            "text": value.text,
                            "others": [[s.start, s.end, s.label] for s in value.others],
                        }
                        for value in record.values
                    ],
                    **_file_written(record.file),
                }
                for record in found.records
            ],
            "withheld": [
                {"field": item.field, "row": item.row, "grounds": [g.value for g in item.grounds]}
                for item in found.withheld
            ],
            "labels": [{"field": name, "label": _label(label)} for name, label in found.labels],
        }
    )


def from_bytes(payload: bytes) -> Found:
    """The finding that `to_bytes` wrote."""
    document: dict[str, Any] = json.loads(payload)
    return Found(
        source=document["source"],
        label=Label(**document["label"]),
        records=tuple(
            FoundRecord(
                row=RowId(record["row"]),
                values=tuple(_value(value) for value in record["values"]),
                file=_file(record.get("file")),
            )
            for record in document["records"]
        ),
        withheld=tuple(
            WithheldItem(
                field=FieldId(item["field"]),
                row=RowId(item["row"]) if item["row"] else None,
                grounds=tuple(Ground(code) for code in item["grounds"]),
            )
            for item in document["withheld"]
        ),
        labels=tuple(
            (FieldId(item["field"]), Label(**item["label"])) for item in document.get("labels", ())
        ),  # absent in findings of earlier versions
    )


def _file_written(file: FoundFile | None) -> dict[str, object]:
    """The file's part of a record; nothing where it has none, as in earlier versions."""
    if file is None:
        return {}
    content = b64encode(file.content).decode()
    return {"file": {"value": file.stands_for, "name": file.name, "content": content}}


def _file(written: dict[str, str] | None) -> FoundFile | None:
    if written is None:
        return None
    return FoundFile(
        stands_for=FieldId(written["value"]),
        name=written["name"],
        content=b64decode(written["content"]),
    )


def _value(value: dict[str, Any]) -> FoundValue:
    return FoundValue(
        name=FieldId(value["field"]),
        label=Label(**value["label"]),
        text=value["text"],
        others=tuple(
            Span(start=start, end=end, label=label) for start, end, label in value["others"]
        ),
    )


def label_text(label: Label | None) -> str | None:
    """A label as one column keeps it."""
    return None if label is None else json.dumps(_label(label), ensure_ascii=False)


def label_from(column: str | None = None) -> Label | None:
    """The label of a column."""
    return None if column is None else Label(**json.loads(column))


def _label(label: Label) -> dict[str, str]:
    return {"ja": label.ja, "en": label.en}
