"""Events, notices and purposes for tests, each with only what the claim needs."""

from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType

from consent.types import (
    ChangeClass,
    ConsentEvent,
    EventKind,
    NoticeVersion,
    SubjectFacts,
)
from governance.core.terms import Law, NoticeId, PurposeId, SubjectId
from policies.purposes import Basis, Channel, PurposeRecord
from policies.types import Label

NOW = datetime(2026, 10, 1, 3, 0, tzinfo=UTC)
SUBJECT = SubjectId("11111111-1111-4111-8111-111111111111")
NOTICE = NoticeId("offers")
BOTH = frozenset({Law.APPI, Law.GDPR})
CONSENT = MappingProxyType({Law.APPI: Basis.CONSENT, Law.GDPR: Basis.CONSENT})

VERSIONS = (
    NoticeVersion(
        notice=NOTICE,
        version="1.0",
        published_on=date(2024, 4, 1),
        change=ChangeClass.FIRST,
        text_hash="0" * 64,
        order=1,
    ),
)
OFFERS = PurposeRecord(
    id=PurposeId("offers"),
    label=Label(ja="ご案内", en="Offers"),
    basis=CONSENT,
    categories=frozenset({"contact"}),
    channels=frozenset({Channel.EMAIL, Channel.SMS}),
    notice=NOTICE,
)
ADULT = SubjectFacts(subject=SUBJECT, state="active", laws=BOTH)


def version(number: str, order: int, change: ChangeClass) -> NoticeVersion:
    """A later version of the one notice."""
    return replace(VERSIONS[0], version=number, order=order, change=change)


def event(kind: EventKind, seq: int = 1, **other: object) -> ConsentEvent:
    """One event on the purpose of offers, to the notice's first version."""
    plain = ConsentEvent(
        seq=seq,
        subject=SUBJECT,
        purpose=OFFERS.id,
        kind=kind,
        occurred_at=NOW,
        notice=NOTICE,
        notice_version="1.0",
    )
    return replace(plain, **other)  # type: ignore[arg-type] # named fields of the event
