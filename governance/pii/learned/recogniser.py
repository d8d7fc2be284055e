"""The learned tagger as a recogniser: a recall layer beside the rules, scored lower."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from governance.pii.document import Document
from governance.pii.learned.tagger import Tagged, Tagger
from governance.pii.learned.vetoes import no_person
from governance.pii.recognisers.person_grammar import without_state
from governance.pii.types import Entity, Reason, Span

# What is missed leaks, so that a doubtful name counts as a finding; addresses are what the rules
# find well. Chosen on files held out and on the dev part
PROSE: Final[Mapping[Entity, float]] = MappingProxyType({Entity.PERSON: 0.4, Entity.ADDRESS: -0.5})
# Notes, lists and chats leave out what announces a name
NOTES: Final[Mapping[Entity, float]] = MappingProxyType({Entity.PERSON: 0.8, Entity.ADDRESS: -0.5})
# English names are learned from few texts: more of them are looked at, and only sure ones kept
ENGLISH: Final[Mapping[Entity, float]] = MappingProxyType(
    {Entity.PERSON: 0.2, Entity.ADDRESS: -0.5}
)
LEAST: Final = 0.4  # probability below which nothing is said
LEAST_ENGLISH: Final = 0.6
ENTITIES: Final = frozenset(
    {Entity.PERSON, Entity.ADDRESS}
)  # numbers and dates are checked by rules
_LOWEST: Final = 0.35
_WIDTH: Final = 0.4  # scores run from .35 to .75
_EDGES: Final = '()（）<>＜＞ 　\n\t、。,，:：・/／「」『』"”“'
# What a name neither begins nor ends with, by the guideline of the corpus
_BEFORE: Final = re.compile(
    r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Sir|Madam|Signed|亡父|亡母|故|氏名|名前)[.:： 　]+"
)
_AFTER: Final = re.compile(
    r"[ 　]?(?:-(?:san|sama|sensei|kun|chan|shi)|様|さま|さん|ちゃん|くん|君|氏|殿|先生"
    r"|儀|拝|より)$"
)
_PARTING: Final = re.compile(
    r"[/／（(；;]|・|[ 　](?:妻|夫|孫|母|父|兄|弟|姉|妹|長男|長女|次男|次女|息子|娘|祖父|祖母)[ 　]"
)
# Katakana on both sides of ・ is one foreign name
_KANJI_BESIDE: Final = re.compile("[一-鿿ぁ-ん]・|・[一-鿿ぁ-ん]")

NAME: Final = "learned"


def finder(tagger: Tagger) -> Callable[[Document], Iterator[Span]]:
    """The recogniser of this tagger; a text that was read with others is not read again."""

    def find(document: Document) -> Iterator[Span]:
        if NAME not in document.findings:
            read_together(tagger, [document])
        return iter(document.findings[NAME])

    return find


def read_together(tagger: Tagger, documents: Sequence[Document]) -> None:
    """What the tagger finds in each text is remembered there; many short ones cost little more."""
    biases = [_bias(document) for document in documents]
    for document, tags in zip(documents, tagger.tag_all(documents, biases=biases), strict=True):
        least = LEAST if document.has_japanese else LEAST_ENGLISH
        document.findings[NAME] = tuple(
            span
            for tagged in tags
            if tagged.entity in ENTITIES and tagged.probability >= least
            for span in _span(document, tagged, tagged.entity)
        )


def _bias(document: Document) -> Mapping[Entity, float]:
    if not document.has_japanese:
        return ENGLISH
    return PROSE if document.is_prose else NOTES


def _span(document: Document, tagged: Tagged, entity: Entity) -> Iterator[Span]:
    start, end = _within(document.text, tagged.start, tagged.end)
    if entity is not Entity.PERSON:
        yield from _found(tagged, entity, start, end)
        return
    for part in _parted(document.text, start, end):
        bounds = _reversed(document, *_bare(document.text, *part))
        if not no_person(document.text, *bounds):
            yield from _found(tagged, entity, *bounds)


def _reversed(document: Document, start: int, end: int) -> tuple[int, int]:
    """Bounds of Brennan, Tove where the rules read one name and the tagger a part of it."""
    for span in document.findings.get("person_western", ()):
        if span.start <= start and end <= span.end and "," in document.text[span.start : span.end]:
            return span.start, span.end
    return start, end


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """The bounds of a name without title, honorific and what became of it."""
    if found := _BEFORE.match(text, start, end):
        start = found.end()
    if found := _AFTER.search(text, start + 1, end):
        end = found.start()
    return _within(text, start, without_state(text, start, end))


def _parted(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The names that the tagger took for one: 秋月/星, 久美　孫 航平, 三養基 はる・三養基 なつ."""
    at = start
    for found in _PARTING.finditer(text, start, end):
        joined = found.group() == "・" and not _KANJI_BESIDE.search(text[start:end])
        if found.start() > at and not joined:
            yield at, found.start()
            at = found.end()
    yield at, end


def _found(tagged: Tagged, entity: Entity, start: int, end: int) -> Iterator[Span]:
    if start < end:
        yield Span(
            start=start,
            end=end,
            entity=entity,
            score=round(_LOWEST + _WIDTH * tagged.probability, 3),
            reason=Reason.LEARNED,
        )


def _within(text: str, start: int, end: int) -> tuple[int, int]:
    """The bounds without spaces and signs at both ends."""
    surface = text[start:end]
    return (
        start + len(surface) - len(surface.lstrip(_EDGES)),
        end - (len(surface) - len(surface.rstrip(_EDGES))),
    )
