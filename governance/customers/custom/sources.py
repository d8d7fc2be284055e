"""The installation's own catalogue files (`catalogue.d/*.yaml`), read strictly, fault by fault."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from governance.core.errors import GovernanceError
from governance.core.terms import Lang
from policies.document import Place
from policies.reader import Cursor, Fault, Refused
from policies.yaml_tree import TreeFault, read_tree

T = TypeVar("T")
ENDINGS = (".yaml", ".yml")
SECTIONS = frozenset({"fields", "vocabularies", "topics", "serves"})
MAX_FAULTS = 200  # beyond it more lines help nobody


class CatalogueRefusedError(GovernanceError):
    """The installation's own fields are not valid; nothing was started or changed."""

    code, status, exit_code = "catalogue_refused", 422, 2

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults[:MAX_FAULTS]
        first = self.faults[0]
        super().__init__(
            count=len(faults), file=first.place.file, line=first.place.line, fault=first.code
        )

    def sentences(self, lang: Lang) -> tuple[str, ...]:
        """Every fault in words: file, line, path, what is wrong."""
        return tuple(fault.sentence(lang) for fault in self.faults)


@dataclass(slots=True)
class Reading:
    """Sections of all files and the faults found so far."""

    sections: dict[str, list[Cursor]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)

    def each(self, section: str, read: Callable[[str, Cursor], T]) -> dict[str, T]:
        """Every named entry of a section; a faulty one is noted and left out."""
        found: dict[str, T] = {}
        for name, cursor in self._entries(section):
            try:
                if name in found:
                    raise cursor.refuse("defined_twice", name)
                self.places[f"{section}/{name}"] = cursor.place
                found[name] = read(name, cursor)
            except Refused as refused:
                self.faults.append(refused.fault)
        return found

    def _entries(self, section: str) -> Iterator[tuple[str, Cursor]]:
        for cursor in self.sections.get(section, ()):
            try:
                entries = cursor.named()
            except Refused as refused:
                self.faults.append(refused.fault)
                continue
            yield from entries.items()

    def fault(self, place: str, code: str, name: str = "", *, allowed: str = "") -> None:
        """Something is wrong with an entry that was read."""
        self.faults.append(Fault(code=code, place=self.places[place], name=name, allowed=allowed))


def read_folder(folder: Path) -> Reading:
    """The sections of every YAML file in the folder, in the order of their names."""
    reading = Reading()
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_file() and path.suffix in ENDINGS:
            _read_file(reading, path)
    return reading


def _read_file(reading: Reading, path: Path) -> None:
    try:
        tree = read_tree(path.read_text(encoding="utf-8-sig"))
        top = Cursor(tree=tree, file=path.name)
        for section, cursor in top.table(SECTIONS, required=frozenset()).items():
            reading.sections.setdefault(section, []).append(cursor)
    except UnicodeDecodeError:
        place = Place(file=path.name, line=1, path="")
        reading.faults.append(Fault(code="not_utf8", place=place))
    except TreeFault as fault:
        place = Place(file=path.name, line=fault.line, path="")
        reading.faults.append(Fault(code=fault.code, place=place, name=fault.name))
    except Refused as refused:
        reading.faults.append(refused.fault)
