"""What the pages of choices show: how a person's cells stand, their history, one proof."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from consent.proofs import ProofView
from consent.receipts.paper import ACTS
from consent.standing import Entry
from consent.types import EVERY, Cell
from dsar.execution.effects import PLACE
from governance.core.terms import Lang, Law
from governance.gateway.choices import Choices, shown_code
from governance.i18n.catalogue import text
from governance.i18n.formats import moment
from governance.ui.parts import Choice, Link, Occurrence, Term, Tone
from policies.purposes import consent_gated
from policies.reasons import Audience, ReasonCode, reason_text
from policies.snapshot import PolicySnapshot

HOME: Final = "/console/consents"
HOW: Final = ("phone", "letter", "counter", "mail")  # how the staff was told
NARROWS: Final = frozenset({"refused", "withdrawn", "objected", "restricted", "invalidated"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CellLine:
    """One cell of a person: purpose, channel, recipients; may it be used now, and why."""

    purpose: str
    channel: str
    recipients: str
    yes: bool
    why: str
    until: datetime | None


def purpose_words(policy: PolicySnapshot, purpose: str, lang: Lang) -> str:
    """The purpose for people; all of them where the word is about everything."""
    if purpose == EVERY:
        return text("console.consents.every_purpose", lang)
    known = policy.purpose(purpose)
    return purpose if known is None else known.label[lang]


def channel_words(channel: str, lang: Lang) -> str:
    """The channel for people."""
    every = channel == EVERY
    return (
        text("console.consents.every", lang) if every else text(f"policies.channel.{channel}", lang)
    )


def recipient_words(recipients: str, lang: Lang) -> str:
    """The class of recipients for people."""
    if recipients == EVERY:
        return text("console.consents.every", lang)
    return text(f"consent.recipient.{recipients}", lang)


def cell_lines(found: Choices, policy: PolicySnapshot, lang: Lang) -> tuple[CellLine, ...]:
    """How the person's cells stand, in words; cells of one answer stand in one line."""
    alike: dict[tuple[str, ReasonCode, datetime | None], list[Cell]] = {}
    for one in found.cells:
        key = (one.cell.purpose, shown_code(found, one), one.decision.valid_until)
        alike.setdefault(key, []).append(one.cell)
    lines = []
    for (purpose, code, until), cells in alike.items():
        for channels, recipients in _together(cells):
            lines.append(
                CellLine(
                    purpose=purpose_words(policy, purpose, lang),
                    channel=" / ".join(channel_words(one, lang) for one in channels),
                    recipients=" / ".join(recipient_words(one, lang) for one in recipients),
                    yes=code is ReasonCode.PERMIT,
                    why=_why(code, lang),
                    until=until,
                )
            )
    return tuple(lines)


def _together(cells: list[Cell]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The cells as every channel with every class of recipients, where they are just that."""
    channels = tuple(dict.fromkeys(one.channel for one in cells))
    recipients = tuple(dict.fromkeys(one.recipient_class for one in cells))
    if len(cells) == len(channels) * len(recipients):
        return [(channels, recipients)]
    return [((one.channel,), (one.recipient_class,)) for one in cells]


def _why(code: ReasonCode, lang: Lang) -> str:
    if code is ReasonCode.PERMIT:
        return text("console.consents.passes", lang)  # the third gate alone was asked
    return reason_text(code, Audience.OFFICER, lang)


def entry_occurrences(
    entries: tuple[Entry, ...], policy: PolicySnapshot, lang: Lang
) -> tuple[Occurrence, ...]:
    """What the person said, newest first, each with its proof."""
    return tuple(_occurrence(one, policy, lang) for one in reversed(entries))


def _occurrence(one: Entry, policy: PolicySnapshot, lang: Lang) -> Occurrence:
    event = one.event
    parts = (
        purpose_words(policy, event.purpose, lang),
        channel_words(event.channel, lang) if event.channel != EVERY else "",
        text(f"consent.evidence.{event.evidence.value}", lang),
        text("console.consents.of_notice", lang, version=event.notice_version)
        if event.notice
        else "",
    )
    return Occurrence(
        at=event.occurred_at,
        kind=text(f"consent.kind.{event.kind.value}", lang),
        sentence=" / ".join(part for part in parts if part),
        record=Link(
            label=text("console.consents.to_proof", lang, seq=f"{event.seq:,}"),
            href=f"{HOME}/entries/{one.id}",
        ),
        tone=Tone.REFUSED if event.kind.value in NARROWS else Tone.PLAIN,
    )


def proof_terms(
    view: ProofView, policy: PolicySnapshot, lang: Lang, *, by: str
) -> tuple[Term, ...]:
    """Who said what, when, where and how; every part that says something."""
    event, proof = view.event, view.proof
    acted, place = view.acted_by, proof.place
    if view.collection_point:
        place = " ".join(
            filter(None, (place, view.collection_point, str(view.collection_version or "")))
        )
    said: tuple[tuple[str, str, str], ...] = (
        ("kind", text(f"consent.kind.{event.kind.value}", lang), ""),
        ("purpose", purpose_words(policy, event.purpose, lang), ""),
        ("channel", channel_words(event.channel, lang), ""),
        ("recipients", recipient_words(event.recipient_class, lang), ""),
        ("by", text(f"console.consents.by.{acted.value}", lang) if acted else "", by),
        ("action", _action(proof.action, lang), ""),
        ("method", _method(proof.method, lang), ""),
        ("place", _method(place, lang), ""),
        ("evidence", text(f"consent.evidence.{event.evidence.value}", lang), ""),
        ("statement", proof.statement, ""),
        ("device", proof.user_agent, ""),
        ("network", proof.network, ""),
        ("guardians", ", ".join(_guardians(proof.guardians)), ""),
        ("valid_until", moment(event.valid_until, lang) if event.valid_until else "", ""),
        ("import_run", event.import_run or "", ""),
        ("seq", f"{event.seq:,}", ""),
    )
    return tuple(
        Term(term=text(f"console.consents.term.{name}", lang), text=value, note=note)
        for name, value, note in (
            *said,
            *(("file", f"{k}: {v}", "") for k, v in proof.file.items()),
        )
        if value
    )


def _method(method: str, lang: Lang) -> str:
    return text(f"console.consents.how.{method}", lang) if method in (*HOW, PLACE) else method


def withdrawable(found: Choices, policy: PolicySnapshot, lang: Lang) -> tuple[Choice, ...]:
    """The purposes that rest on the person's consent, those in use now first."""
    used = {one.cell.purpose for one in found.cells if one.decision}
    gated = [one for one in policy.purposes.values() if consent_gated(one, tuple(Law))]
    return tuple(
        Choice(
            value=one.id,
            label=one.label[lang]
            if one.id in used
            else text("console.consents.unused", lang, purpose=one.label[lang]),
        )
        for one in sorted(gated, key=lambda one: one.id not in used)
    )


def _action(action: str, lang: Lang) -> str:
    return text(f"consent.action.{action}", lang) if action in ACTS else action


def _guardians(guardians: tuple[Mapping[str, str], ...]) -> Iterator[str]:
    for one in guardians:
        verified = " ".join(filter(None, (one.get("verified_how"), one.get("verified_on"))))
        yield f"{one.get('kind', '')} ({verified})" if verified else one.get("kind", "")
