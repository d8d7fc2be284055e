"""Statements of this installation, each with its proof: receipts, certificates, decisions."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from audit.actions import EventCode
from audit.decisions.store import prove_decision
from audit.sequencer import integrate_now
from audit.statements import Form, decision_content, hidden, statement, statement_ref
from audit.store import seq_of
from audit.types import EventDraft, Outcome
from consent.receipts.content import Place
from consent.receipts.forms import ReceiptForm, chosen, files_of
from consent.receipts.issue import Asked, Issued, ReceiptMovedError, facts_of, issue, owner_of
from governance.app.audit_log import settle
from governance.app.backups import finality_terms
from governance.app.wiring import Wiring
from governance.core.clock import JST
from governance.core.errors import NotFoundError
from governance.core.ids import new_row_id
from governance.core.terms import EventId, RowId, SubjectId
from governance.documents.errors import PdfMissingError
from governance.documents.typesetting import Template, can_typeset, pdf
from governance.http.principal import Principal, PrincipalKind
from policies.actions import Action
from policies.api import ensure
from retention.certificate import certificate
from retention.certificate_names import called_in
from retention.certificate_paper import paper_of
from retention.finality import stages
from retention.tombstones import tombstones

TRIES = 3  # how often a receipt is written anew when its facts change under it


def consent_receipt(
    wiring: Wiring,
    principal: Principal,
    choice: RowId,
    *,
    at: datetime,
    form: ReceiptForm = ReceiptForm.STATEMENT,
) -> bytes:
    """The receipt of a choice; a person gets those of their own choices, as if no others were."""
    if principal.kind is PrincipalKind.PERSON:
        ensure(principal, Action.PORTAL_SELF, wiring.policies.current)
        with wiring.database.read() as tx:
            if principal.person != owner_of(tx, choice):
                raise NotFoundError
    else:
        ensure(principal, Action.CONSENT_READ, wiring.policies.current)
    issued = _receipt(wiring, principal, choice, form, at=at)
    stated = _stated(wiring, principal, Form.CONSENT_RECEIPT, issued, at=at)
    return chosen(form, issued.forms, stated, principal.lang)


def _receipt(
    wiring: Wiring, principal: Principal, choice: RowId, form: ReceiptForm, *, at: datetime
) -> Issued:
    """Read, written into its files outside any transaction, issued if it still says the same."""
    asked = Asked(
        choice=choice,
        receipt=new_row_id(),
        controller=wiring.settings,
        place=Place(origin=wiring.settings.origin, log=wiring.log_keys.origin),
        at=at,
    )
    for _ in range(TRIES):
        with wiring.database.read() as tx:
            content = facts_of(tx, wiring.ports, asked)
        files = files_of(content, form=form, lang=principal.lang)
        record = partial(
            issue,
            ports=wiring.ports,
            principal=principal,
            asked=asked,
            content=content,
            files=files,
        )
        with suppress(ReceiptMovedError):
            return wiring.database.write(record)
    raise ReceiptMovedError


def erasure_certificate(
    wiring: Wiring,
    principal: Principal,
    run: RowId,
    subject: SubjectId | None,
    *,
    as_paper: bool = False,
    at: datetime,
) -> bytes:
    """What a run erased, or what of one person: why, what a law keeps, the final date.

    The proof in a file; as a paper the same content as a tagged PDF.
    """
    ensure(principal, Action.RETENTION_READ, wiring.policies.current)
    provider = wiring.vault.ring.provider

    def certify(tx: Connection) -> Issued:
        facts = certificate(
            tx,
            run,
            subject=subject,
            keep_days=wiring.settings.key_final_days,
            ends_after=provider.ends_after if provider.destroys else None,
        )
        stones = tombstones(tx, run=run)
        mine = (one for one in stones if subject in {None, one.subject})
        terms, day = finality_terms(wiring), at.astimezone(JST).date()
        final = stages(mine, terms, on=day, log_pages=facts.log_pages)
        said: dict[str, object] = {"issued_at": at.isoformat(), "controller": _controller(wiring)}
        content = hidden(said | facts.as_json() | {"stages": final.as_json()})
        draft = EventDraft(
            action=EventCode.CERTIFICATE_ISSUED,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="purge_run",
            object_id=run,
            subject=subject,
            outcome=Outcome.DONE,
            refs=(statement_ref(content),),
        )
        return Issued(event_id=wiring.audit.append(tx, draft), content=content)

    if as_paper and not can_typeset():
        raise PdfMissingError  # before anything is on record
    issued = wiring.database.write(certify)
    if as_paper:
        return _printed(wiring, principal, run, issued, at=at)
    return _stated(wiring, principal, Form.ERASURE_CERTIFICATE, issued, at=at)


def _printed(
    wiring: Wiring, principal: Principal, run: RowId, issued: Issued, *, at: datetime
) -> bytes:
    """The certificate of a run as a paper in the reader's language."""
    with wiring.database.read() as tx:
        called = called_in(tx, run, issued.content, principal.lang)
    paper = paper_of(issued.content, called, issued.event_id, principal.lang)
    return pdf(Template.PAPER, paper.as_json(), principal.lang, at=at)


def decision_proof(
    wiring: Wiring, principal: Principal, decision: EventId, *, at: datetime
) -> bytes:
    """One decision, its batch, and the batch's place in the log."""
    ensure(principal, Action.AUDIT_VERIFY, wiring.policies.current)
    settle(wiring)
    with wiring.database.read() as tx:
        proof = prove_decision(tx, decision)  # an unknown id is told before anything is recorded
        place = seq_of(tx, proof.record.event_id)
    looked = EventDraft(
        action=EventCode.LOG_READ,
        occurred_at=at,
        actor=principal.id,
        actor_os=principal.os_user,
        object_type="decision",
        object_id=decision,
        outcome=Outcome.DONE,
    )
    wiring.database.write(lambda tx: wiring.audit.append(tx, looked))
    with wiring.database.read() as tx:
        return written(tx, wiring, principal, Form.DECISION, decision_content(proof), place, at=at)


def _stated(
    wiring: Wiring, principal: Principal, form: Form, issued: Issued, *, at: datetime
) -> bytes:
    place = integrate_now(wiring.database, wiring.log_keys, wiring.audit, issued.event_id, at=at)
    settle(wiring)  # the signed head covers the place
    with wiring.database.read() as tx:
        return written(tx, wiring, principal, form, issued.content, place, at=at)


def written(
    tx: Connection,
    wiring: Wiring,
    principal: Principal,
    form: Form,
    content: Mapping[str, object],
    place: int,
    *,
    at: datetime,
) -> bytes:
    """The statement of this content, vouched for by the event at this place of the log."""
    return statement(
        tx,
        form,
        content,
        seq=place,
        exported_at=at,
        exported_by=principal.id,
        keys=wiring.signing.every_key(),
    )


def _controller(wiring: Wiring) -> dict[str, str]:
    """Whose log this is, as the receiver knows it."""
    settings = wiring.settings
    return {
        "ja": settings.company_ja,
        "en": settings.company_en,
        "contact": settings.contact_mail,
        "log": wiring.log_keys.origin,
    }
