"""From a folder of YAML files to one checked PolicySet, or every fault with file and line."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeVar

from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from policies.attributes import Value
from policies.document import (
    NO_PURPOSE,
    Entries,
    Place,
    PolicyField,
    PolicySet,
    ResourceType,
    Role,
    SubjectType,
)
from policies.load_attributes import read_entries, read_subject
from policies.load_proofs import read_property, read_separation, read_test
from policies.load_purposes import read_purpose
from policies.load_rules import Names, read_rule
from policies.load_terms import (
    inheritance_fault,
    read_category,
    read_resource,
    read_role,
)
from policies.purposes import PurposeRecord
from policies.reader import Cursor, Fault, Refused
from policies.types import Label
from policies.yaml_tree import Table, TreeFault, read_tree

T = TypeVar("T")
VERSION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,63}")  # it stands in every record
_ENDINGS = (".yaml", ".yml")
_SINGLE = frozenset({"version", "title", "owner"})
_NAMED = frozenset({"categories", "resources", "roles", "purposes", "subjects", "entities"})
_LISTED = frozenset({"rules", "tests", "separations", "properties"})
_EVERY_SECTION = _SINGLE | _NAMED | _LISTED
NO_FIELDS: Mapping[str, tuple[PolicyField, ...]] = MappingProxyType({})
MAX_FAULTS = 200  # beyond it more lines help nobody


class PolicyRefusedError(GovernanceError):
    """The policy folder is not valid; the policy in force was not changed."""

    code, status = "policy_refused", 422

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        first = self.faults[0].place
        super().__init__(
            count=len(self.faults), file=first.file, line=first.line, kind=self.faults[0].code
        )

    def sentences(self, lang: Lang) -> tuple[str, ...]:
        """Every fault in words: file, line, path, what is wrong."""
        return tuple(fault.sentence(lang) for fault in self.faults)


class _Labelled(Protocol):
    @property
    def label(self) -> Label:
        """Both names of the term."""
        ...


class _Numbered(Protocol):
    @property
    def id(self) -> str:
        """The id that the officer gave it."""
        ...


L = TypeVar("L", bound=_Labelled)
N = TypeVar("N", bound=_Numbered)


@dataclass(slots=True)
class _Reading:
    """Sections of all files and the faults found so far."""

    sections: dict[str, list[Cursor]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)

    def each(self, section: str, read: Callable[[str, Cursor], T]) -> dict[str, T]:
        """Every named entry of a section; a faulty one is noted and left out."""
        found: dict[str, T] = {}
        for cursor in self.sections.get(section, ()):
            try:
                entries = cursor.named()
            except Refused as refused:
                self.faults.append(refused.fault)
                continue
            for name, entry in entries.items():
                try:
                    self._keep(section, name, entry, found, read(name, entry))
                except Refused as refused:
                    self.faults.append(refused.fault)
        return found

    def listed(self, section: str, read: Callable[[Cursor, int], N]) -> dict[str, N]:
        """Every item of a list section, by its id."""
        found: dict[str, N] = {}
        items = [item for cursor in self.sections.get(section, ()) for item in cursor.items()]
        for number, item in enumerate(items, start=1):
            try:
                made = read(item, number)
                self._keep(section, made.id, item, found, made)
            except Refused as refused:
                self.faults.append(refused.fault)
        return found

    def _keep(self, section: str, name: str, cursor: Cursor, found: dict[str, T], made: T) -> None:
        if name in found:
            raise cursor.refuse("defined_twice", name)
        found[name] = made
        self.places[f"{section}/{name}"] = cursor.place

    def single(self, section: str, read: Callable[[Cursor], T]) -> T | None:
        """The one value of a section that stands once in the folder."""
        cursors = self.sections.get(section, [])
        try:
            if len(cursors) > 1:
                raise cursors[1].refuse("defined_twice", section)
            if cursors:
                return read(cursors[0])
        except Refused as refused:
            self.faults.append(refused.fault)
            return None
        self.faults.append(_folder_fault("missing_section", section))
        return None


def _folder_fault(code: str, name: str = "") -> Fault:
    return Fault(code=code, place=Place(file="./", line=1, path=""), name=name)


def default_folder() -> Traversable:
    """The policy that ships with the product."""
    return files("policies").joinpath("data").joinpath("default")


def load_folder(
    folder: Path | Traversable, *, added: Mapping[str, tuple[PolicyField, ...]] = NO_FIELDS
) -> PolicySet:
    """What the folder says, or PolicyRefusedError with every fault.

    `added` are fields that an installation has besides, by their resource.
    """
    return load_sources(read_sources(folder), added=added)


def read_sources(folder: Path | Traversable) -> dict[str, str | None]:
    """The policy files of a folder by their names; None stands for one that is not UTF-8."""
    if not folder.is_dir():
        raise PolicyRefusedError([_folder_fault("folder_missing", folder.name)])
    sources: dict[str, str | None] = {}
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_file() and entry.name.endswith(_ENDINGS):
            try:
                sources[entry.name] = entry.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                sources[entry.name] = None
    return sources


def load_sources(
    sources: Mapping[str, str | None], *, added: Mapping[str, tuple[PolicyField, ...]] = NO_FIELDS
) -> PolicySet:
    """What these files say, by name; None stands for a file that is not UTF-8."""
    reading = _Reading()
    if not sources:
        reading.faults.append(_folder_fault("folder_empty"))
    for name, source in sources.items():
        _read_file(reading, name, source)
    made = None if reading.faults else _assemble(reading, added)
    if reading.faults or made is None:
        raise PolicyRefusedError(reading.faults[:MAX_FAULTS])
    return made


def _read_file(reading: _Reading, name: str, source: str | None) -> None:
    if source is None:
        place = Place(file=name, line=1, path="")
        reading.faults.append(Fault(code="not_utf8", place=place))
        return
    try:
        tree = read_tree(source.removeprefix("\ufeff"))
        top = Cursor(tree=tree, file=name)
        if not isinstance(tree, Table):
            raise top.refuse("table_expected")
        for section, cursor in top.table(_EVERY_SECTION, required=frozenset()).items():
            reading.sections.setdefault(section, []).append(cursor)
    except TreeFault as fault:
        place = Place(file=name, line=fault.line, path="")
        reading.faults.append(Fault(code=fault.code, place=place, name=fault.name))
    except Refused as refused:
        reading.faults.append(refused.fault)


def _by_any_name(reading: _Reading, section: str, terms: Mapping[str, L]) -> Mapping[str, str]:
    """Ids by id and by either label; a label of two terms is a fault, never a guess."""
    found = {name: name for name in terms}
    for name, term in terms.items():
        for word in {term.label.ja, term.label.en}:
            if found.setdefault(word, name) != name:
                place = reading.places[f"{section}/{name}"]
                reading.faults.append(Fault(code="label_twice", place=place, name=word))
    return MappingProxyType(found)


def _refuse_shared_codes(reading: _Reading, purposes: Mapping[str, PurposeRecord]) -> None:
    seen: dict[str, str] = {}
    for name, record in purposes.items():
        if record.code is not None and seen.setdefault(record.code, name) != name:
            place = reading.places[f"purposes/{name}"]
            reading.faults.append(Fault(code="code_twice", place=place, name=record.code))


def _read_names(reading: _Reading, added: Mapping[str, tuple[PolicyField, ...]]) -> Names:
    categories = reading.each("categories", read_category)
    category_ids = _by_any_name(reading, "categories", categories)
    resources = reading.each(
        "resources", lambda name, cursor: read_resource(name, cursor, categories=category_ids)
    )
    roles = _with_inherited(reading.each("roles", read_role))
    for name in roles:
        if code := inheritance_fault(roles, name):
            place = reading.places[f"roles/{name}"]
            reading.faults.append(Fault(code=code, place=place, name=name))
    purposes = reading.each(
        "purposes", lambda name, cursor: read_purpose(name, cursor, categories=category_ids)
    )
    _refuse_shared_codes(reading, purposes)
    purpose_words = _by_any_name(reading, "purposes", purposes)
    role_ids = _by_any_name(reading, "roles", roles)
    return Names(
        categories=categories,
        resources=_with_fields(resources, added),
        resource_ids=_by_any_name(reading, "resources", resources),
        roles=roles,
        role_ids=role_ids,
        purposes=purposes,
        purpose_ids={word: purposes[name].id for word, name in purpose_words.items()},
        subjects=_read_subjects(reading, role_ids),
    )


def _with_inherited(roles: Mapping[str, Role]) -> dict[str, Role]:
    """The roles, each with the ids of those that it contains, however they were written."""
    ids = {word: name for name, role in roles.items() for word in (role.label.ja, role.label.en)}
    ids |= {name: name for name in roles}
    return {
        name: replace(role, inherits=tuple(ids.get(word, word) for word in role.inherits))
        for name, role in roles.items()
    }


def _read_subjects(reading: _Reading, role_ids: Mapping[str, str]) -> Mapping[str, SubjectType]:
    """Kinds of subjects by id and label; a word that also names a role is a fault."""
    subjects = reading.each("subjects", read_subject)
    words = _by_any_name(reading, "subjects", subjects)
    for word in words.keys() & role_ids.keys():
        place = reading.places[f"subjects/{words[word]}"]
        reading.faults.append(Fault(code="label_twice", place=place, name=word))
    return MappingProxyType({word: subjects[name] for word, name in words.items()})


def _read_entities(reading: _Reading, names: Names) -> Mapping[str, Entries]:
    """The entries of all files by their types; an id stands once."""
    found: dict[str, dict[str, Mapping[str, Value]]] = {}
    for cursor in reading.sections.get("entities", ()):
        try:
            for kind, entries in cursor.named().items():
                _gather(found.setdefault(kind, {}), kind, entries, names)
        except Refused as refused:
            reading.faults.append(refused.fault)
    return MappingProxyType({kind: MappingProxyType(held) for kind, held in found.items()})


def _gather(held: dict[str, Mapping[str, Value]], kind: str, entries: Cursor, names: Names) -> None:
    subject = next((one for one in names.subjects.values() if one.id == kind), None)
    resource = names.resources.get(kind)
    declared = [one.attributes for one in (subject, resource) if one is not None]
    if not declared or (resource is not None and resource.whole is None):
        raise entries.refuse("unknown_entity_type", kind)
    for name, attributes in read_entries(entries, declared).items():
        if name in held:
            raise entries.refuse("defined_twice", name)
        held[name] = attributes


def _with_fields(
    resources: Mapping[str, ResourceType], added: Mapping[str, tuple[PolicyField, ...]]
) -> dict[str, ResourceType]:
    """The resources, each with the fields that an installation has besides."""
    return {
        name: replace(kind, fields=(*kind.fields, *added.get(name, ())))
        for name, kind in resources.items()
    }


def _assemble(reading: _Reading, added: Mapping[str, tuple[PolicyField, ...]]) -> PolicySet | None:
    version = reading.single("version", lambda cursor: cursor.name(VERSION_NAME))
    title = reading.single("title", lambda cursor: cursor.label())
    owner = reading.single("owner", lambda cursor: cursor.written())
    names = _read_names(reading, added)
    entities = _read_entities(reading, names)
    if reading.faults or version is None or title is None or owner is None:
        return None  # rules on unreadable terms would only repeat their faults
    rules = reading.listed("rules", lambda item, _: read_rule(item, names))
    tests = reading.listed("tests", lambda item, number: read_test(item, names, number=number))
    separations = reading.listed("separations", lambda item, _: read_separation(item, names))
    properties = reading.listed("properties", lambda item, _: read_property(item, names))
    return PolicySet(
        version=version,
        title=title,
        owner=owner,
        categories=tuple(names.categories.values()),
        resources=tuple(names.resources.values()),
        roles=tuple(names.roles.values()),
        purposes=tuple(names.purposes.values()),
        rules=tuple(rule for rule in rules.values() if rule.purposes != (NO_PURPOSE,)),
        tests=tuple(tests.values()),
        separations=tuple(separations.values()),
        properties=tuple(properties.values()),
        places=MappingProxyType(reading.places),
        subjects=tuple({subject.id: subject for subject in names.subjects.values()}.values()),
        entity_rules=tuple(rule for rule in rules.values() if rule.purposes == (NO_PURPOSE,)),
        entities=entities,
    )
