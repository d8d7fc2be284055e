"""Letters to the person about their own request: a reference, and what was decided and done.

Mail about a person's own request is part of answering it (APPI 32 to 39, GDPR 12) and asks for no
consent. It goes to the person's own address on record only, whoever asked in their name, and holds
no value of the person: of a correction it names the fields.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection, select

from audit.actions import EventCode
from audit.models import EVENTS
from dsar.case import Case, Transition
from dsar.clocks import dates_of
from dsar.types import Delivery, Letter, Outcome
from governance.core.terms import FieldId, Lang, Law
from governance.customers.catalogue import catalogue
from governance.customers.ports import Ports
from governance.customers.post import own_address, post
from governance.i18n.catalogue import text
from governance.outbound.mail import Mail

PROOF = "event:"
NOTHING: Mapping[str, str] = MappingProxyType({})


ON_PAPER = frozenset({Letter.READY, Letter.OUTCOME})  # not by mail, when the answer goes on paper


def tell(
    tx: Connection,
    ports: Ports,
    case: Case,
    letter: Letter,
    *,
    lang: Lang,
    at: datetime,
    params: Mapping[str, str] = NOTHING,
) -> tuple[str, ...]:
    """The reference of the mail that waits to leave with this change; empty when none does."""
    if case.subject is None:
        return ()
    if letter in ON_PAPER and case.delivery is not Delivery.DOWNLOAD:
        return ()
    address = own_address(tx, ports, case.subject, at=at).value
    if address is None:
        return ()
    once = letter is Letter.OUTCOME  # two laws come to it at two times
    mail = Mail(
        idem_key=f"dsar/{case.id}/{letter.value}" + ("" if once else f"/{case.version}"),
        to=address,
        template=f"dsar.mail.{letter.value}",
        lang=lang,
        params={"reference": case.reference, **params},
    )
    return (f"message:{post(tx, ports.vault, mail, subject=case.subject, at=at)}",)


def tell_outcome(
    tx: Connection,
    ports: Ports,
    case: Case,
    *,
    recipients: Iterable[str],
    lang: Lang,
    at: datetime,
) -> tuple[str, ...]:
    """The mail that says what was decided, on which ground, what was changed and who was told."""
    decision = case.decision
    outcome = decision.outcome if decision is not None else Outcome.REFUSE
    grounds = decision.grounds if decision is not None else ()
    params = {
        "outcome": text(f"dsar.outcome.{outcome.value}", lang),
        "grounds": lines(text(f"dsar.ground.{ground.value}", lang) for ground in grounds),
        "fields": listed(changed_fields(tx, case), lang),
        "recipients": lines(recipients),
    }
    return tell(tx, ports, case, Letter.OUTCOME, lang=lang, at=at, params=params)


def tell_step(
    tx: Connection, ports: Ports, case: Case, step: Transition, *, lang: Lang, at: datetime
) -> tuple[str, ...]:
    """The letters that the table names for this step; the answer itself is told by others."""
    wanted = {move.letter for move in step.moves if move.letter is not None} - {Letter.OUTCOME}
    return tuple(
        reference
        for letter in sorted(wanted)
        for reference in tell(
            tx, ports, case, letter, lang=lang, at=at, params=_params(case, step, letter, lang)
        )
    )


def _params(case: Case, step: Transition, letter: Letter, lang: Lang) -> Mapping[str, str]:
    """What the letter says beside the reference: days and reasons, nothing of the person."""
    match letter:
        case Letter.EXTENDED:
            track = case.track(Law.GDPR)
            dates = dates_of(case, track, at=step.at) if track is not None else None
            day = dates.legal or dates.nominal if dates is not None else None
            reason = text(f"dsar.extension.{step.ground}", lang)
            return {"due": day.isoformat() if day else "-", "reason": reason}
        case Letter.HELD:
            until = step.until.isoformat() if step.until else "-"
            return {"due": until, "reason": text(f"dsar.hold.{step.ground}", lang)}
        case _:
            return NOTHING


def lines(words: Iterable[str]) -> str:
    """A line a word; a dash for none."""
    return "\n".join(f"- {word}" for word in words) or "-"


def listed(fields: Iterable[FieldId], lang: Lang) -> str:
    """A line a field, by its name for people."""
    return lines(catalogue().fields[name].label(lang) for name in fields)


def changed_fields(tx: Connection, case: Case) -> tuple[FieldId, ...]:
    """Fields that the events changed by which the request was carried out."""
    told = select(EVENTS.c.refs).where(
        EVENTS.c.object_id == case.id, EVENTS.c.action == EventCode.REQUEST_CHANGED.value
    )
    refs = [ref for line in tx.execute(told).scalars() for ref in (line or "").split(",")]
    proofs = [ref.removeprefix(PROOF) for ref in refs if ref.startswith(PROOF)]
    made = select(EVENTS.c.fields).where(EVENTS.c.id.in_(proofs), EVENTS.c.subject == case.subject)
    found = {name for line in tx.execute(made).scalars() for name in (line or "").split(",")}
    return tuple(FieldId(name) for name in sorted(found) if name in catalogue().fields)
