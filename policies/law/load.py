"""Law files to rule sets: parsed strictly, joined, and asked by day."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from policies.law import sections
from policies.law.errors import (
    DuplicateIdError,
    LawFileError,
    LawSchemaError,
    UnknownLawIdError,
    UnknownSwitchError,
)
from policies.law.places import line_of
from policies.law.reader import Node, Record, read_yaml
from policies.law.references import check_references
from policies.law.types import (
    Amendment,
    ChildAge,
    DeadlineRule,
    LawBook,
    Obligation,
    Plain,
    RetentionRule,
    Source,
    StateMachine,
    Switch,
    Validity,
)

SCHEMA = "governance-law/1"
SHIPPED = "law.yaml"
AMENDMENTS = "amendments.yaml"
PATTERN = "*.yaml"
NEEDED = ("schema", "compiled")
SECTIONS = (
    *("disclaimer", "guideline_versions", "sources", "calendars", "deadline_rules"),
    *("obligations", "retention_rules", "special_categories", "personal_identifier_codes"),
    *("child_age_gdpr8", "dsar_state_machines", "test_cases", "amendments", "standards"),
)
MORE = ("rule_sets",)  # sections that a first file may lack

Entry = TypeVar("Entry", DeadlineRule, Obligation, RetentionRule)
Named = TypeVar("Named", ChildAge, Amendment, Source, StateMachine, Switch, str)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The law of one day."""

    at: date
    version: str
    rules: Mapping[str, DeadlineRule] = field(repr=False)
    obligations: Mapping[str, Obligation] = field(repr=False)
    retention_rules: Mapping[str, RetentionRule] = field(repr=False)
    book: LawBook = field(repr=False)

    def rule(self, id_: str) -> DeadlineRule:
        """The deadline rule of this id; fails closed when there is none on this day."""
        return found(self.rules, id_)

    def obligation(self, id_: str) -> Obligation:
        """The obligation of this id."""
        return found(self.obligations, id_)

    def retention_rule(self, id_: str) -> RetentionRule:
        """The keeping duty of this id."""
        return found(self.retention_rules, id_)

    def amendment(self, id_: str) -> Amendment:
        """The amendment of this id."""
        return found(self.book.amendments, id_)

    def extension_of(self, id_: str) -> DeadlineRule | None:
        """The rule that extends this one, if the law knows one."""
        extension = self.rule(id_).extension_id
        return self.rule(extension) if extension else None


T = TypeVar("T")


def found(entries: Mapping[str, T], id_: str) -> T:
    """The entry, or the refusal that names the id."""
    if id_ not in entries:
        raise UnknownLawIdError(id=id_)
    return entries[id_]


@cache
def shipped() -> LawBook:
    """The law as shipped with the product."""
    return law_book(shipped_texts())


def shipped_texts() -> tuple[tuple[str, str], ...]:
    """The shipped files, the law and what will change it."""
    folder = files("policies.law").joinpath("data")
    names = (SHIPPED, AMENDMENTS)
    return tuple((name, folder.joinpath(name).read_text(encoding="utf-8")) for name in names)


def with_files(paths: Iterable[Path]) -> LawBook:
    """The shipped law with company rules and other laws added, in this order."""
    added = tuple((path.name, file_text(path)) for path in paths)
    return law_book((*shipped_texts(), *added)) if added else shipped()


def installed(folder: Path, switched_on: Iterable[str] = ()) -> LawBook:
    """The law of an installation: shipped, the folder's files by name, rule sets switched on."""
    return switched(with_files(sorted(folder.glob(PATTERN))), switched_on)


def switched(book: LawBook, on: Iterable[str]) -> LawBook:
    """The book with these rule sets switched on; raises UnknownSwitchError."""
    wanted = frozenset(on)
    for name in sorted(wanted - book.switches.keys()):
        raise UnknownSwitchError(name=name, known=", ".join(sorted(book.switches)))
    return replace(book, switched_on=wanted)


def file_text(path: Path) -> str:
    """Text of a company's law file; an unreadable one is a typed error."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise LawFileError(file=path.name) from None


def rules_of(book: LawBook, at: date) -> RuleSet:
    """The law of this day out of a book; extensions know the period that they extend."""

    def law(entry: DeadlineRule | Obligation | RetentionRule) -> bool:
        on = entry.rule_set is None or entry.rule_set in book.switched_on
        return on and entry.validity.holds(at)

    rules = {rule.id: rule for rule in book.rules if law(rule)}
    for rule in tuple(rules.values()):
        if rule.extends_id is not None and rule.extends_id in rules:
            base = replace(rules[rule.extends_id], extension_id=rule.id)
            rules[base.id] = base
            rules[rule.id] = replace(rules[rule.id], extends=base)
    return RuleSet(
        at=at,
        version=book.version,
        rules=MappingProxyType(rules),
        obligations=MappingProxyType({entry.id: entry for entry in book.obligations if law(entry)}),
        retention_rules=MappingProxyType(
            {entry.id: entry for entry in book.retention_rules if law(entry)}
        ),
        book=book,
    )


def law_book(texts: Iterable[tuple[str, str]]) -> LawBook:
    """All files as one book; the first must hold every section, later ones add to it."""
    book: LawBook | None = None
    for file, text in texts:
        try:
            book = extended(book, file, text)
        except LawSchemaError as error:
            line = error.params.setdefault("line", line_of(text, str(error.params.get("path", ""))))
            error.params["file"] = f"{file}:{line}"
            raise
    if book is None:
        raise ValueError("a law book needs at least one file")
    return book


def extended(book: LawBook | None, file: str, text: str) -> LawBook:
    """The book with one file more, every name in it pointing at something."""
    root = read_yaml(text, file=file)
    entry = (
        root.record(required=(*NEEDED, *SECTIONS), optional=MORE)
        if book is None
        else root.record(required=NEEDED, optional=(*SECTIONS, *MORE))
    )
    part = read_book(entry, text)
    result = part if book is None else joined(book, part, file=file)
    check_references(result, entry, file=file)
    return result


def read_book(entry: Record, text: str) -> LawBook:
    """One file as facts."""
    if entry["schema"].text() != SCHEMA:
        raise entry["schema"].bad(SCHEMA)
    file = entry["schema"].file
    rules, retention = entry.get("deadline_rules"), entry.get("retention_rules")
    obligations, machines = entry.get("obligations"), entry.get("dsar_state_machines")
    amendments, ages = entry.get("amendments"), entry.get("child_age_gdpr8")
    sources, standards = entry.get("sources"), entry.get("standards")
    special, plain = entry.get("special_categories"), standards.plain() if standards else {}
    if not isinstance(plain, Mapping):
        raise entry["standards"].wrong("mapping")
    return LawBook(
        schema=SCHEMA,
        compiled=entry["compiled"].day(),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        disclaimer=entry.text("disclaimer") or "",
        rules=versions(sections.deadline_rules(rules) if rules else (), file=file),
        obligations=versions(map(sections.obligation, listed(obligations)), file=file),
        retention_rules=versions(map(sections.retention_rule, listed(retention)), file=file),
        machines={k: sections.machine(k, n) for k, n in named(machines).items()},
        amendments=by_id(map(sections.amendment, listed(amendments)), file=file),
        sources={k: sections.source(k, n) for k, n in named(sources).items()},
        calendars={k: n.text() for k, n in named(entry.get("calendars")).items()},
        guidelines={k: n.text() for k, n in named(entry.get("guideline_versions")).items()},
        special_categories={k: n.texts() for k, n in named(special).items()},
        personal_identifier_codes=entry.texts("personal_identifier_codes"),
        child_ages={age.country: age for age in sections.child_ages(ages)} if ages else {},
        standards=plain,
        switches={k: sections.switch(k, n) for k, n in named(entry.get("rule_sets")).items()},
        files=(file,),
    )


def listed(node: Node | None) -> Iterable[Node]:
    """Items of an optional list."""
    return node.items() if node else ()


def named(node: Node | None) -> dict[str, Node]:
    """Entries of an optional mapping."""
    return node.entries() if node else {}


def by_id(amendments: Iterable[Amendment], *, file: str) -> dict[str, Amendment]:
    """Amendments under their ids, each once."""
    result: dict[str, Amendment] = {}
    for entry in amendments:
        if entry.id in result:
            raise DuplicateIdError(file=file, path=entry.id)
        result[entry.id] = entry
    return result


def joined(base: LawBook, more: LawBook, *, file: str) -> LawBook:
    """Both books; a dated entry of the second ends the open one that it succeeds."""
    return replace(
        base,
        compiled=max(base.compiled, more.compiled),
        digest=hashlib.sha256(f"{base.digest}\n{more.digest}".encode()).hexdigest(),
        rules=versions((*base.rules, *more.rules), file=file),
        obligations=versions((*base.obligations, *more.obligations), file=file),
        retention_rules=versions((*base.retention_rules, *more.retention_rules), file=file),
        machines=union(base.machines, more.machines, file=file),
        amendments=union(base.amendments, more.amendments, file=file),
        sources=union(base.sources, more.sources, file=file),
        calendars=union(base.calendars, more.calendars, file=file),
        guidelines=union(base.guidelines, more.guidelines, file=file),
        special_categories={**base.special_categories, **more.special_categories},
        personal_identifier_codes=base.personal_identifier_codes + more.personal_identifier_codes,
        child_ages=union(base.child_ages, more.child_ages, file=file),
        standards=merged_standards(base.standards, more.standards),
        switches=union(base.switches, more.switches, file=file),
        files=(*base.files, *more.files),
    )


def union(base: Mapping[str, Named], more: Mapping[str, Named], *, file: str) -> dict[str, Named]:
    """Both mappings; an id that both define is refused."""
    if twice := base.keys() & more.keys():
        raise DuplicateIdError(file=file, path=min(twice))
    return {**base, **more}


def merged_standards(base: Mapping[str, Plain], more: Mapping[str, Plain]) -> Mapping[str, Plain]:
    """Standards of both; the later file speaks last."""
    return MappingProxyType({**base, **more})


def versions(entries: Iterable[Entry], *, file: str) -> tuple[Entry, ...]:
    """Entries whose versions follow one another; one id is never law twice on one day."""
    by_entry: dict[str, list[Entry]] = {}
    for entry in entries:
        by_entry.setdefault(entry.id, []).append(entry)
    result: list[Entry] = []
    for id_, found_versions in by_entry.items():
        ordered = sorted(found_versions, key=lambda entry: entry.validity.valid_from or date.min)
        for earlier, later in pairwise(ordered):
            result.append(ended_before(earlier, later, path=id_, file=file))
        result.append(ordered[-1])
    return tuple(result)


def ended_before(earlier: Entry, later: Entry, *, path: str, file: str) -> Entry:
    """The earlier version, ended on the eve of the later one where it was open."""
    begins, first = later.validity.valid_from, earlier.validity.valid_from
    if begins is None or begins == first:
        raise DuplicateIdError(file=file, path=path)
    if earlier.validity.valid_to is None:
        eve = begins - timedelta(days=1)
        return replace(earlier, validity=Validity(valid_from=first, valid_to=eve))
    if begins <= earlier.validity.valid_to:
        raise DuplicateIdError(file=file, path=path)
    return earlier
