"""A form that is being filled in: answers on the server, sealed, for a day; the secret in a cookie.

Once sent the same secret is the way back to the request from that browser, and from no other. The
reference number alone opens nothing.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Final

import msgspec
from sqlalchemy import Connection

from dsar.case import Case
from dsar.intake.errors import DraftOverError, FilingFaultsError
from dsar.intake.rules import Answers, answer_faults, questions, scope_of
from dsar.intake.service import enter, prepare
from dsar.intake.store import (
    DRAFT_BLOB,
    Draft,
    draft_by_digest,
    file_draft,
    insert_draft,
    save_answers,
)
from dsar.intake.types import Claim, Filing, Source, StopGround
from dsar.store import case_by_id
from dsar.types import Delivery, Intake, Requester, RequestKind
from governance.core.ids import new_row_id
from governance.core.terms import Lang, RequestId, SubjectId
from governance.customers.ports import Ports
from governance.http.principal import Principal, PrincipalKind

FILLING: Final = timedelta(hours=24)
WAY_BACK: Final = timedelta(days=90)
SECRET_BYTES: Final = 32
NONE: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form as it stands: its answers, or the request that it became."""

    draft: Draft
    answers: Answers = field(repr=False)

    @property
    def request(self) -> RequestId | None:
        """What was filed by this form."""
        return self.draft.request


def begin(ports: Ports, principal: Principal, *, at: datetime) -> str:
    """The secret of a new, empty form."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    draft = Draft(
        id=new_row_id(), actor=principal.id, expires_at=at + FILLING, request=None, answers=None
    )
    ports.database.write(partial(insert_draft, draft=draft, digest=_digest(secret), at=at))
    return secret


def form_of(
    tx: Connection, ports: Ports, principal: Principal, secret: str, *, at: datetime
) -> Form:
    """The form of this secret; raises DraftOverError, also for whoever signed in since."""
    draft = draft_by_digest(tx, _digest(secret), at=at)
    if draft is None or draft.actor != principal.id:
        raise DraftOverError
    return Form(draft=draft, answers=_opened(ports, draft))


def waits_for_its_person(
    tx: Connection, principal: Principal, secret: str, *, at: datetime
) -> bool:
    """Whether the form is somebody's who signed in for it and is not signed in any more."""
    draft = draft_by_digest(tx, _digest(secret), at=at) if secret else None
    if draft is None or draft.request is not None or principal.kind is PrincipalKind.PERSON:
        return False
    return draft.actor != principal.id


def answer(
    ports: Ports, principal: Principal, secret: str, given: Answers, *, at: datetime
) -> Form:
    """The form holds these answers beside those that it had; a filed form takes none."""
    with ports.database.read() as tx:
        form = form_of(tx, ports, principal, secret, at=at)
    answers = {**form.answers, **given}
    sealed = ports.vault.seal_blob(DRAFT_BLOB, form.draft.id, msgspec.json.encode(answers))
    if not ports.database.write(lambda tx: save_answers(tx, form.draft.id, sealed)):
        raise DraftOverError
    return Form(draft=form.draft, answers=answers)


def submit(
    ports: Ports,
    principal: Principal,
    secret: str,
    *,
    subject: SubjectId | None,
    policy_days: int,
    lang: Lang,
    at: datetime,
    guardian: str = "",
) -> Case:
    """The request that this form is, filed once however often it is sent.

    `guardian`: the name of a parent or guardian who is signed in and asks for the child.
    """
    with ports.database.read() as tx:
        form = form_of(tx, ports, principal, secret, at=at)
        if form.request is not None:
            return case_by_id(tx, form.request)
    known = subject is not None
    pages = questions(form.answers, known=known)
    if faults := [one for page in pages for one in answer_faults(page, form.answers)]:
        raise FilingFaultsError(faults)
    filing = filing_of_answers(form.answers, subject=subject, policy_days=policy_days, lang=lang)
    if guardian:
        requester, claim = Requester.STATUTORY_AGENT, Claim(agent_name=guardian)
        filing = replace(filing, requester=requester, claim=claim)
    prepared = prepare(ports, filing)

    def write(tx: Connection) -> Case:
        current = draft_by_digest(tx, _digest(secret), at=at, lock=True)
        if current is None:
            raise DraftOverError
        if current.request is not None:
            return case_by_id(tx, current.request)
        case = enter(tx, ports, principal, prepared, at=at)
        file_draft(tx, current.id, case.id, until=at + WAY_BACK)
        return case

    return ports.database.write(write)


def filing_of_answers(
    answers: Answers, *, subject: SubjectId | None, policy_days: int, lang: Lang
) -> Filing:
    """The filing that complete answers are."""
    kind = RequestKind(answers["right"])
    asked = {page.value for page in questions(answers, known=subject is not None)}
    claim = Claim(
        name=answers.get("name", ""),
        email=answers.get("email", ""),
        phone=answers.get("phone", ""),
        customer_number=answers.get("customer_number", ""),
        agent_name=answers.get("agent_name", "") if "agent" in asked else "",
    )
    return Filing(
        kind=kind,
        intake=Intake.PORTAL,
        source=Source.PORTAL,
        claim=claim if subject is None else Claim(),
        policy_days=policy_days,
        requester=Requester(answers["who"]) if "who" in asked else Requester.SELF,
        delivery=Delivery(answers["delivery"]) if "delivery" in asked else Delivery.DOWNLOAD,
        lang=lang,
        scope=scope_of(answers.get("scope", "")),
        ground=StopGround(answers["ground"]) if "ground" in asked else None,
        words=answers.get("words", "").strip() or None,
        subject=subject,
    )


def _opened(ports: Ports, draft: Draft) -> Answers:
    if draft.answers is None:
        return NONE
    content = ports.vault.open_blob(DRAFT_BLOB, draft.id, draft.answers)
    return msgspec.json.decode(content, type=dict[str, str])


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
