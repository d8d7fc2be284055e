"""Work on keys of one installation: every place of frames, and who keeps them."""

from collections.abc import Iterator

from sqlalchemy import Table

from audit.models import PARTS
from audit.reviewing.models import AuditFilterRow
from audit.reviewing.service import BLOB as FILTER
from consent.models import ConsentEventRow
from consent.proofs import PROOF
from dsar.correspondence.models import LetterRow
from dsar.dispatch.models import DispatchRow
from dsar.execution.models import CertificateRow, CorrectionRow, ExecutionRow
from dsar.identity.models import CodeRow, UploadRow
from dsar.intake.models import DraftRow, FilingRow
from dsar.intake.store import DRAFT_BLOB
from dsar.messages.models import AttachmentRow, CommentRow, MessageRow
from dsar.messages.service import NAME
from dsar.models import PackageRow, RequestRow, SourceResultRow
from dsar.returning.models import ReturnRow, ScopeAnswerRow
from dsar.returning.store import RETURN_BLOB
from dsar.review.models import ReviewActRow
from dsar.service import WORDS
from governance.app.webhooks.models import WebhookRow
from governance.app.webhooks.store import BLOB as WEBHOOK
from governance.app.wiring import Wiring
from governance.approvals.models import ApprovalRow
from governance.connectors.models import ConnectorTaskRow
from governance.core.terms import FieldId
from governance.custody.rotation import Custodian
from governance.customers.catalogue import catalogue
from governance.customers.custom.models import CustomValueRow
from governance.customers.models import QuarantineRow
from governance.customers.post import BLOB as LETTER
from governance.customers.post import INSTALLATION as NOBODY
from governance.customers.search.models import SavedSearchRow
from governance.customers.sources.models import ImportDetail, ImportRow
from governance.customers.store import TABLES
from governance.customers.upkeep.models import ReviewTaskRow
from governance.db.types import table_of
from governance.discovery import store as scans
from governance.discovery.models import ScanRow
from governance.gateway.glass.models import BreakGlassRow
from governance.gateway.glass.service import COMMENT as COMMENTED
from governance.gateway.glass.service import REASON
from governance.gateway.intake.corrections import LAYOUT
from governance.gateway.intake.stored import SAID
from governance.gateway.search_saved import KIND as SAVED
from governance.gateway.upkeep import COMMENT
from governance.gateway.writing.models import WriteOnceRow
from governance.identity.access.models import AccessReviewLineRow
from governance.identity.access.service import REASON as ACCESS_REASON
from governance.identity.accounts import MAIL as STAFF_MAIL
from governance.identity.credentials.entering import TOTP
from governance.identity.credentials.models import StaffTotpRow
from governance.identity.elevation.models import ElevationRow
from governance.identity.elevation.service import REASON as ELEVATION
from governance.identity.models import StaffRow
from governance.identity.persons.models import CustomerPasskeyRow
from governance.identity.views.models import SavedViewRow
from governance.identity.views.store import BLOB as VIEW
from governance.jobs.models import OutboxRow
from governance.keys.places import Places, SealedPlace
from governance.keys.vault import BLOB, PART
from governance.provisioning.models import ScimUserRow
from governance.provisioning.store import BLOB as SCIM
from governance.registers.breaches.models import BreachNoteRow
from governance.registers.breaches.store import BLOB as BREACH_NOTE
from governance.registers.models import RecipientCheckRow, RecipientRow
from governance.registers.provisions.models import ProvisionPersonRow, ProvisionRow
from governance.registers.sealing import (
    ACQUISITION,
    CONTACT,
    FINDINGS,
    HOOK,
    IDENTITY,
    PARTY,
)
from governance.signon.mail_codes import BLOB as MAIL_CODE
from governance.signon.models import MailCodeRow
from retention.datasets.building import BLOB as DATASET
from retention.datasets.models import DatasetPartRow
from retention.holds.models import ActRow, HoldLetterRow, MatterRow
from retention.holds.sealing import CUSTODIAN, PARTICULARS
from retention.holds.sealing import REASON as HOLD_REASON
from retention.models import PurgedPersonRow

OUTBOX = table_of(OutboxRow)
NO_FRAMES = {  # columns of bytes that hold digests, hashes and tokens
    "client_key": frozenset({"digest"}),
    "client_token": frozenset({"digest"}),
    "client_assertion": frozenset({"digest"}),
    "sign_on_attempt": frozenset({"digest"}),
    "sign_on_logout": frozenset({"digest"}),
    "sign_on_session": frozenset({"subject", "sid"}),
    "staff_sign_on": frozenset({"digest"}),
    "scim_user": frozenset({"name_digest", "external_digest"}),
    "customer_sign_on": frozenset({"digest"}),
    "portal_mail_code": frozenset({"digest", "code", "mark"}),
    "session": frozenset({"digest"}),
    "one_time_code": frozenset({"digest"}),
    "sign_in_step": frozenset({"digest", "challenge"}),
    "staff_passkey": frozenset({"credential_id", "public_key"}),
    "customer_passkey": frozenset({"credential_id", "public_key"}),
    "staff_recovery_code": frozenset({"digest"}),
    "staff_device": frozenset({"digest"}),
    "suppression": frozenset({"token"}),
    "search_row": frozenset({"row_key"}),
    "search_entry": frozenset({"row_key", "tokens"}),
    "search_posting": frozenset({"row_key", "token"}),
    "search_leaving": frozenset({"row_key", "tokens"}),
    "audit_event": frozenset({"parts_digest"}),
    "audit_part": frozenset({"salt", "commitment", "sealed_hash"}),
    "audit_decision": frozenset({"about", "salt"}),
    "audit_leaf": frozenset({"leaf"}),
    "audit_tile": frozenset({"hashes"}),
    "audit_checkpoint": frozenset({"root"}),
    "audit_stamp": frozenset({"reply"}),
    "audit_tree_state": frozenset({"frontier"}),
    "audience_segment": frozenset({"ids"}),
    "policy_version": frozenset({"documents", "signature"}),
    "policy_entry": frozenset({"signature"}),
    "policy_shadow": frozenset({"documents"}),
}


def places() -> Places:
    """Every place where this release stores frames."""
    return Places(frames=(*_store(), *_beside(), *_fixed()), other=NO_FRAMES)


def custodian_of(wiring: Wiring) -> Custodian:
    """Who rotates and ends keys in this installation."""
    return Custodian(
        ports=wiring.ports,
        places=places(),
        log_keys=wiring.log_keys,
        keep_days=wiring.settings.key_final_days,
    )


def _store() -> Iterator[SealedPlace]:
    """Tables of the catalogue."""
    for name, table in TABLES.items():
        sealed = catalogue().table(name).sealed()  # a custom field's values stand in no column
        columns = {field.column: field.id for field in sealed if field.column in table.c}
        if columns:
            yield SealedPlace(table=table, columns=columns)


def _beside() -> Iterator[SealedPlace]:
    """Proofs, requests, and what is of no one person."""
    yield SealedPlace(table=table_of(ConsentEventRow), columns={"proof": PROOF})
    yield from _requests()
    yield _blob(table_of(QuarantineRow), "content", "quarantine")
    yield from _registers()
    yield from _glasses()
    yield from _holds()
    yield SealedPlace(table=table_of(CustomerPasskeyRow), columns={"name": PART})
    yield SealedPlace(table=table_of(PurgedPersonRow), columns={"sealed": PART})
    yield _blob(table_of(DatasetPartRow), "content", DATASET)
    yield SealedPlace(
        table=table_of(CustomValueRow), columns={"value": PART}, field="field", row="row_id"
    )
    yield SealedPlace(table=table_of(ImportRow), columns={"said": SAID}, row="row_id")
    yield _blob(table_of(ImportDetail), "layout", LAYOUT, row="run_id")
    yield _blob(table_of(ReviewTaskRow), "comment", COMMENT)
    yield _blob(table_of(SavedSearchRow), "content", SAVED)
    yield _blob(table_of(AuditFilterRow), "content", FILTER)
    yield _blob(table_of(WebhookRow), "sealed", WEBHOOK)
    yield _blob(table_of(StaffRow), "mail", STAFF_MAIL)
    yield _blob(table_of(StaffTotpRow), "secret", TOTP, row="staff_id")
    yield _blob(table_of(ElevationRow), "reason", ELEVATION)
    yield _blob(table_of(AccessReviewLineRow), "reason", ACCESS_REASON)
    yield _blob(table_of(SavedViewRow), "content", VIEW)
    yield _blob(table_of(MailCodeRow), "content", MAIL_CODE)
    yield _blob(table_of(BreachNoteRow), "content", BREACH_NOTE)
    yield _blob(table_of(ScimUserRow), "profile", SCIM)
    yield _blob(table_of(ScanRow), "name", scans.NAME)
    yield _blob(table_of(ScanRow), "content", scans.CONTENT)
    about_nobody = OUTBOX.c.target == NOBODY
    yield SealedPlace(
        table=OUTBOX,
        columns={"payload": FieldId(BLOB + LETTER)},
        row="idem_key",
        only=about_nobody,
    )
    yield SealedPlace(
        table=OUTBOX,
        columns={"payload": PART},
        row="idem_key",
        before_row=f"{LETTER}/",
        only=~about_nobody,
    )


def _glasses() -> Iterator[SealedPlace]:
    """Reasons of emergency accesses and comments of their reviewers."""
    yield _blob(table_of(BreakGlassRow), "reason", REASON)
    yield _blob(table_of(BreakGlassRow), "comment", COMMENTED)


def _holds() -> Iterator[SealedPlace]:
    """What a matter is about, why each step was taken, and who was told."""
    yield _blob(table_of(MatterRow), "particulars", PARTICULARS)
    yield _blob(table_of(ActRow), "reason", HOLD_REASON)
    yield _blob(table_of(HoldLetterRow), "custodian", CUSTODIAN)


def _requests() -> Iterator[SealedPlace]:
    """Requests of persons with everything on their files."""
    yield SealedPlace(table=table_of(RequestRow), columns={"words": WORDS})
    yield SealedPlace(table=table_of(SourceResultRow), columns={"found": PART})
    yield SealedPlace(table=table_of(PackageRow), columns={"content": PART})
    yield SealedPlace(table=table_of(ReviewActRow), columns={"content": PART})
    yield SealedPlace(table=table_of(ExecutionRow), columns={"answer_to": PART}, row="request_id")
    yield SealedPlace(table=table_of(CorrectionRow), columns={"content": PART})
    yield SealedPlace(table=table_of(MessageRow), columns={"content": PART})
    yield SealedPlace(table=table_of(CommentRow), columns={"content": PART})
    yield SealedPlace(table=table_of(AttachmentRow), columns={"content": PART, "name": NAME})
    yield SealedPlace(table=table_of(CertificateRow), columns={"content": PART})
    yield SealedPlace(table=table_of(CodeRow), columns={"code": PART})
    yield SealedPlace(table=table_of(UploadRow), columns={"content": PART})
    yield SealedPlace(table=table_of(DispatchRow), columns={"address": PART})
    yield SealedPlace(table=table_of(LetterRow), columns={"content": PART})
    yield SealedPlace(table=table_of(ScopeAnswerRow), columns={"words": PART})
    yield _blob(table_of(ReturnRow), "content", RETURN_BLOB)
    yield SealedPlace(table=table_of(ConnectorTaskRow), columns={"said": PART})
    yield SealedPlace(table=table_of(FilingRow), columns={"claim": PART}, row="request_id")
    yield _blob(table_of(DraftRow), "answers", DRAFT_BLOB)


def _registers() -> Iterator[SealedPlace]:
    """Persons at recipients, their webhooks, findings, and who was in a provision."""
    yield _blob(table_of(RecipientRow), "contact", CONTACT)
    yield _blob(table_of(RecipientRow), "hook", HOOK)
    yield _blob(table_of(RecipientCheckRow), "findings", FINDINGS)
    yield _blob(table_of(ProvisionRow), "party", PARTY)
    yield _blob(table_of(ProvisionRow), "acquisition", ACQUISITION)
    yield SealedPlace(table=table_of(ProvisionPersonRow), columns={"identity": IDENTITY})


def _fixed() -> Iterator[SealedPlace]:
    """Frames under a digest: the log's parts, and what two persons decided about."""
    yield SealedPlace(table=PARTS, columns={"payload": PART}, fixed=True)
    sealed = {"sealed": FieldId(BLOB)}  # bound by each kind in its own way; never opened here
    yield SealedPlace(table=table_of(ApprovalRow), columns=sealed, fixed=True)
    # what a repeated request is told goes within a day, sooner than the key that it names
    yield SealedPlace(table=table_of(WriteOnceRow), columns={"outcome": FieldId(BLOB)}, fixed=True)


def _blob(table: Table, column: str, kind: str, *, row: str = "id") -> SealedPlace:
    return SealedPlace(table=table, columns={column: FieldId(BLOB + kind)}, row=row)
