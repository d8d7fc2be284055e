"""Where a row about a person belongs: a new one, or one known by place, id or key."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import Connection, select

from governance.core.clock import JST
from governance.core.terms import FieldId, RowId, SubjectId
from governance.customers import store
from governance.customers.ports import Ports
from governance.customers.search.looking import find_tokens
from governance.customers.suppression import marks
from governance.customers.types import ProblemKind
from governance.gateway.intake.keys import SOURCE_KEY
from governance.gateway.intake.places import Place, Work, key_in, load_stored, merge, new, reject
from governance.gateway.intake.tokens import Indexer
from governance.gateway.intake.types import Draft, RunFacts
from governance.keys.vault import FieldVault

CUSTOMER_ID = FieldId("person.customer_id")
SUPPRESSING = (FieldId("person.email"), FieldId("person.mobile"), CUSTOMER_ID)


def place_persons(work: Work, drafts: Sequence[Draft]) -> dict[int, Place]:
    """Each new person gets a pseudonym; one that is known by place, id or key is merged.

    Returns where each row's person stands; no place for a suppressed one.
    """
    tx, ports, indexer, result, run = work.tx, work.ports, work.indexer, work.result, work.run
    by_place = _by_place(tx, run, drafts)
    by_id = owners(tx, ports, indexer, (d.owner_key for d in drafts))
    by_key = holders(tx, ports, indexer, SOURCE_KEY, (key_in(d) for d in drafts))
    found: list[Place | None] = [
        by_place.get(d.number)
        or (by_id.get(d.owner_key) if d.owner_key else None)
        or by_key.get(key_in(d) or "")
        for d in drafts
    ]  # the list is read after: whoever is erased meanwhile stands on it
    barred = suppressed_rows(tx, ports.vault, drafts, on=run.at.astimezone(JST).date())
    load_stored(work, "person", (place for place in found if place is not None))
    places: dict[int, Place] = {}
    for draft, known in zip(drafts, found, strict=True):
        if draft.number in barred:
            result.rejected.append(reject(draft, ProblemKind.SUPPRESSED, refused=True))
            continue
        names = [f"id:{draft.owner_key}" if draft.owner_key else "", f"key:{key_in(draft) or ''}"]
        names = [name for name in names if not name.endswith(":") and name]
        place = known or next((work.seen.rows[n] for n in names if n in work.seen.rows), None)
        if place is not None:
            places[draft.number] = place
            merge(work, draft, place[0], fill=True)
            _hold_known(work, draft, place[1], stored=known is not None)
            continue
        places[draft.number] = made = new(work, draft, names)
        if draft.hold:
            result.holds.append(made[1])
    return places


def _hold_known(work: Work, draft: Draft, subject: SubjectId, *, stored: bool) -> None:
    if not draft.hold or subject in work.result.holds:
        return
    if not stored or not store.held(work.tx, subject):
        work.result.holds.append(subject)


def _by_place(tx: Connection, run: RunFacts, drafts: Sequence[Draft]) -> dict[int, Place]:
    """Persons stored from the very rows that a file of corrections names."""
    if run.corrects is None:
        return {}
    person = store.TABLES["person"]
    rows = tx.execute(
        select(person.c.id, person.c.subject_id, person.c.source_row).where(
            person.c.source_file == run.file,
            person.c.source_row.in_([draft.number for draft in drafts]),
        )
    )
    return {row.source_row: (RowId(row.id), SubjectId(row.subject_id)) for row in rows}


def owners(
    tx: Connection, ports: Ports, indexer: Indexer, keys: Iterable[str | None]
) -> dict[str, Place]:
    """Customer ids to the person's row, found by token and confirmed by opening the id."""
    return holders(tx, ports, indexer, CUSTOMER_ID, keys)


def holders(
    tx: Connection, ports: Ports, indexer: Indexer, name: FieldId, keys: Iterable[str | None]
) -> dict[str, Place]:
    """Values of a field of persons to the row that holds them, confirmed by opening it."""
    wanted = {key for key in keys if key}
    if not wanted:
        return {}
    tokens = [token for key in wanted for _, token in indexer.of(name, key)]
    found = {row: subject for _, row, subject in find_tokens(tx, [name], tokens)}
    cells = store.cells_of(tx, "person", name.partition(".")[2], found)
    opened = ports.vault.open_rows([(row, {name: cell}) for row, cell in cells.items()])
    confirmed: dict[str, Place] = {}
    for row, values in sorted(zip(cells, opened, strict=True), key=lambda item: item[0]):
        key = values[name].value
        if key in wanted:
            confirmed.setdefault(str(key), (row, found[row]))
    return confirmed


def suppressed_rows(
    tx: Connection, vault: FieldVault, drafts: Sequence[Draft], *, on: date
) -> set[int]:
    """Rows whose e-mail, mobile or id is that of an erased or opted-out person."""
    known = marks(tx, vault, SUPPRESSING)
    tokens: dict[bytes, set[int]] = {}
    for draft in drafts:
        for name in SUPPRESSING:
            value = draft.plain.get(name)
            for token in known.of(name, value) if isinstance(value, str) else ():
                tokens.setdefault(token, set()).add(draft.number)
    barred = store.suppressed(tx, tokens, on=on)
    return {number for token in barred for number in tokens[token]}
