"""The review of what was found, in words: side by side, suggestion by suggestion."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from dsar.answer_words import in_words
from dsar.case import Case, WithheldItem
from dsar.found import Found, FoundRecord, FoundValue
from dsar.review import rules
from dsar.review.applying import Standing, shown, spot_of, standing
from dsar.review.types import Act, ActKind, Lack, Review, Spot
from dsar.types import Ground
from governance.core.terms import FieldId, Lang, RowId
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import text
from governance.pii.redaction import Placeholders
from governance.ui.parts import Choice, Term
from policies.masking import Span
from policies.types import Label

RECORDS = 20  # of one page


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a text: plain, or a place with the numbers of its suggestions."""

    text: str = field(repr=False)
    kind: str = "plain"  # plain, marked, own
    places: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """One suggested redaction and what was said about it."""

    place: int
    words: str = field(repr=False)
    kind: str
    state: str  # open, accept, reveal
    why: str = ""
    by: str = ""
    at: datetime | None = None
    alike: int = 1
    file: str = ""  # the name in the package, where the place stands for a file


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueLine:
    """One value as it is held and as the person will see it."""

    label: str
    name: FieldId
    held: tuple[Piece, ...] = field(repr=False)
    given: tuple[Piece, ...] = field(repr=False)
    left_out: str = ""  # the grounds, when the value is not given at all
    suggested: tuple[Suggested, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether something was suggested, blacked out or left out here."""
        plain = all(piece.kind == "plain" for piece in self.held)
        return bool(self.suggested or self.left_out) or not plain


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    """One record of the source: what is changed or suggested, and what is given as it is held."""

    number: int
    differing: tuple[ValueLine, ...] = field(repr=False)
    same: tuple[Term, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """One source with how much of it still wants a judgement."""

    name: str
    label: str
    records: int
    suggested: int
    open: int
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ActLine:
    """An own redaction or exception in force, which can be taken back."""

    seq: int
    what: str = field(repr=False)
    why: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewShown:
    """Everything that the page says."""

    basis: str
    head: int
    ended: bool
    lack: str
    suggested: int
    open: int
    sources: tuple[SourceLine, ...]
    source: str
    label: str
    records: tuple[RecordLine, ...] = field(repr=False)
    page: int
    pages: int
    acts: tuple[ActLine, ...]
    fields: tuple[Choice, ...]
    rows: tuple[Choice, ...]
    kept_back: tuple[Term, ...] = ()  # fields about others that no answer ever had


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """What every line of the page is made from."""

    lang: Lang
    stands: Standing
    numbers: dict[Spot, int] = field(repr=False)
    alike: dict[Spot, int] = field(repr=False)
    given: dict[tuple[str, RowId, FieldId], str] = field(repr=False)
    signs: tuple[str, ...] = field(repr=False)
    items: dict[tuple[FieldId, RowId | None], tuple[Ground, ...]]


def review_shown(review: Review, case: Case, lang: Lang, *, source: str, page: int) -> ReviewShown:
    """The page of one source; placeholders are numbered over the whole answer."""
    stands = standing(review.acts)
    suggested = rules.suggestions(review.findings)
    waiting = set(rules.open_suggestions(review.findings, review.acts))
    found = _chosen(review.findings, source, waiting)
    pages = max(1, -(-len(found.records) // RECORDS)) if found else 1
    page = min(max(page, 1), pages)
    first = (page - 1) * RECORDS
    view = _view(review, stands, suggested, lang)
    lack = rules.lacking(review.findings, review.acts)
    return ReviewShown(
        basis=review.basis,
        head=review.head,
        ended=case.reviewed is not None,
        lack=lack.value if lack else "",
        suggested=len(suggested),
        open=len(waiting),
        sources=_sources(review.findings, suggested, waiting, lang, here=found),
        source=found.source if found else "",
        label=_label(found, lang) if found else "",
        records=tuple(
            _record(view, found, record, number)
            for number, record in enumerate(found.records[first : first + RECORDS], first + 1)
        )
        if found
        else (),
        page=page,
        pages=pages,
        acts=_act_lines(review, stands, lang),
        fields=_fields(found, lang) if found else (),
        rows=_rows(found, lang, first) if found else (),
        kept_back=_kept_back(found, lang) if found else (),
    )


def _label(found: Found, lang: Lang) -> str:
    return found.label.ja if lang is Lang.JA else found.label.en


def _kept_back(found: Found, lang: Lang) -> tuple[Term, ...]:
    """Fields that name others and were left out when the source was asked, with their grounds."""
    counted = Counter((item.field, item.grounds) for item in found.withheld)
    own, between = dict(found.labels), text("console.person.comma", lang)
    return tuple(
        Term(
            term=_field_label(name, own, lang),
            text=between.join(text(f"dsar.ground.{one}", lang) for one in grounds),
            note=text("console.case.withheld_n", lang, n=number),
        )
        for (name, grounds), number in sorted(counted.items())
    )


def _field_label(name: FieldId, own: Mapping[FieldId, Label], lang: Lang) -> str:
    if (entry := catalogue().fields.get(name)) is not None:
        return entry.label(lang)
    return own[name][lang] if name in own else str(name)


def _chosen(findings: Sequence[Found], source: str, waiting: set[Spot]) -> Found | None:
    """The source asked for; else the first with something to judge, else with anything at all."""
    held = [found for found in findings if found.records]
    named = [found for found in held if found.source == source]
    wanting = {spot.source for spot in waiting}
    open_ones = [found for found in held if found.source in wanting]
    marked = [found for found in held if found.redactions]
    return next(iter((*named, *open_ones, *marked, *held)), None)


def _sources(
    findings: Iterable[Found],
    suggested: Sequence[Spot],
    waiting: set[Spot],
    lang: Lang,
    *,
    here: Found | None,
) -> tuple[SourceLine, ...]:
    return tuple(
        SourceLine(
            name=found.source,
            label=_label(found, lang),
            records=len(found.records),
            suggested=sum(spot.source == found.source for spot in suggested),
            open=sum(spot.source == found.source for spot in waiting),
            here=here is not None and found.source == here.source,
        )
        for found in findings
        if found.records
    )


def _view(review: Review, stands: Standing, suggested: Sequence[Spot], lang: Lang) -> _View:
    """What the person gets of every value: exceptions left out before others are numbered."""
    items = {(one.field, one.row): one.grounds for one in rules.items_of(review.acts)}
    placeholders = Placeholders(lang)
    given = {
        (found.source, record.row, value.name): value.shown(placeholders)
        for found, record, value in rules.values_of(shown(review.findings, review.acts))
        if _grounds(items, record.row, value.name) is None
    }
    said = rules.words_at(review.findings, suggested)
    counts: dict[tuple[str, str], int] = {}
    for spot in suggested:
        key = (spot.label, rules.bare(said[spot]))
        counts[key] = counts.get(key, 0) + 1
    return _View(
        lang=lang,
        stands=stands,
        numbers={spot: number for number, spot in enumerate(suggested, start=1)},
        alike={spot: counts[spot.label, rules.bare(said[spot])] for spot in suggested},
        given=given,
        signs=tuple(sorted(placeholders.hidden, key=len, reverse=True)),
        items=items,
    )


def _grounds(
    items: dict[tuple[FieldId, RowId | None], tuple[Ground, ...]], row: RowId, name: FieldId
) -> tuple[Ground, ...] | None:
    return items.get((name, row)) or items.get((name, None))


def _record(view: _View, found: Found, record: FoundRecord, number: int) -> RecordLine:
    values = [(value, _value(view, found, record, value)) for value in record.values]
    return RecordLine(
        number=number,
        differing=tuple(line for _, line in values if line.differs),
        same=tuple(
            Term(term=line.label, text=in_words(v.name, v.text, view.lang))
            for v, line in values
            if not line.differs
        ),
    )


def _value(view: _View, found: Found, record: FoundRecord, value: FoundValue) -> ValueLine:
    spots = [spot_of(found.source, record.row, value, place) for place in value.others]
    digest = spot_of(found.source, record.row, value, Span(start=0, end=0, label="")).digest
    own = [spot for spot in view.stands.covered if spot.digest == digest]
    grounds = _grounds(view.items, record.row, value.name)
    between = "、" if view.lang is Lang.JA else ", "
    told = view.given.get((found.source, record.row, value.name), "")
    return ValueLine(
        label=value.label.ja if view.lang is Lang.JA else value.label.en,
        name=value.name,
        held=tuple(_held(value.text, spots, own, view.numbers)),
        given=tuple(_given(told, view.signs)),
        left_out=between.join(text(f"dsar.ground.{one}", view.lang) for one in grounds or ()),
        suggested=tuple(_suggested(view, record, value, spot) for spot in spots),
    )


def _held(
    said: str, spots: Sequence[Spot], own: Sequence[Spot], numbers: dict[Spot, int]
) -> Iterator[Piece]:
    """The text cut at every border of a place, so that overlapping places are all seen."""
    every = [*spots, *own]
    borders = {at for spot in every for at in (spot.start, spot.end)}
    cuts = sorted({0, len(said), *(at for at in borders if 0 <= at <= len(said))})
    for start, end in pairwise(cuts):
        inside = [spot for spot in spots if spot.start <= start and end <= spot.end]
        covered = any(spot.start <= start and end <= spot.end for spot in own)
        ending = tuple(numbers[spot] for spot in inside if spot.end == end)
        kind = "marked" if inside else "own" if covered else "plain"
        yield Piece(text=said[start:end], kind=kind, places=ending)


def _given(told: str, signs: Sequence[str]) -> Iterator[Piece]:
    """What the person gets, its placeholders as pieces of their own."""
    rest = told
    while rest:
        hits = [(rest.find(sign), sign) for sign in signs if sign in rest]
        if not hits:
            yield Piece(text=rest)
            return
        at, sign = min(hits, key=lambda hit: (hit[0], -len(hit[1])))
        if at:
            yield Piece(text=rest[:at])
        yield Piece(text=sign, kind="own")
        rest = rest[at + len(sign) :]


def _suggested(view: _View, record: FoundRecord, value: FoundValue, spot: Spot) -> Suggested:
    act, file = view.stands.judged.get(spot), record.file
    mine = file is not None and file.stands_for == value.name
    return Suggested(
        place=view.numbers[spot],
        words=value.text[spot.start : spot.end],
        kind=text("console.review.file", view.lang) if mine else kind_words(spot.label, view.lang),
        state=act.kind.value if act else "open",
        why=text(f"dsar.review.reason.{act.reason}", view.lang) if act and act.reason else "",
        by=act.by if act else "",
        at=act.at if act else None,
        alike=1 if mine else view.alike[spot],
        file=file.name if mine and file is not None else "",
    )


def kind_words(label: str, lang: Lang) -> str:
    """What a place is called."""
    return text(f"pii.placeholder.{label.lower()}", lang)


def _act_lines(review: Review, stands: Standing, lang: Lang) -> tuple[ActLine, ...]:
    """What officers added and left out, as far as it stands."""
    gone = {act.seq for act in rules.stale(review.findings, review.acts)}
    every = (*stands.covers, *stands.exceptions)
    return tuple(_act_line(review, act, lang, gone=act.seq in gone) for act in every)


def _act_line(review: Review, act: Act, lang: Lang, *, gone: bool) -> ActLine:
    if act.kind is ActKind.COVER:
        said = rules.words_at(review.findings, act.spots)
        words = next(iter(said.values()), "")
        key = f"console.review.cover_{Lack.STALE.value if gone else 'line'}"
        what = text(key, lang, words=words, count=len(act.spots))
        why = text(f"dsar.review.reason.{act.reason}", lang)
    else:
        what = _items_words(review, act.items, lang)
        grounds = dict.fromkeys(ground for item in act.items for ground in item.grounds)
        between = "、" if lang is Lang.JA else ", "
        why = between.join(text(f"dsar.ground.{ground}", lang) for ground in grounds)
    return ActLine(seq=act.seq, what=what, why=why, by=act.by, at=act.at)


def _items_words(review: Review, items: Sequence[WithheldItem], lang: Lang) -> str:
    names = {
        value.name: value.label.ja if lang is Lang.JA else value.label.en
        for _, _, value in rules.values_of(review.findings)
    }
    fields = dict.fromkeys(names.get(item.field, item.field) for item in items)
    between = "、" if lang is Lang.JA else ", "
    every = all(item.row is None for item in items)
    key = "console.review.every_record" if every else "console.review.one_record"
    return text(key, lang, fields=between.join(fields))


def _fields(found: Found, lang: Lang) -> tuple[Choice, ...]:
    """Every field of the source, and all of them at once."""
    names = {
        value.name: value.label.ja if lang is Lang.JA else value.label.en
        for record in found.records
        for value in record.values
    }
    whole = Choice(value="", label=text("console.review.all_fields", lang))
    return (*(Choice(value=name, label=label) for name, label in names.items()), whole)


def _rows(found: Found, lang: Lang, first: int) -> tuple[Choice, ...]:
    """Every record, or one of those on the page."""
    every = Choice(value="", label=text("console.review.all_records", lang))
    here = enumerate(found.records[first : first + RECORDS], first + 1)
    return (
        every,
        *(
            Choice(value=record.row, label=text("console.review.record", lang, number=number))
            for number, record in here
        ),
    )
