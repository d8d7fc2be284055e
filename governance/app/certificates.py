"""Certificates of erasures on request, as files that the person or an officer saves."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from audit.sequencer import integrate_now
from audit.statements import Form
from dsar.case import Case
from dsar.execution.certificate_paper import page, paper_of
from dsar.execution.certifying import Issued, issued_for, issued_under, note_fetched
from dsar.execution.errors import CertificateUnknownError
from dsar.reading import request_by_id
from governance.app.audit_log import settle
from governance.app.statements import written
from governance.app.wiring import Wiring
from governance.core.terms import Lang, RequestId
from governance.documents.typesetting import Template, pdf
from governance.http.principal import Principal


class CertificateForm(StrEnum):
    """What is saved."""

    STATEMENT = "statement"  # for the offline verifier
    PAGE = "page"
    PAPER = "paper"  # tagged PDF, where the extra is there


MEDIA: Final = {
    CertificateForm.STATEMENT: "application/x-ndjson",
    CertificateForm.PAGE: "text/html; charset=utf-8",
    CertificateForm.PAPER: "application/pdf",
}
NAMES: Final = {
    CertificateForm.STATEMENT: "certificate.ndjson",
    CertificateForm.PAGE: "certificate.html",
    CertificateForm.PAPER: "certificate.pdf",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFile:
    """One file of a certificate."""

    form: CertificateForm
    content: bytes = field(repr=False)


def certificate_of(
    wiring: Wiring,
    principal: Principal,
    request: RequestId,
    *,
    form: CertificateForm = CertificateForm.STATEMENT,
    lang: Lang = Lang.JA,
    at: datetime,
) -> CertificateFile:
    """The certificate of a request, for the officer or the person whose it is; on record."""
    with wiring.database.read() as tx:
        case = request_by_id(tx, wiring.ports, principal, request)
        found = issued_for(tx, wiring.ports, request)
    if found is None:
        raise CertificateUnknownError
    return _file(wiring, principal, case, found, form, lang, at=at)


def certificate_under(
    wiring: Wiring,
    principal: Principal,
    token: str,
    *,
    form: CertificateForm,
    lang: Lang,
    at: datetime,
) -> CertificateFile:
    """The certificate of a link; unknown and over are refused alike."""
    with wiring.database.read() as tx:
        case, found = issued_under(tx, wiring.ports, token, at=at)
    return _file(wiring, principal, case, found, form, lang, at=at)


def _file(
    wiring: Wiring,
    principal: Principal,
    case: Case,
    found: Issued,
    form: CertificateForm,
    lang: Lang,
    *,
    at: datetime,
) -> CertificateFile:
    content = _content(wiring, principal, found, form, lang, at=at)
    wiring.database.write(lambda tx: note_fetched(tx, wiring.ports, principal, case, found, at=at))
    return CertificateFile(form=form, content=content)


def _content(
    wiring: Wiring,
    principal: Principal,
    found: Issued,
    form: CertificateForm,
    lang: Lang,
    *,
    at: datetime,
) -> bytes:
    match form:
        case CertificateForm.PAGE:
            return page(found.content, lang).encode()
        case CertificateForm.PAPER:
            paper = paper_of(found.content, lang)
            return pdf(Template.PAPER, paper.as_json(), lang, at=found.issued_at)
        case CertificateForm.STATEMENT:
            place = integrate_now(
                wiring.database, wiring.log_keys, wiring.audit, found.event, at=at
            )
            settle(wiring)  # the signed head covers the place
            with wiring.database.read() as tx:
                return written(
                    tx,
                    wiring,
                    principal,
                    Form.ERASURE_CERTIFICATE,
                    found.content,
                    place,
                    at=at,
                )
