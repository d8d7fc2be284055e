"""Duplicates among companies: corporate number, name without its legal form, place and phone."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from rapidfuzz.distance import JaroWinkler

from governance.customers.matching.clusters import Duplicates, clustered, join
from governance.customers.matching.evidence import Comparison, Evidence, EvidenceKind, Verdict
from governance.customers.normalise.address import address_key
from governance.customers.normalise.companies import company_key, legal_form
from governance.customers.normalise.kana import kana_key
from governance.customers.normalise.names import name_key
from governance.customers.types import NormalisedRow

MAX_BLOCK = 60  # rows under one key; more share a building or a switchboard
K = EvidenceKind
WEIGHTS: Mapping[EvidenceKind, float] = {
    K.NUMBER_SAME: 14,
    K.NUMBER_DIFFERS: -14,
    K.NAME_SAME: 7,
    K.READING_SAME: 4,
    K.NAME_SIMILAR: 2,
    K.NAME_DIFFERS: -10,
    K.FORM_DIFFERS: -4,
    K.LANDLINE_SAME: 5,
    K.LANDLINE_DIFFERS: -1,
    K.ADDRESS_SAME: 5,
    K.ADDRESS_DIFFERS: -2,  # branches
    K.SITE_SAME: 5,
    K.REPRESENTATIVE_SAME: 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Keys of one company's row."""

    row: int
    number: str = ""
    name: str = ""
    form: str = ""
    kana: str = ""
    phone: str = ""
    place: str = ""
    site: str = ""
    representative: str = field(default="", repr=False)  # a person


def company_of(row: NormalisedRow) -> Company:
    """The keys of a normalised row of companies."""
    return company_from(row.values, row=row.number)


def company_from(values: Mapping[str, str | None], *, row: int) -> Company:
    """The keys of canonical values by column name, as stored or as just read."""
    known = {name: value for name, value in values.items() if value}
    name = known.get("name", "")
    address = address_key(known.get("address", ""))
    return Company(
        row=row,
        number=known.get("corporate_number", ""),
        name=company_key(name),
        form=legal_form(name),
        kana=kana_key(known.get("kana", "")),
        phone=known.get("phone", ""),
        place=address.place if address.numbers else "",
        site=known.get("website", "").casefold().rstrip("/"),
        representative=name_key(known.get("representative", "")),
    )


def compare_companies(a: Company, b: Company) -> Comparison:
    """Everything that speaks for and against one company behind two rows."""
    kinds = [kind for kind in (_number(a, b), _name(a, b)) if kind]
    if a.form and b.form and a.form != b.form:
        kinds.append(K.FORM_DIFFERS)
    if a.phone and b.phone:
        kinds.append(K.LANDLINE_SAME if a.phone == b.phone else K.LANDLINE_DIFFERS)
    if a.place and b.place:
        kinds.append(K.ADDRESS_SAME if a.place == b.place else K.ADDRESS_DIFFERS)
    if a.site and a.site == b.site:
        kinds.append(K.SITE_SAME)
    if a.representative and a.representative == b.representative:
        kinds.append(K.REPRESENTATIVE_SAME)
    evidence = tuple(Evidence(kind=kind, weight=WEIGHTS[kind]) for kind in kinds)
    return Comparison(a=a.row, b=b.row, score=sum(e.weight for e in evidence), evidence=evidence)


def _number(a: Company, b: Company) -> EvidenceKind | None:
    """法人番号: one company has one, for ever (番号法 第39条)."""
    if not (a.number and b.number):
        return None
    return K.NUMBER_SAME if a.number == b.number else K.NUMBER_DIFFERS


def _name(a: Company, b: Company) -> EvidenceKind | None:
    """Names without their legal form, by writing or reading."""
    if a.name and a.name == b.name:
        return K.NAME_SAME
    if a.kana and a.kana == b.kana:
        return K.READING_SAME
    if not (a.name and b.name):
        return None
    near = JaroWinkler.similarity(a.name, b.name) > 0.92  # noqa: PLR2004 -- one sign of a long name
    return K.NAME_SIMILAR if near else K.NAME_DIFFERS


def find_company_duplicates(companies: Sequence[Company]) -> Duplicates:
    """Clusters of rows taken as one company, and the pairs left to a person."""
    by_row = {company.row: company for company in companies}
    compared = compared_companies(companies)
    same = [c for c in compared if c.verdict is Verdict.SAME]
    same.sort(key=lambda c: (-c.score, c.a, c.b))

    def contradicts(a: int, b: int) -> bool:
        return compare_companies(by_row[a], by_row[b]).score < 0

    groups = join(same, contradicts=contradicts)
    clusters = clustered(groups, same)
    review = tuple(c for c in compared if c.verdict is Verdict.REVIEW)
    return Duplicates(clusters=clusters, review=review, compared=len(compared))


def compared_companies(companies: Sequence[Company]) -> list[Comparison]:
    """Every pair that is worth comparing, compared."""
    return [compare_companies(companies[i], companies[j]) for i, j in _pairs(companies)]


def _pairs(companies: Sequence[Company]) -> Iterator[tuple[int, int]]:
    """Pairs that share a number, name, reading, phone, place or site; each once."""
    blocks: dict[tuple[str, str], list[int]] = defaultdict(list)
    for position, company in enumerate(companies):
        for name in ("number", "name", "kana", "phone", "place", "site"):
            if value := getattr(company, name):
                blocks[name, value].append(position)
    seen: set[tuple[int, int]] = set()
    for block in blocks.values():
        if len(block) <= MAX_BLOCK:
            seen.update(combinations(block, 2))
    yield from sorted(seen)
