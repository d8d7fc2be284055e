"""A request comes in through any door: filed once, acknowledged, grouped, proved by nothing yet.

What whoever asks says of themselves is a claim. It is sealed under a record key of its own, never
under the key of the person whom it names, and a request that names nobody on record is taken in
with the same steps, the same letter and the same answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

import msgspec
from sqlalchemy import Connection

from dsar.case import Case
from dsar.identity.contacts import claimed, normalised
from dsar.identity.recording import record_proof
from dsar.identity.sessions import signed_in_proofs
from dsar.intake.errors import FiledBeforeError, FilingFaultsError
from dsar.intake.rules import contact_faults, filing_faults
from dsar.intake.store import Filed, alike, filed_once, filing_of, insert_filing
from dsar.intake.types import Filing
from dsar.service import NewRequest, PreparedRequest, prepare_request, receive
from dsar.store import case_by_id
from dsar.types import Intake
from governance.core.terms import KeyClass, RequestId
from governance.crypto.revealed import Ciphertext
from governance.customers.ports import Ports
from governance.customers.post import post
from governance.http.principal import Principal
from governance.outbound.mail import ADDRESS, Mail

ANSWERED_BY_MAIL = frozenset({Intake.PORTAL, Intake.API, Intake.EMAIL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A filing with everything sealed, ready for the transaction."""

    filing: Filing
    new: NewRequest
    request: PreparedRequest
    claim: Ciphertext = field(repr=False)


def prepare(ports: Ports, filing: Filing) -> Prepared:
    """Words and claim are sealed; raises FilingFaultsError. Call outside a transaction."""
    given = filing.claim
    filing = replace(filing, claim=normalised(given))
    if faults := (*filing_faults(filing), *contact_faults(given.email, given.phone)):
        raise FilingFaultsError(faults)
    new = NewRequest(
        kind=filing.kind,
        intake=filing.intake,
        policy_days=filing.policy_days,
        requester=filing.requester,
        delivery=filing.delivery,
        lang=filing.lang,
        subject=filing.subject,
        received_at=filing.received_at,
        words=filing.words,
    )
    request = prepare_request(ports, new)
    claim = ports.vault.seal_part(
        request.requester_id,
        request.id,
        msgspec.json.encode(filing.claim),
        key_class=KeyClass.RECORD,
    )
    return Prepared(filing=filing, new=new, request=request, claim=claim)


def file_request(ports: Ports, principal: Principal, filing: Filing, *, at: datetime) -> Case:
    """The request is on file; the same filing again is the same request and changes nothing."""
    prepared = prepare(ports, filing)
    try:
        return ports.database.write(
            partial(enter, ports=ports, principal=principal, prepared=prepared, at=at)
        )
    except FiledBeforeError:
        with ports.database.read() as tx:
            return case_by_id(tx, filed_once(tx, [filing.once or ""])[filing.once or ""])


def enter(
    tx: Connection, ports: Ports, principal: Principal, prepared: Prepared, *, at: datetime
) -> Case:
    """The prepared request is on file in this transaction; raises FiledBeforeError."""
    filing = prepared.filing
    said = filing.subject or claimed(tx, ports, filing.claim)
    case = receive(tx, ports, principal, prepared.new, prepared.request, at=at)
    filed = Filed(
        request=case.id,
        source=filing.source,
        filed_by=principal.id,
        scope=filing.scope,
        ground=filing.ground,
        claimed=said,
        claim=prepared.claim,
    )
    if not insert_filing(tx, filed, once=filing.once):
        raise FiledBeforeError
    if case.subject is None:
        _acknowledge(tx, ports, case, filing, at=at)
    for proof in signed_in_proofs(tx, ports, principal, at=at):
        case = record_proof(tx, ports, principal, case, proof, at=at)
    return case


def _acknowledge(tx: Connection, ports: Ports, case: Case, filing: Filing, *, at: datetime) -> None:
    """Whoever asks hears by mail what the page says too: the number; nothing of any person."""
    if filing.intake not in ANSWERED_BY_MAIL or not ADDRESS.fullmatch(filing.claim.email):
        return
    mail = Mail(
        idem_key=f"dsar/{case.id}/filed",
        to=filing.claim.email,
        template="dsar.mail.filed",
        lang=filing.lang,
        params={"reference": case.reference},
    )
    post(tx, ports.vault, mail, subject=None, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """Another request that looks like this one, with what it proved itself."""

    case: Case
    proved_same: bool  # both were matched to one person, each by its own proofs


def companions(tx: Connection, case: Case) -> Sequence[Companion]:
    """What an officer may see together. No proof of one counts for another, nothing is closed."""
    filed = filing_of(tx, case.id)
    others: tuple[RequestId, ...] = alike(tx, case, filed) if filed is not None else ()
    return tuple(
        Companion(
            case=other,
            proved_same=case.subject is not None and other.subject == case.subject,
        )
        for other in (case_by_id(tx, one) for one in others)
    )
