"""Collection points from YAML with keys in English or Japanese; read strictly."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from consent.collecting.errors import PointFormError
from consent.collecting.types import AgeQuestion, Ask, AskForm, Point, PointField, PointKind
from governance.core.terms import Lang, NoticeId, PurposeId
from policies.law.errors import LawError
from policies.law.reader import Node, Record, read_yaml
from policies.types import Label

SCHEMA = "sekisho-collection/1"
JAPANESE: Mapping[str, str] = {
    "様式": "schema",
    "収集窓口": "points",
    "名前": "id",
    "版": "version",
    "種類": "kind",
    "標題": "title",
    "説明": "lead",
    "通知文": "notice",
    "取得元": "source",
    "項目": "fields",
    "項目名": "name",
    "利用目的": "purposes",
    "必須": "required",
    "補足": "hint",
    "同意": "asks",
    "目的": "purpose",
    "文言": "words",
    "尋ね方": "form",
    "連絡手段": "channel",
    "年齢": "age",
    "言語": "langs",
    "画面": "hosted",
    "開始日": "valid_from",
    "終了日": "valid_to",
}
NEEDED = ("id", "version", "kind", "title", "lead", "notice", "source", "fields")
OPTIONAL = ("asks", "age", "langs", "hosted", "valid_from", "valid_to")


def read_points(text: str, *, file: str = "points.yaml") -> tuple[Point, ...]:
    """The points of this document; raises PointFormError naming the place."""
    try:
        root = read_yaml(text, file=file)
        plain = Node(file=root.file, path="", value=_english(root.value))
        entry = plain.record(required=("schema", "points"))
        if entry["schema"].text() != SCHEMA:
            raise entry["schema"].bad(SCHEMA)
        return tuple(_point(node) for node in entry["points"].items())
    except LawError as error:
        place = str(error.params.get("path", "/"))
        raise PointFormError(path=place, problem=error.code.removeprefix("law_schema_")) from None


@cache
def shipped() -> tuple[Point, ...]:
    """The points that come with the product, closed until somebody opens them."""
    return read_points(files("consent.data").joinpath("points.yaml").read_text("utf-8"))


def _point(node: Node) -> Point:
    entry = node.record(required=NEEDED, optional=OPTIONAL)
    age, hosted = entry.get("age"), entry.get("hosted")
    langs = entry.texts("langs") or tuple(lang.value for lang in Lang)
    return Point(
        id=entry["id"].text(),
        version=entry["version"].whole(),
        kind=entry["kind"].one_of(PointKind),
        title=_label(entry["title"]),
        lead=_label(entry["lead"]),
        notice=NoticeId(entry["notice"].text()),
        source=entry["source"].text(),
        fields=tuple(_field(one) for one in entry["fields"].items()),
        asks=tuple(_ask(one) for one in _listed(entry, "asks")),
        age=AgeQuestion.NONE if age is None else age.one_of(AgeQuestion),
        langs=tuple(Lang(one) for one in langs if one in {*Lang}),
        hosted=hosted is not None and hosted.flag(),
        valid_from=entry.day("valid_from"),
        valid_to=entry.day("valid_to"),
    )


def _field(node: Node) -> PointField:
    entry = node.record(required=("name", "purposes"), optional=("required", "hint"))
    required, hint = entry.get("required"), entry.get("hint")
    return PointField(
        name=entry["name"].text(),
        purposes=tuple(map(PurposeId, entry["purposes"].texts())),
        required=required is not None and required.flag(),
        hint=None if hint is None else _label(hint),
    )


def _ask(node: Node) -> Ask:
    entry = node.record(required=("purpose", "words"), optional=("form", "channel"))
    form = entry.get("form")
    return Ask(
        purpose=PurposeId(entry["purpose"].text()),
        words=_label(entry["words"]),
        form=AskForm.BOX if form is None else form.one_of(AskForm),
        channel=entry.text("channel"),
    )


def _listed(entry: Record, key: str) -> Iterable[Node]:
    node = entry.get(key)
    return () if node is None else node.items()


def _label(node: Node) -> Label:
    entry = node.record(required=("ja", "en"))
    return Label(ja=entry["ja"].text().strip(), en=entry["en"].text().strip())


def _english(value: object) -> object:
    """The document with English keys, whichever it was written in."""
    match value:
        case dict():
            return {JAPANESE.get(name, name): _english(inner) for name, inner in value.items()}
        case list():
            return [_english(inner) for inner in value]
        case _:
            return value
