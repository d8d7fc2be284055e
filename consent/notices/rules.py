"""What an edition must say before it may be announced; pure.

A change of purpose stays within what is reasonably related to the purpose before (APPI 17(2)),
a recipient abroad is told of with country, system and measures (APPI 28(2), Rule 17), and a
change class promises no more and no less than what changed.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import assert_never

from consent.notices.types import Edition, history_line, joined
from consent.types import ChangeClass, NoticeVersion
from governance.core.terms import Lang
from governance.registers.countries import countries
from policies.purposes import INTERNAL, PurposeRecord
from policies.types import Label

ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){0,2}")
COUNTRY = re.compile(r"[A-Z]{2}")
LONGEST = 20_000  # characters of one text; a page that nobody reads informs nobody
ANY = "*"

Fault = tuple[str, str]  # part of the document and code


def faults_of(
    edition: Edition,
    published: Sequence[NoticeVersion],
    before: Edition | None,
    uses: Iterable[PurposeRecord],
    *,
    on: date,
) -> tuple[Fault, ...]:
    """Everything that keeps the edition from being announced, the worst first.

    `published` are all versions of this notice, `before` the edition before this one, `uses` the
    purposes that refer to the notice.
    """
    used = tuple(uses)
    found = [
        *_form(edition, on=on),
        *_order(edition, published),
        *_class(edition, before),
        *_purposes(edition, used),
        *_abroad(edition, used),
    ]
    return tuple(dict.fromkeys(found))


def _form(edition: Edition, *, on: date) -> Iterator[Fault]:
    if not ID.fullmatch(edition.notice):
        yield "notice", "bad_id"
    if not VERSION.fullmatch(edition.version):
        yield "version", "bad_version"
    if edition.effective_on < on:
        yield "effective_on", "in_the_past"
    for name, label in _labels(edition):
        if not (label.ja.strip() and label.en.strip()):
            yield name, "both_languages"
        elif max(len(label.ja), len(label.en)) > LONGEST:
            yield name, "too_long"


def _labels(edition: Edition) -> Iterator[tuple[str, Label]]:
    yield "title", edition.title
    yield "body", edition.body
    yield "summary", edition.summary
    for name, label in (("relatedness", edition.relatedness), ("recipient", edition.recipient)):
        if label is not None:
            yield name, label
    for number, one in enumerate(edition.transfers):
        place = f"transfers.{number}"
        yield f"{place}.recipient", one.recipient
        yield f"{place}.country_name", one.country_name
        yield f"{place}.system", one.system
        yield f"{place}.measures", one.measures


def _order(edition: Edition, published: Sequence[NoticeVersion]) -> Iterator[Fault]:
    """The chain of versions has no gap and no fork."""
    last = published[-1] if published else None
    first = edition.change is ChangeClass.FIRST
    if first != (last is None):
        yield "change", "not_the_first" if first else "is_the_first"
    if edition.predecessor != (last.version if last else None):
        yield "predecessor", "not_the_newest"
    if last is not None and number(edition.version) <= number(last.version):
        yield "version", "not_after"
    if last is not None and edition.effective_on < last.published_on:
        yield "effective_on", "before_the_last"


def number(version: str) -> tuple[int, ...]:
    """The version as numbers; one that has none stands before all."""
    return tuple(int(part) for part in version.split(".")) if VERSION.fullmatch(version) else ()


def _class(edition: Edition, before: Edition | None) -> Iterator[Fault]:
    """The class says what changed: an editorial version changes no fact."""
    match edition.change:
        case ChangeClass.EDITORIAL:
            moved = before is not None and edition.transfers != before.transfers
            facts = {
                "purposes": bool(edition.purposes),
                "recipient": edition.recipient is not None,
                "transfers": moved,
            }
            yield from ((name, "editorial_changes_nothing") for name, has in facts.items() if has)
        case ChangeClass.NEW_RECIPIENT:
            if edition.recipient is None:
                yield "recipient", "recipient_needed"
            if edition.purposes:
                yield "purposes", "purpose_is_material"
        case ChangeClass.MATERIAL | ChangeClass.FIRST:
            if edition.recipient is not None:
                yield "recipient", "another_class"
            if edition.change is ChangeClass.FIRST and edition.purposes:
                yield "purposes", "first_changes_nothing"
        case _:
            assert_never(edition.change)


def _purposes(edition: Edition, uses: Sequence[PurposeRecord]) -> Iterator[Fault]:
    """A changed purpose names why it is related to the one before (APPI 17(2))."""
    known = {purpose.id for purpose in uses}
    for purpose in edition.purposes:
        if purpose not in known:
            yield "purposes", "purpose_of_another_notice"
    if edition.purposes and edition.relatedness is None:
        yield "relatedness", "relatedness_needed"
    if not edition.purposes and edition.relatedness is not None:
        yield "relatedness", "no_purpose_changes"


def _abroad(edition: Edition, uses: Sequence[PurposeRecord]) -> Iterator[Fault]:
    """Each country that a purpose reaches is told of (APPI 28(2)); the EU and UK need not be."""
    for number_, one in enumerate(edition.transfers):
        if one.country is not None and not COUNTRY.fullmatch(one.country):
            yield f"transfers.{number_}.country", "bad_country"
    told = {one.country for one in edition.transfers}
    for country in sorted(countries_abroad(uses)):
        if country not in told and not (country == ANY and told):
            yield "transfers", "country_not_told" if country != ANY else "any_country_not_told"


def countries_abroad(uses: Iterable[PurposeRecord]) -> frozenset[str]:
    """Countries outside Japan and those of an equivalent level that the purposes may reach."""
    return frozenset(
        country
        for purpose in uses
        if any(name != INTERNAL for name in purpose.recipients)
        for country in purpose.countries
        if not countries().equivalent(country)
    )


def shown_text(edition: Edition, before: str | None, lang: Lang) -> str:
    """The text that people see: title, body, what is told of abroad, and the versions so far."""
    history = [] if before is None else before.rsplit("\n\n", 1)[-1].split("\n")
    line = history_line(edition.version, edition.effective_on, edition.summary, lang)
    abroad = [
        f"{one.recipient[lang]} ({one.country_name[lang]})\n"
        f"{one.system[lang]}\n{one.measures[lang]}"
        for one in edition.transfers
    ]
    return joined([edition.title[lang], edition.body[lang], *abroad, "\n".join([*history, line])])


SENTENCE = re.compile(r"(?<=[。．！？])|(?<=[.!?])(?<!\bArt\.)(?<!\bArts\.)\s+|\n+")


def compared(old: str, new: str) -> tuple[tuple[str, str], ...]:
    """Old and new text sentence by sentence: what went (`-`), what came (`+`), what stayed."""
    return tuple(
        (line[0], line[2:])
        for line in difflib.ndiff(_sentences(old), _sentences(new), charjunk=None)
        if line[0] in "+- "
    )


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in SENTENCE.split(text) if part and part.strip()]
