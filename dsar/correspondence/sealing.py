"""The text of a letter at rest and filled in: sealed under the requester's own record key."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec

from dsar.case import Case
from dsar.correspondence.errors import LetterClosedError
from dsar.correspondence.facts import About, Given, facts_of
from dsar.correspondence.rules import digest_of, filled, slots_in
from dsar.correspondence.types import LetterRecord, Slot, Source, State, Written
from governance.core.terms import ActorId, KeyClass, RowId
from governance.customers.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A letter with its text: with slots while it is open, as it went afterwards."""

    record: LetterRecord
    source: Source = field(repr=False)
    given: Given = field(default_factory=dict, repr=False)


def gone(
    ports: Ports,
    case: Case,
    record: LetterRecord,
    source: Source,
    given: Given,
    *,
    by: ActorId,
    at: datetime,
) -> tuple[LetterRecord, Written]:
    """The letter as it goes, its text filled, sealed and digested."""
    written = filled_now(ports, case, record, source, given, at=at)
    content = _sealed(ports, case, record.id, {"title": written.title, "body": written.body})
    after = replace(
        record,
        state=State.SENT,
        sent_at=at,
        sent_by=by,
        digest=digest_of(written),
        content=content,
    )
    return after, written


def filled_now(
    ports: Ports, case: Case, record: LetterRecord, source: Source, given: Given, *, at: datetime
) -> Written:
    """How the person would read it at this moment."""
    about = About(
        case=case, controller=ports.controller, lang=record.lang, at=at, template=record.template
    )
    return filled(source, facts_of(about, slots_in(source), given))


def seal(ports: Ports, case: Case, row: RowId, source: Source, given: Given) -> bytes:
    """An open text with what its step said."""
    said = {slot.value: words for slot, words in given.items()}
    content = {"title": source.title, "body": source.body, "given": said}
    return _sealed(ports, case, row, content)


def _sealed(ports: Ports, case: Case, row: RowId, content: Mapping[str, object]) -> bytes:
    packed = msgspec.json.encode(content)
    return ports.vault.seal_part(case.requester_id, row, packed, key_class=KeyClass.RECORD)


def open_letter(ports: Ports, record: LetterRecord) -> Opened:
    """The letter with its text; raises LetterClosedError for one that has none any more."""
    if record.content is None:
        raise LetterClosedError
    content = msgspec.json.decode(
        ports.vault.open_part(record.id, record.content), type=dict[str, dict[str, str] | str]
    )
    given = content.get("given", {})
    return Opened(
        record=record,
        source=Source(title=str(content["title"]), body=str(content["body"])),
        given={Slot(name): words for name, words in given.items()}
        if isinstance(given, dict)
        else {},
    )
