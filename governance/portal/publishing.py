"""What the company publishes of its handling of personal data, from the stored facts alone.

APPI 21 and 32(1): controller, every purpose, procedures, complaints; 27(5)(iii): joint use; 28:
recipients abroad. GDPR 13 and 14: identity, contacts, bases, interests, recipients, transfers,
periods, rights. Nothing here is about one person.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection

from consent import ledger
from consent.collecting.rules import in_force
from consent.notices import store
from consent.notices.types import Edition, EditionState, Kept
from consent.opted_out import months_of
from consent.receipts.content import received_by
from consent.types import NoticeVersion
from governance.core.controller import Controller
from governance.core.terms import Lang, Law
from governance.i18n.catalogue import text
from governance.i18n.countries import country_name
from governance.portal.anonymised import Line, anonymised
from governance.portal.periods import periods
from governance.registers.countries import countries
from governance.registers.store import all_recipients
from governance.registers.types import Recipient, RecipientRole
from governance.ui.parts import Term
from policies.purposes import Basis, PurposeRecord, consent_gated, recipient_class
from policies.snapshot import PolicySnapshot

MOST_NAMES: Final = 3  # of companies beside a purpose; the list of them all stands below
PUBLIC: Final = "public_matters"  # the notice with security measures and the like


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeShown:
    """One purpose of use in words."""

    id: str
    title: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Abroad:
    """One recipient abroad, as APPI 28(2) wants it told."""

    recipient: str
    country: str
    system: str
    measures: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeShown:
    """One notice in force with the purposes that refer to it."""

    id: str
    title: str
    version: str
    since: date
    purposes: tuple[PurposeShown, ...]
    abroad: tuple[Abroad, ...]
    coming: tuple[tuple[str, date, str], ...]  # version, day and change of what was announced


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The whole page."""

    notices: tuple[NoticeShown, ...]
    controller: tuple[Term, ...]
    joint: tuple[tuple[Term, ...], ...]  # one list of the five items for each joint use
    recipients: tuple[tuple[str, str, str, str], ...]  # name, role, service, country
    periods: tuple[tuple[str, str, str], ...]  # of whom or what, how long, why
    rights: tuple[Term, ...]
    anonymised: tuple[Line, ...]  # APPI 43(3)
    public: str  # security measures and the like
    as_of: date


def published(
    tx: Connection, policy: PolicySnapshot, controller: Controller, lang: Lang, *, on: date
) -> Published:
    """The page of all notices in force on a day."""
    notices = ledger.notices(tx)
    recipients = all_recipients(tx)
    waiting = store.every(tx, states=[EditionState.ANNOUNCED])
    names = dict.fromkeys(str(one.notice) for one in notices)
    current = {name: one for name in names if (one := in_force(notices, name, on=on)) is not None}
    public = current.pop(PUBLIC, None)
    return Published(
        notices=tuple(
            _notice(tx, policy, one, recipients, waiting, lang) for one in current.values()
        ),
        controller=tuple(_controller(controller, lang)),
        joint=tuple(
            tuple(_joint(purpose, policy, recipients, controller, lang))
            for purpose in policy.purposes.values()
            if "joint" in {recipient_class(name) for name in purpose.recipients}
        ),
        recipients=tuple(_companies(recipients, lang, on=on)),
        periods=tuple(periods(tx, lang, opted_out=months_of(controller))),
        rights=tuple(_rights(controller, lang)),
        anonymised=tuple(anonymised(tx, lang)),
        public="" if public is None else _body(tx, public, lang),
        as_of=on,
    )


def _notice(
    tx: Connection,
    policy: PolicySnapshot,
    one: NoticeVersion,
    recipients: tuple[Recipient, ...],
    waiting: tuple[Kept, ...],
    lang: Lang,
) -> NoticeShown:
    edition = store.edition_in_force(tx, one.notice, one.version)
    whole = ledger.notice_text(tx, one.notice, one.version, lang) or ""
    return NoticeShown(
        id=one.notice,
        title=whole.partition("\n")[0],
        version=one.version,
        since=one.published_on,
        purposes=tuple(
            _purpose(policy, purpose, recipients, lang)
            for purpose in policy.purposes.values()
            if purpose.notice == one.notice
        ),
        abroad=tuple(abroad_of(edition, lang)),
        coming=tuple(
            (kept.edition.version, kept.edition.effective_on, kept.edition.summary[lang])
            for kept in waiting
            if kept.edition.notice == one.notice
        ),
    )


def _body(tx: Connection, one: NoticeVersion, lang: Lang) -> str:
    """A text without its title and its history."""
    whole = ledger.notice_text(tx, one.notice, one.version, lang) or ""
    return whole.partition("\n\n")[2].rpartition("\n\n")[0]


def abroad_of(edition: Edition | None, lang: Lang) -> Iterator[Abroad]:
    """What is told of recipients abroad; nothing of a version without any."""
    for one in edition.transfers if edition else ():
        yield Abroad(
            recipient=one.recipient[lang],
            country=one.country_name[lang],
            system=one.system[lang],
            measures=one.measures[lang],
        )


def _purpose(
    policy: PolicySnapshot, purpose: PurposeRecord, recipients: tuple[Recipient, ...], lang: Lang
) -> PurposeShown:
    said = _Say(lang)
    return PurposeShown(
        id=purpose.id,
        title=purpose.label[lang],
        terms=tuple(
            Term(term=said(f"notices.{name}"), text=words)
            for name, words in (
                ("data", said.listed(categories(policy, purpose, lang))),
                ("basis", _bases(purpose, lang)),
                ("interest", _interest(purpose, lang)),
                ("recipients", _recipients(purpose, recipients, lang)),
                ("channels", _channels(purpose, lang)),
                ("choice", _choice(purpose, lang)),
            )
            if words
        ),
    )


class _Say:
    """Texts of the portal in one language."""

    def __init__(self, lang: Lang) -> None:
        self._lang = lang

    def __call__(self, key: str, **params: object) -> str:
        return text(f"portal.{key}", self._lang, **params)

    def listed(self, words: Iterable[str]) -> str:
        """Words with the comma of the language."""
        return self("collect.comma").join(words)


def categories(policy: PolicySnapshot, purpose: PurposeRecord, lang: Lang) -> list[str]:
    """The kinds of data that a purpose covers, in words."""
    known = () if policy.policy is None else policy.policy.categories
    labels = {one.id: one.label[lang] for one in known}
    return [labels.get(name, name) for name in sorted(purpose.categories)]


def _bases(purpose: PurposeRecord, lang: Lang) -> str:
    found = []
    for law, basis in sorted(purpose.basis.items()):
        ref = purpose.law_refs.get(law)
        words = text(f"policies.basis.{basis.value}", lang)
        law_name = text(f"consent.law.{law.value}", lang)
        key = "notices.basis_at" if ref else "notices.basis_of"
        found.append(_Say(lang)(key, law=law_name, basis=words, place=ref[lang] if ref else ""))
    return "\n".join(found)


def _interest(purpose: PurposeRecord, lang: Lang) -> str:
    """GDPR 13(1)(d): which interest is pursued, and that it may be objected to."""
    if purpose.basis.get(Law.GDPR) is not Basis.LEGITIMATE_INTEREST:
        return ""
    return text("portal.notices.interest_text", lang, purpose=purpose.label[lang])


def _recipients(purpose: PurposeRecord, recipients: tuple[Recipient, ...], lang: Lang) -> str:
    """Classes in words, with the registered companies that are meant: by name, or how many."""
    found, said = [], _Say(lang)
    named = received_by(purpose, recipients)
    for kind in dict.fromkeys(recipient_class(name) for name in purpose.recipients):
        mine = [_with_country(one, lang) for one in named if one.role.value == kind]
        words = text(f"consent.recipient.{kind}", lang)
        if len(mine) > MOST_NAMES:
            words = said("notices.so_many", kind=words, count=len(mine))
        elif mine:
            words = said("notices.these", kind=words, names=said.listed(mine))
        found.append(words)
    return said.listed(found)


def _with_country(one: Recipient, lang: Lang) -> str:
    if one.country is None or one.country == countries().home:
        return one.name
    return text(
        "portal.notices.in_country", lang, name=one.name, country=country_name(one.country, lang)
    )


def _channels(purpose: PurposeRecord, lang: Lang) -> str:
    return _Say(lang).listed(
        [text(f"policies.channel.{one.value}", lang) for one in sorted(purpose.channels)]
    )


def _choice(purpose: PurposeRecord, lang: Lang) -> str:
    """Whether the person decides, and how long a yes holds."""
    if not consent_gated(purpose, tuple(Law)):
        return ""
    if purpose.expires_months is None:
        return text("portal.notices.choice_text", lang)
    return text("portal.notices.choice_months", lang, months=purpose.expires_months)


def _controller(controller: Controller, lang: Lang) -> Iterator[Term]:
    """Who answers (APPI 32(1)(i), GDPR 13(1)(a), (b))."""
    said = _Say(lang)
    yield Term(term=said("notices.company"), text=controller.company(lang))
    yield Term(term=said("notices.address"), text=controller.address(lang))
    yield Term(term=said("notices.representative"), text=controller.representative(lang))
    yield Term(
        term=said("notices.contact"),
        text=controller.contact_mail,
        href=f"mailto:{controller.contact_mail}",
        note=controller.contact_phone,
    )
    if controller.dpo_contact:
        yield Term(term=said("notices.dpo"), text=controller.dpo_contact)
    if controller.eu_representative:
        yield Term(term=said("notices.eu_representative"), text=controller.eu_representative)


def _joint(
    purpose: PurposeRecord,
    policy: PolicySnapshot,
    recipients: tuple[Recipient, ...],
    controller: Controller,
    lang: Lang,
) -> Iterator[Term]:
    """The five items of a joint use (APPI 27(5)(iii))."""
    said = _Say(lang)
    received = received_by(purpose, recipients)
    users = [one.name for one in received if one.role is RecipientRole.JOINT]
    range_ = said.listed(users) if users else said("notices.joint_range_text")
    responsible = said.listed(
        (controller.company(lang), controller.address(lang), controller.representative(lang))
    )
    yield Term(term=said("notices.joint_fact"), text=said("notices.joint_fact_text"))
    items = said.listed(categories(policy, purpose, lang))
    yield Term(term=said("notices.joint_items"), text=items)
    yield Term(term=said("notices.joint_range"), text=range_)
    yield Term(term=said("notices.joint_purpose"), text=purpose.label[lang])
    yield Term(term=said("notices.joint_responsible"), text=responsible)


def _companies(
    recipients: tuple[Recipient, ...], lang: Lang, *, on: date
) -> Iterator[tuple[str, str, str, str]]:
    """Companies that data goes to now, by the register."""
    said = _Say(lang)
    for one in recipients:
        ended = one.ended_on is not None and one.ended_on < on
        if one.role is not RecipientRole.SOURCE and not ended:
            role = text(f"consent.recipient.{one.role.value}", lang)
            country = country_name(one.country, lang) if one.country else said("notices.unsaid")
            yield one.name, role, one.service or said("notices.unsaid"), country


def _rights(controller: Controller, lang: Lang) -> Iterator[Term]:
    """What a person can ask, how, for what fee, and where to complain (APPI 32(1), GDPR 13(2))."""
    said = _Say(lang)
    fee = controller.disclosure_fee
    yield Term(term=said("notices.rights_appi"), text=said("notices.rights_appi_text"))
    yield Term(term=said("notices.rights_gdpr"), text=said("notices.rights_gdpr_text"))
    yield Term(term=said("notices.how"), text=said("notices.how_text"), href="/portal")
    yield Term(
        term=said("notices.fee"),
        text=said("notices.fee_text", fee=f"{fee:,}") if fee else said("notices.fee_none"),
    )
    yield Term(
        term=said("notices.withdrawal"), text=said("notices.withdrawal_text"), href="/portal"
    )
    yield Term(
        term=said("notices.complaint"),
        text=controller.contact_mail,
        href=f"mailto:{controller.contact_mail}",
        note=controller.contact_phone,
    )
    body = controller.accredited_body(lang)
    if body:
        yield Term(term=said("notices.accredited"), text=body)
    yield Term(term=said("notices.authority"), text=said("notices.authority_text"))
