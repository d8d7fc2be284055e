"""The file of connected systems, read strictly: every fault with file, line and what is wrong."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from governance.connectors.errors import ConnectorsFileError, ConnectorsRefusedError
from governance.connectors.patterns import pattern_of
from governance.connectors.specs import (
    ColumnSpec,
    ConnectorSpec,
    DatabaseSpec,
    FolderSpec,
    Keeping,
    Limits,
    ManualSpec,
    OnErase,
    TableSpec,
    Through,
)
from governance.connectors.types import ConnectorKind, KeyKind
from governance.core.terms import Lang
from governance.outbound.mail import ADDRESS
from policies.document import Place
from policies.reader import Cursor, Fault, Refused
from policies.yaml_tree import TreeFault, read_tree

OBJECT: Final = re.compile(r"[^\x00-\x1f\x7f\"'`;]{1,128}")  # a table or column of theirs
REFERENCE: Final = re.compile(r"(env|file):.+")
NOBODY: Final = frozenset({"label", "kind"})
LIMITS: Final = frozenset({"seconds", "records", "megabytes"})
KEEPING: Final = frozenset({"ground", "years", "since"})
DATABASE: Final = NOBODY | LIMITS | {"address", "schema", "tables"}
FOLDER: Final = NOBODY | LIMITS | KEEPING | {"path", "pattern", "erase", "my_number"}
MANUAL: Final = NOBODY | {"mail", "lang", "days", "remind", "my_number"}
TABLE: Final = KEEPING | {"label", "person", "through", "one", "columns", "erase"}
COLUMN: Final = frozenset({"label", "free_text", "third_person", "empty", "my_number"})
MAX_YEARS, MAX_SECONDS, MAX_RECORDS, MAX_MEGABYTES = 100, 600, 1_000_000, 200


def declared_systems(path: Path | None) -> tuple[ConnectorSpec, ...]:
    """Every declared system of an installation; none where it has no such file."""
    return () if path is None else read_connectors(path)


def read_connectors(path: Path) -> tuple[ConnectorSpec, ...]:
    """Every declared system; raises ConnectorsRefusedError with every fault that was found."""
    try:
        source = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConnectorsFileError(path=path.name, reason=type(error).__name__) from None
    except UnicodeDecodeError:
        raise ConnectorsRefusedError((_at(path, 1, "not_utf8"),)) from None
    try:
        top = Cursor(tree=read_tree(source), file=path.name)
        named = top.table(frozenset({"connectors"}), required=frozenset({"connectors"}))
        entries = named["connectors"].named()
    except TreeFault as fault:
        raise ConnectorsRefusedError((_at(path, fault.line, fault.code, fault.name),)) from None
    except Refused as refused:
        raise ConnectorsRefusedError((refused.fault,)) from None
    return _each(entries)


def _at(path: Path, line: int, code: str, name: str = "") -> Fault:
    return Fault(code=code, place=Place(file=path.name, line=line, path=""), name=name)


def _each(entries: Mapping[str, Cursor]) -> tuple[ConnectorSpec, ...]:
    found: list[ConnectorSpec] = []
    faults: list[Fault] = []
    for name, cursor in entries.items():
        try:
            found.append(_connector(name, cursor))
        except Refused as refused:
            faults.append(refused.fault)
    if faults:
        raise ConnectorsRefusedError(tuple(faults))
    return tuple(found)


def _connector(name: str, cursor: Cursor) -> ConnectorSpec:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise cursor.refuse("bad_name", name)
    kind = cursor.named().get("kind")
    if kind is None:
        raise cursor.refuse("missing_key", "kind")
    match kind.choice(ConnectorKind):
        case ConnectorKind.DATABASE:
            return _database(name, cursor)
        case ConnectorKind.FOLDER:
            return _folder(name, cursor)
        case ConnectorKind.MANUAL:
            return _manual(name, cursor)


def _database(name: str, cursor: Cursor) -> DatabaseSpec:
    parts = cursor.table(DATABASE, required=frozenset({"label", "kind", "address", "tables"}))
    tables = {table: _table(table, under) for table, under in parts["tables"].named().items()}
    if not tables:
        raise parts["tables"].refuse("empty_list")
    places = parts["tables"].named()
    for table in tables.values():
        _check_place(table, tables, places[table.name])
    return DatabaseSpec(
        name=name,
        label=parts["label"].label(),
        address=_address(parts["address"]),
        schema=parts["schema"].name(OBJECT) if "schema" in parts else None,
        tables=tuple(tables.values()),
        limits=_limits(parts),
    )


def _address(cursor: Cursor) -> str:
    """A reference, or a URL that holds nothing secret; what is refused is never quoted."""
    word = cursor.written()
    if REFERENCE.fullmatch(word):
        return word
    try:
        url = make_url(word)
    except (ArgumentError, ValueError):
        raise cursor.refuse("address_unknown") from None
    if url.password is not None or url.username is not None or url.query:
        raise cursor.refuse("secret_in_clear")  # fails closed: any of them may carry the secret
    return word


def _limits(parts: Mapping[str, Cursor]) -> Limits:
    usual = Limits()
    most = {"seconds": MAX_SECONDS, "records": MAX_RECORDS, "megabytes": MAX_MEGABYTES}
    given = {
        name: parts[name].number(least=1, most=bound)
        for name, bound in most.items()
        if name in parts
    }
    return Limits(
        seconds=given.get("seconds", usual.seconds),
        records=given.get("records", usual.records),
        megabytes=given.get("megabytes", usual.megabytes),
    )


def _table(name: str, cursor: Cursor) -> TableSpec:
    if not OBJECT.fullmatch(name):
        raise cursor.refuse("bad_name", name)
    parts = cursor.table(TABLE, required=frozenset({"label", "columns", "erase"}))
    if ("person" in parts) == ("through" in parts):
        raise cursor.refuse("owner_unclear", name)
    columns = tuple(_column(one, under) for one, under in parts["columns"].named().items())
    if not columns:
        raise parts["columns"].refuse("empty_list")
    on_erase = parts["erase"].choice(OnErase)
    emptied = {column.name for column in columns if column.empties}
    numbers = {column.name for column in columns if column.my_number}
    if on_erase is OnErase.EMPTY and not emptied:
        raise parts["erase"].refuse("nothing_to_empty", name)
    if on_erase is OnErase.DELETE and emptied:
        raise parts["erase"].refuse("empties_what_goes", name)
    keys = _keys(parts["person"]) if "person" in parts else {}
    through = _through(parts["through"]) if "through" in parts else None
    links = set(keys.values()) if through is None else {own for own, _ in through.columns}
    if links & numbers:  # emptied, the rows would be found no more
        raise parts["columns"].refuse("link_is_my_number", ", ".join(sorted(links & numbers)))
    if on_erase is OnErase.EMPTY and not links <= emptied:
        raise parts["erase"].refuse("link_stays", ", ".join(sorted(links - emptied)))
    return TableSpec(
        name=name,
        label=parts["label"].label(),
        keys=keys,
        through=through,
        one=parts["one"].flag() if "one" in parts else False,
        columns=columns,
        on_erase=on_erase,
        keeping=_keeping(cursor, parts, on_erase),
    )


def _column(name: str, cursor: Cursor) -> ColumnSpec:
    if not OBJECT.fullmatch(name):
        raise cursor.refuse("bad_name", name)
    if not cursor.is_table:
        return ColumnSpec(name=name, label=cursor.label())
    if {"ja", "en"} == set(cursor.named()):
        return ColumnSpec(name=name, label=cursor.label())
    parts = cursor.table(COLUMN, required=frozenset({"label"}))
    flags = {word: parts[word].flag() for word in COLUMN - {"label"} if word in parts}
    return ColumnSpec(
        name=name,
        label=parts["label"].label(),
        free_text=flags.get("free_text", False),
        third_person=flags.get("third_person", False),
        empties=flags.get("empty", False),
        my_number=flags.get("my_number", False),
    )


def _keys(cursor: Cursor) -> dict[KeyKind, str]:
    """By which columns the table knows a person."""
    kinds = frozenset(kind.value for kind in KeyKind)
    found = {KeyKind(k): c.name(OBJECT) for k, c in cursor.table(kinds, required=NONE).items()}
    if not found:
        raise cursor.refuse("empty_list")
    return found


NONE: Final[frozenset[str]] = frozenset()


def _through(cursor: Cursor) -> Through:
    both = frozenset({"table", "columns"})
    parts = cursor.table(both, required=both)
    pairs = parts["columns"].named()
    if not pairs:
        raise parts["columns"].refuse("empty_list")
    for own in pairs:
        if not OBJECT.fullmatch(own):
            raise parts["columns"].refuse("bad_name", own)
    return Through(
        table=parts["table"].name(OBJECT),
        columns=tuple((own, under.name(OBJECT)) for own, under in pairs.items()),
    )


def _keeping(cursor: Cursor, parts: Mapping[str, Cursor], on_erase: OnErase) -> Keeping | None:
    """What is kept names its ground; years need the column (of a file: its date) to count from."""
    if on_erase is not OnErase.KEEP:
        for word in sorted(KEEPING & parts.keys()):
            raise parts[word].refuse("keeps_nothing", word)
        return None
    if "ground" not in parts:
        raise cursor.refuse("missing_key", "ground")
    years = parts["years"].number(least=1, most=MAX_YEARS) if "years" in parts else None
    since = parts["since"].name(OBJECT) if "since" in parts else None
    if since is not None and years is None:
        raise cursor.refuse("missing_key", "years")
    return Keeping(ground=parts["ground"].label(), years=years, since=since)


def _check_place(table: TableSpec, tables: Mapping[str, TableSpec], cursor: Cursor) -> None:
    """Each way over other tables ends at one that knows the person; what stays hangs on what stays.

    Without that, rows that a law keeps would be left behind without the person they are about.
    """
    if table.keeping is not None and table.keeping.years is not None and not table.keeping.since:
        raise cursor.refuse("missing_key", "since")
    for above in _above(table, tables, cursor):
        if table.on_erase is OnErase.KEEP and above.on_erase is not OnErase.KEEP:
            raise cursor.refuse("keeps_under_going", above.name)


def _above(
    table: TableSpec, tables: Mapping[str, TableSpec], cursor: Cursor
) -> Iterable[TableSpec]:
    seen = [table.name]
    while table.through is not None:
        if table.through.table not in tables:
            raise cursor.refuse("table_unknown", table.through.table)
        table = tables[table.through.table]
        if table.name in seen:
            raise cursor.refuse("table_circle", table.name)
        seen.append(table.name)
        yield table


def _folder(name: str, cursor: Cursor) -> FolderSpec:
    needed = frozenset({"label", "kind", "path", "pattern", "erase"})
    parts = cursor.table(FOLDER, required=needed)
    path = Path(parts["path"].written())
    if not path.is_absolute() or ".." in path.parts:
        raise parts["path"].refuse("path_not_absolute")
    on_erase = parts["erase"].choice(OnErase)
    if on_erase is OnErase.EMPTY:
        raise parts["erase"].refuse("unknown_word", on_erase.value, allowed="delete, keep")
    if "since" in parts:
        raise parts["since"].refuse("unknown_key", "since", allowed=", ".join(sorted(FOLDER)))
    pattern = pattern_of(parts["pattern"].written())
    if pattern is None:
        raise parts["pattern"].refuse("bad_pattern", parts["pattern"].written())
    return FolderSpec(
        name=name,
        label=parts["label"].label(),
        path=path,
        pattern=pattern,
        on_erase=on_erase,
        keeping=_keeping(cursor, parts, on_erase),
        limits=_limits(parts),
        my_number=parts["my_number"].flag() if "my_number" in parts else False,
    )


def _manual(name: str, cursor: Cursor) -> ManualSpec:
    parts = cursor.table(MANUAL, required=NOBODY | {"mail", "days"})
    if not ADDRESS.fullmatch(parts["mail"].written()):
        raise parts["mail"].refuse("bad_mail")
    days = parts["days"].number(least=1, most=90)
    return ManualSpec(
        name=name,
        label=parts["label"].label(),
        mail=parts["mail"].written(),
        lang=parts["lang"].choice(Lang) if "lang" in parts else Lang.JA,
        days=days,
        remind=parts["remind"].number(least=1, most=90) if "remind" in parts else 3,
        my_number=parts["my_number"].flag() if "my_number" in parts else False,
    )
