"""The answers about many persons: the column form, and audiences of up to a million."""

from base64 import b64encode
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from consent.checks import PSEUDONYM
from consent.columns import segments
from consent.columns.filtering import (
    Columns,
    Marks,
    Resolved,
    bits_of,
    count_of,
    picked,
    places_of,
)
from consent.columns.filtering import permitted as marked
from consent.columns.forms import Asked, ColumnFormError
from consent.columns.service import Sight, digest_of, record, set_name, sight
from consent.columns.shapes import shape_of
from consent.state.live import LiveState
from governance.core.errors import NotFoundError
from governance.core.terms import SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal
from policies.reasons import ReasonCode

Shape = dict[str, Any]


class Audiences:
    """Who of a list may be used for a purpose; lists that were saved are remembered by place."""

    def __init__(self, ports: Ports, live: LiveState) -> None:
        self._ports, self._live = ports, live
        self._columns: Final = Columns()
        self._resolved: Final = Resolved()

    def filter(
        self, principal: Principal, asked: Asked, request_id: str | None, *, at: datetime
    ) -> Shape:
        """The answer, its decision on record before; may wait."""
        seen = sight(self._ports, self._live, principal, asked.use(request_id), at=at)
        subjects = asked.subjects
        if subjects is None:
            segment = self._resolved.segment(asked.segment or "", principal.id, at=at)
            if segment is None:
                segment = self._load(principal, asked.segment or "", at=at)
                self._resolved.keep(segment, principal.id)
            subjects, digest = segment.subjects, segment.digest
        else:
            digest = digest_of(subjects)
        marks = self._marks(seen, asked.segment, subjects)
        count = 0 if marks is None else count_of(marks)
        bits = b"" if marks is None else bits_of(marks)
        about = set_name(len(subjects), count, digest, bits)
        decision = record(
            self._ports, principal, seen, about, count=count, request_id=request_id, at=at
        )
        if decision is None:
            seen, marks, count = replace(seen, code=ReasonCode.UNAVAILABLE_AUDIT), None, 0
        shape = shape_of(seen, decision)
        shape |= {"size": len(subjects), "count": count}
        match asked.show or ("bits" if asked.segment else "ids"):
            case "ids":
                shape["permit"] = [] if marks is None else picked(marks, subjects)
            case "bits":
                empty = bytes((len(subjects) + 7) // 8)
                shape["bits"] = b64encode(empty if marks is None else bits).decode()
            case _:
                pass  # the count alone
        return shape

    def save(self, principal: Principal, subjects: list[SubjectId], *, at: datetime) -> Shape:
        """The list has a random id for a day."""
        odd = next((n for n, s in enumerate(subjects) if not PSEUDONYM.fullmatch(s)), None)
        if odd is not None:
            raise ColumnFormError([(f"subjects.{odd}", "unknown_word")])
        digest = digest_of(subjects)
        name = self._ports.database.write(
            lambda tx: segments.save(tx, subjects, digest=digest, actor=principal.id, at=at)
        )
        ends = at + segments.LIFE
        return {"segment": name, "size": len(subjects), "ends_at": ends.isoformat()}

    def drop(self, principal: Principal, name: str) -> None:
        """The segment is gone; raises NotFoundError for another's or none."""
        self._resolved.forget(name)
        if not self._ports.database.write(lambda tx: segments.drop(tx, name, actor=principal.id)):
            raise NotFoundError

    def _load(self, principal: Principal, name: str, *, at: datetime) -> segments.Segment:
        with self._ports.database.read() as tx:
            found = segments.load(tx, name, actor=principal.id, at=at)
        if found is None:
            raise NotFoundError  # fails closed: another's segment is none
        return found

    def _marks(self, seen: Sight, segment: str | None, subjects: list[SubjectId]) -> Marks | None:
        if not seen or seen.state is None or seen.use is None:
            return None
        column = self._columns.of(seen.state, seen.use)
        if segment is None:
            return marked(column, places_of(seen.state, subjects))
        return marked(column, self._resolved.places(segment, seen.state, subjects))
