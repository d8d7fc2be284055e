"""The gate for a file of who was found: exactly what its page shows, and only what may leave.

A column leaves as it is shown, clear or masked, when the policy lets this principal take it out for
the purpose of the search in the same form; else the file is refused and names the column. Everybody
in it has a decision on record. Fails closed: without the event of the file there is no file.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from itertools import islice
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from governance.core.errors import WrongUseError
from governance.core.terms import EventId, FieldId, RowId, SubjectId, Treatment
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.customers.tokens import known_indexes
from governance.gateway.bulk import deciding
from governance.gateway.bulk.deciding import PART, Bulk, MovedError, Run
from governance.gateway.bulk.guard import Guarded, found_in, guarded
from governance.gateway.bulk.types import BulkRequest, ExportRefusedError
from governance.gateway.decisions import decide_before_person
from governance.gateway.search_gates import NOBODY
from governance.gateway.search_looking import Search
from governance.gateway.search_pages import FOUND_MOST, Page, whole_of
from governance.gateway.search_registers import fields_named, names_of
from governance.gateway.search_rows import IndexInUse
from governance.gateway.search_types import Hit, SearchRefusedError, SearchRequest
from governance.gateway.searching import asked_of, open_questions
from governance.gateway.showing import Prepared, open_prepared
from governance.gateway.types import FieldDecision
from governance.http.principal import Principal
from policies.actions import Action
from policies.actors import may
from policies.api import ensure
from policies.pause import refuse_paused
from policies.types import Verb

ATTEMPTS: Final = 3  # how often a file is made anew when something changes meanwhile
Write = Callable[[Sequence[Hit]], bytes]  # the rows as a file, as the reader's page shows them


class SearchFileTooLongError(WrongUseError):
    """More persons are found than one file may hold; nothing left."""

    code, status = "search_file_too_long", 422


class SearchNobodyChosenError(WrongUseError):
    """Nobody of those who are found was chosen; nothing left."""

    code, status = "search_nobody_chosen", 422


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFile:
    """A file of who was found, and the event that says so."""

    content: bytes = field(repr=False)
    decision_id: EventId
    rows: int
    sha256: str


@dataclass(slots=True, kw_only=True)
class _Making:
    """One attempt at a file."""

    run: Run
    one: Search
    search: RowId  # the random id under which the words are sealed
    form: str
    only: Collection[SubjectId] | None  # of whom is found, those who were chosen; None: everybody
    treated: Counter[Treatment] = field(default_factory=Counter)
    rows: int = 0


def take_out(
    ports: Ports,
    principal: Principal,
    request: SearchRequest,
    search: RowId,
    write: Write,
    *,
    form: str,
    at: datetime,
    only: Collection[SubjectId] | None = None,
) -> SearchFile:
    """The file of everybody whom the search finds, or of those among them who were chosen.

    Raises what refused it, and nothing left.
    """
    policy = ports.policies.current
    ensure(principal, Action.PERSON_TAKE, policy)
    refuse_paused(policy)
    bulk = deciding.asked(
        ports,
        principal,
        BulkRequest(purpose=request.purpose, request_id=request.request_id),
        verb=Verb.EXPORT,
        explained=bool(may(principal, Action.EXPLAIN_SUBJECT, policy)),
        at=at,
    )
    for _ in range(ATTEMPTS):
        one = asked_of(ports, principal, request, at=at)
        if any(not open_questions(part, one.allowed) for part in one.parts):
            raise SearchRefusedError(reason=min(one.refused.values()).value)
        if one.policy is not bulk.policy:
            break  # another policy came into force meanwhile
        making = _Making(run=deciding.start(bulk), one=one, search=search, form=form, only=only)
        _may_leave(bulk, one)
        with suppress(MovedError):
            return _attempt(making, write)
    raise deciding.too_busy()


def _may_leave(bulk: Bulk, one: Search) -> None:
    """Each shown column may leave as it is shown; one that may not refuses the file by its name."""
    entries = [
        catalogue().fields[e.id] for e in fields_named(one.request.register, one.request.shown)
    ]
    asked = {
        verb: decide_before_person(
            bulk.policy,
            bulk.principal,
            entries,
            subject=NOBODY,
            purpose_name=bulk.purpose.id,
            verb=verb,
            passage=bulk.passage,
            glass=one.glass if verb is Verb.READ else None,  # it lifts looking, never leaving
        )
        for verb in (Verb.READ, Verb.EXPORT)
    }
    for entry in entries:
        shown, leaves = asked[Verb.READ][entry.id], asked[Verb.EXPORT][entry.id]
        if shown.treatment is not Treatment.WITHHELD and not _covers(leaves, shown):
            raise ExportRefusedError(field=entry.id, reason=leaves.code.value)


def _covers(leaves: FieldDecision, shown: FieldDecision) -> bool:
    """Whether what may leave of a field is at least what is shown of it."""
    if leaves.treatment is Treatment.CLEAR:
        return True
    same = (leaves.treatment, leaves.method, leaves.keep)
    return same == (shown.treatment, shown.method, shown.keep)


def _attempt(making: _Making, write: Write) -> SearchFile:
    bulk = making.run.bulk
    hits, people = _hits(making)
    content = write(hits)
    digest = sha256(content).hexdigest()
    for part in _parts(people):
        bulk.ports.database.write(partial(deciding.note, run=making.run, subjects=part), batch=True)
    event = bulk.ports.database.write(partial(_release, making=making, digest=digest))
    return SearchFile(content=content, decision_id=event, rows=making.rows, sha256=digest)


def _hits(making: _Making) -> tuple[list[Hit], tuple[SubjectId, ...]]:
    """Everybody who is found, opened and masked as far as both looking and leaving are allowed."""
    one, bulk = making.one, making.run.bulk
    with bulk.ports.vault.reading() as keys:
        searched = keys.searched(names_of(one.request.register, one.parts))
        with bulk.ports.database.read() as tx:
            index = IndexInUse(keys=searched, known=known_indexes(tx))
            if index.stale:
                raise MovedError  # a rotation ended meanwhile: look with its new key
            page = whole_of(tx, one, index, keys)
        if page is None:
            raise SearchFileTooLongError(most=FOUND_MOST)
        if making.only is not None:
            _keep(page, making.only)
        prepared = [*_leaving(bulk, page, one)]
        opened = open_prepared(
            bulk.ports, prepared, lang=bulk.principal.lang, keys=keys, at=bulk.at
        )
    views = [rows[0] for rows in opened]
    people = [found.subject for found in page.shown]
    if guarded(bulk.purpose):
        check = Guarded()
        check.note(found_in(bulk.ports, views), people)
        check.refuse()
    making.rows = len(views)
    making.treated = Counter(cell.decision.treatment for row in views for cell in row.fields)
    hits = [
        Hit(
            subject=found.subject,
            row=found.row,
            level=found.place.level,
            matched=found.matched,
            view=view,
        )
        for found, view in zip(page.shown, views, strict=True)
    ]
    return hits, tuple(dict.fromkeys(people))


def _keep(page: Page, only: Collection[SubjectId]) -> None:
    """Of the page these alone; whoever is not found by the search is on no file of it."""
    both = zip(page.shown, page.prepared, strict=True)
    chosen = [(found, row) for found, row in both if found.subject in only]
    if not chosen:
        raise SearchNobodyChosenError  # fails closed: a file of nobody is none
    page.found = [found for found, _ in chosen]
    page.prepared = [row for _, row in chosen]


def _leaving(bulk: Bulk, page: Page, one: Search) -> Iterable[Prepared]:
    """The rows of the page with the stricter of two answers: what is shown, and what may leave."""
    names = tuple(e.id for e in fields_named(one.request.register, one.request.shown))
    exports = deciding.decisions_for(bulk, names)
    for found, row in zip(page.shown, page.prepared, strict=True):
        leaves = exports.of_shown(found.subject, found.gates[found.subject].said)
        yield replace(row, decisions=stricter(row.decisions, leaves))


def stricter(
    shown: Mapping[FieldId, FieldDecision], leaves: Mapping[FieldId, FieldDecision]
) -> Mapping[FieldId, FieldDecision]:
    """Of what is shown and what may leave of one person, the stricter for each field."""
    closed = {
        name: leaves[name]
        for name, decision in shown.items()
        if decision.treatment is not Treatment.WITHHELD and not _covers(leaves[name], decision)
    }
    if any(one.treatment is not Treatment.WITHHELD for one in closed.values()):
        raise MovedError  # fails closed: masked in another way than it is shown
    return {**shown, **closed}


def _parts(people: Sequence[SubjectId]) -> Iterable[tuple[SubjectId, ...]]:
    rest = iter(people)
    while part := tuple(islice(rest, PART)):
        yield part


def _release(tx: Connection, *, making: _Making, digest: str) -> EventId:
    """The one event of the file; raises MovedError when a decision no longer stands."""
    run = making.run
    if not deciding.stands(tx, run):
        raise MovedError
    draft = deciding.permitted(
        run,
        EventCode.PERSON_EXPORTED,
        "search",
        making.search,
        fields=making.one.request.shown,
        counts=(
            ("rows", making.rows),
            ("persons", run.persons),
            *((f"cells_{kind.value}", n) for kind, n in sorted(making.treated.items())),
        ),
        refs=(f"sha256:{digest}", f"decisions_of:{run.stream}"),
        reasons=(f"form.{making.form}",),
    )
    return run.bulk.ports.audit.append(tx, draft)
