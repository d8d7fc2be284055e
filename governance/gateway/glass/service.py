"""Use cases of emergency access: open with an alert at once, end, list, review by another."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.alarms.types import Alarm, Rule
from audit.alarms.watching import raise_alarm
from audit.types import EventDraft, Network, Outcome
from governance.approvals.second import is_second
from governance.core.clock import JST
from governance.core.ids import new_row_id
from governance.core.settings import Settings
from governance.core.terms import RowId
from governance.customers.ports import Ports
from governance.customers.post import post
from governance.customers.store import subject_by_id
from governance.customers.upkeep.merges import survivor_of
from governance.gateway.glass import store
from governance.gateway.glass.lifting import may_hold
from governance.gateway.glass.types import (
    LONGEST,
    SHORTEST,
    Glass,
    GlassClosedError,
    GlassFormError,
    GlassOpenError,
    GlassRequest,
    GlassReviewError,
    GlassSignInError,
    GlassTerms,
    GlassUnknownError,
    Verdict,
)
from governance.gateway.types import UnknownPersonError
from governance.http.principal import Principal
from governance.identity.store import session_proved_at
from governance.outbound.mail import ADDRESS, Mail
from policies.actions import Action
from policies.actors import may
from policies.api import ActionForbiddenError, ensure
from policies.purposes import PurposeRecord

REASON: Final = "break_glass"  # kinds of blobs
COMMENT: Final = "break_glass_review"
FRESH: Final = timedelta(minutes=15)  # how old the sign-in may be that opens an access
LISTED: Final = 500
KIND: Final = "break_glass"


def terms_of(settings: Settings) -> GlassTerms:
    """What this installation demands of an emergency access, and who hears of it at once."""
    return GlassTerms(
        minutes_most=settings.glass_minutes,
        review_days=settings.glass_review_days,
        alert_to=settings.contact_mail,
    )


def open_glass(
    ports: Ports, principal: Principal, request: GlassRequest, terms: GlassTerms, *, at: datetime
) -> Glass:
    """The access is open until it ends by itself; event, mail and alarm are written with it.

    Raises what forbids it: role, purpose, reason, minutes, an old sign-in, one that is open.
    """
    ensure(principal, Action.GLASS_BREAK, ports.policies.current)
    purpose = _purpose(ports, principal, request, terms)
    return ports.database.write(partial(_open, ports, principal, request, terms, purpose, at=at))


def _purpose(
    ports: Ports, principal: Principal, request: GlassRequest, terms: GlassTerms
) -> PurposeRecord:
    policy = ports.policies.current
    purpose = policy.purpose(request.purpose) if request.purpose else None
    if purpose is None or purpose.direct_marketing or not may_hold(policy, principal):
        raise GlassClosedError
    if not SHORTEST <= len(request.reason.strip()) <= LONGEST:
        raise GlassFormError(field="reason")
    if not 1 <= request.minutes <= terms.minutes_most:
        raise GlassFormError(field="minutes")
    return purpose


def _open(
    ports: Ports,
    principal: Principal,
    request: GlassRequest,
    terms: GlassTerms,
    purpose: PurposeRecord,
    tx: Connection,
    *,
    at: datetime,
) -> Glass:
    opened_at = session_proved_at(tx, principal.session) if principal.session else None
    if opened_at is None or at - opened_at > FRESH:
        raise GlassSignInError  # fails closed: no session, no access
    subject = None if request.subject is None else survivor_of(tx, request.subject)
    if subject is not None:
        person = subject_by_id(tx, subject, on=at.date())
        if person is None or person.gone:
            raise UnknownPersonError
    for other in store.open_of(tx, principal.id, at=at):
        if (other.purpose, other.subject) == (purpose.id, subject):
            raise GlassOpenError(id=other.id)
    glass = Glass(
        id=(row := new_row_id()),
        actor=principal.id,
        purpose=purpose.id,
        subject=subject,
        opened_at=at,
        ends_at=at + timedelta(minutes=request.minutes),
        ended_at=None,
        ended_by=None,
        review_due=at.astimezone(JST).date() + timedelta(days=terms.review_days),
        reviewed_at=None,
        reviewed_by=None,
        verdict=None,
        reason=ports.vault.seal_blob(REASON, row, request.reason.strip().encode()),
    )
    store.add(tx, glass)
    message = _alert(tx, ports, glass, terms, minutes=request.minutes, at=at)
    counts = (("minutes", request.minutes),)
    ports.audit.append(
        tx,
        _event(ports, principal, glass, EventCode.BREAK_GLASS, counts=counts, refs=message, at=at),
    )
    raise_alarm(
        tx,
        ports.audit,
        Alarm(rule=Rule.GLASS, actor=principal.id, start=at, number=request.minutes, limit=1),
        at=at,
    )
    return glass


def _alert(
    tx: Connection, ports: Ports, glass: Glass, terms: GlassTerms, *, minutes: int, at: datetime
) -> tuple[str, ...]:
    """The reference of the mail to the privacy officer, which waits to leave with the access."""
    if not ADDRESS.fullmatch(terms.alert_to):
        return ()
    mail = Mail(
        idem_key=f"break-glass/{glass.id}",
        to=terms.alert_to,
        template="gateway.mail.break_glass",
        lang=terms.lang,
        params={
            "reference": glass.id,
            "minutes": str(minutes),
            "due": glass.review_due.isoformat(),
        },
    )
    return (f"message:{post(tx, ports.vault, mail, subject=None, at=at)}",)


def end_glass(ports: Ports, principal: Principal, glass: str, *, at: datetime) -> Glass:
    """The access has ended, by who opened it or who reviews; raises GlassUnknownError."""

    def end(tx: Connection) -> Glass:
        found = _seen(tx, ports, principal, glass)
        if store.end(tx, found.id, by=principal.id, at=at):
            code = EventCode.BREAK_GLASS_ENDED
            ports.audit.append(tx, _event(ports, principal, found, code, at=at))
        return _known(tx, glass)

    return ports.database.write(end)


def listing(
    tx: Connection, ports: Ports, principal: Principal, *, unreviewed: bool = False
) -> tuple[Glass, ...]:
    """Every access for who reviews them; one's own for everybody else who may open one."""
    policy = ports.policies.current
    every = bool(may(principal, Action.GLASS_REVIEW, policy))
    if not every:
        ensure(principal, Action.GLASS_BREAK, policy)
    own = None if every else principal.id
    return store.listed(tx, unreviewed=unreviewed, actor=own, limit=LISTED)


def show(tx: Connection, ports: Ports, principal: Principal, glass: str) -> tuple[Glass, str, str]:
    """One access with its reason and the reviewer's comment, for who reviews and who opened it."""
    found = _seen(tx, ports, principal, glass)
    reason = ports.vault.open_blob(REASON, found.id, found.reason).decode()
    said = ""
    if found.comment is not None:
        said = ports.vault.open_blob(COMMENT, found.id, found.comment).decode()
    return found, reason, said


def review_glass(
    ports: Ports, principal: Principal, glass: str, verdict: Verdict, comment: str, *, at: datetime
) -> Glass:
    """The verdict stands, by another person than who opened it, once it has ended."""
    ensure(principal, Action.GLASS_REVIEW, ports.policies.current)
    words = comment.strip()
    if not words or len(words) > LONGEST:
        raise GlassFormError(field="comment")

    def review(tx: Connection) -> Glass:
        found = _known(tx, glass)
        done = {Action.GLASS_BREAK: found.actor}
        policy, action = ports.policies.current, Action.GLASS_REVIEW
        other = is_second(tx, policy, principal, action, done, since=found.opened_at)
        if not other or found.open(at):  # two persons (design 3.10)
            raise GlassReviewError
        sealed = ports.vault.seal_blob(COMMENT, found.id, words.encode())
        if not store.review(tx, found.id, by=principal.id, verdict=verdict, comment=sealed, at=at):
            raise GlassReviewError
        code = EventCode.BREAK_GLASS_REVIEWED
        draft = _event(ports, principal, found, code, reasons=(verdict.value,), at=at)
        ports.audit.append(tx, draft)
        return _known(tx, glass)

    return ports.database.write(review)


def _seen(tx: Connection, ports: Ports, principal: Principal, glass: str) -> Glass:
    """The access, for who opened it and who reviews; for everybody else there is none."""
    found = _known(tx, glass)
    if found.actor != principal.id:
        try:
            ensure(principal, Action.GLASS_REVIEW, ports.policies.current)
        except ActionForbiddenError:
            raise GlassUnknownError from None
    return found


def _known(tx: Connection, glass: str) -> Glass:
    found = store.by_id(tx, glass)
    if found is None:
        raise GlassUnknownError
    return found


def _event(
    ports: Ports,
    principal: Principal,
    glass: Glass,
    action: EventCode,
    *,
    reasons: tuple[str, ...] = (),
    counts: tuple[tuple[str, int], ...] = (),
    refs: tuple[str, ...] = (),
    at: datetime,
) -> EventDraft:
    return EventDraft(
        action=action,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type=KIND,
        object_id=RowId(glass.id),
        subject=glass.subject,
        purpose=glass.purpose,
        outcome=Outcome.DONE,
        reasons=reasons,
        policy_version=ports.policies.current.version or None,
        network=Network(principal.network) if principal.network else None,
        counts=counts,
        refs=refs,
    )
