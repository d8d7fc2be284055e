"""Editions from YAML with keys in English or Japanese; read strictly, faults named by place."""

from collections.abc import Mapping

from consent.notices.errors import NoticeFormError
from consent.notices.types import Edition, Transfer
from consent.types import ChangeClass
from governance.core.terms import NoticeId, PurposeId
from policies.law.errors import LawError
from policies.law.reader import Node, Record, read_yaml
from policies.types import Label

SCHEMA = "sekisho-notice/1"
JAPANESE: Mapping[str, str] = {
    "様式": "schema",
    "通知文": "notice",
    "版": "version",
    "施行日": "effective_on",
    "変更区分": "change",
    "標題": "title",
    "本文": "body",
    "変更点": "summary",
    "前の版": "predecessor",
    "変更する利用目的": "purposes",
    "関連性": "relatedness",
    "新しい提供先": "recipient",
    "外国への提供": "transfers",
    "提供先": "recipient",
    "国": "country",
    "外国の名称": "country_name",
    "外国の制度": "system",
    "提供先の措置": "measures",
}
CHANGES: Mapping[str, str] = {
    "初版": "first",
    "軽微": "editorial",
    "重要": "material",
    "提供先の追加": "new_recipient",
}
NEEDED = ("schema", "notice", "version", "effective_on", "change", "title", "body", "summary")
OPTIONAL = ("predecessor", "purposes", "relatedness", "recipient", "transfers")


def read_edition(text: str, *, file: str = "notice.yaml") -> Edition:
    """The edition of this document; raises NoticeFormError naming the place."""
    try:
        return _edition(_translated(read_yaml(text, file=file)))
    except LawError as error:
        raise _refused(error) from None


def edition_of_document(document: Mapping[str, object], *, notice: str, version: str) -> Edition:
    """The edition of a JSON body under its address; raises NoticeFormError naming the place."""
    named = {**document, "schema": SCHEMA, "notice": notice, "version": version}
    try:
        return _edition(Node(file="body", path="", value=named))
    except LawError as error:
        raise _refused(error) from None


def _refused(error: LawError) -> NoticeFormError:
    place = str(error.params.get("path", "/"))
    return NoticeFormError(path=place, problem=error.code.removeprefix("law_schema_"))


def _edition(root: Node) -> Edition:
    entry = root.record(required=NEEDED, optional=OPTIONAL)
    if entry["schema"].text() != SCHEMA:
        raise entry["schema"].bad(SCHEMA)
    transfers = entry.get("transfers")
    return Edition(
        notice=NoticeId(entry["notice"].text()),
        version=entry["version"].text(),
        effective_on=entry["effective_on"].day(),
        change=entry["change"].one_of(ChangeClass),
        title=_label(entry["title"]),
        body=_label(entry["body"]),
        summary=_label(entry["summary"]),
        predecessor=entry.text("predecessor"),
        purposes=tuple(map(PurposeId, entry.texts("purposes"))),
        relatedness=_maybe(entry, "relatedness"),
        recipient=_maybe(entry, "recipient"),
        transfers=() if transfers is None else tuple(_transfer(one) for one in transfers.items()),
    )


def _transfer(node: Node) -> Transfer:
    entry = node.record(
        required=("recipient", "country_name", "system", "measures"), optional=("country",)
    )
    return Transfer(
        recipient=_label(entry["recipient"]),
        country=entry.text("country"),
        country_name=_label(entry["country_name"]),
        system=_label(entry["system"]),
        measures=_label(entry["measures"]),
    )


def _label(node: Node) -> Label:
    entry = node.record(required=("ja", "en"))
    return Label(ja=entry["ja"].text().strip(), en=entry["en"].text().strip())


def _maybe(entry: Record, key: str) -> Label | None:
    node = entry.get(key)
    return None if node is None else _label(node)


def _translated(node: Node) -> Node:
    """The document with English keys and codes, whichever it was written in."""
    return Node(file=node.file, path=node.path, value=_english(node.value, key=""))


def _english(value: object, *, key: str) -> object:
    match value:
        case dict():
            return {
                (known := JAPANESE.get(name, name)): _english(inner, key=known)
                for name, inner in value.items()
            }
        case list():
            return [_english(inner, key=key) for inner in value]
        case str() if key == "change":
            return CHANGES.get(value, value)
        case _:
            return value
