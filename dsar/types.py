"""Words of a request: rights, statuses, steps, evidence kinds, grounds, refusals."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from governance.core.terms import Law


class RequestKind(StrEnum):
    """Rights that a person can use; the law of each stands in LAW_OF."""

    PURPOSE_NOTICE = "purpose_notice"  # 利用目的の通知, APPI 32(2)
    DISCLOSURE = "disclosure"  # 開示, APPI 33(1)
    PROVISION_RECORDS = "provision_records"  # 第三者提供記録の開示, APPI 33(5)
    CORRECTION = "correction"  # 訂正・追加・削除, APPI 34
    CESSATION = "cessation"  # 利用停止・消去, APPI 35(1), (5)
    PROVISION_STOP = "provision_stop"  # 第三者提供の停止, APPI 35(3), (5)
    ACCESS = "access"  # GDPR 15
    RECTIFICATION = "rectification"  # GDPR 16
    ERASURE = "erasure"  # GDPR 17
    RESTRICTION = "restriction"  # GDPR 18
    PORTABILITY = "portability"  # GDPR 20
    OBJECTION = "objection"  # GDPR 21


LAW_OF: Mapping[RequestKind, Law] = MappingProxyType(
    {
        RequestKind.PURPOSE_NOTICE: Law.APPI,
        RequestKind.DISCLOSURE: Law.APPI,
        RequestKind.PROVISION_RECORDS: Law.APPI,
        RequestKind.CORRECTION: Law.APPI,
        RequestKind.CESSATION: Law.APPI,
        RequestKind.PROVISION_STOP: Law.APPI,
        RequestKind.ACCESS: Law.GDPR,
        RequestKind.RECTIFICATION: Law.GDPR,
        RequestKind.ERASURE: Law.GDPR,
        RequestKind.RESTRICTION: Law.GDPR,
        RequestKind.PORTABILITY: Law.GDPR,
        RequestKind.OBJECTION: Law.GDPR,
    }
)
COUNTERPART: Mapping[RequestKind, RequestKind] = MappingProxyType(
    {
        RequestKind.DISCLOSURE: RequestKind.ACCESS,
        RequestKind.ACCESS: RequestKind.DISCLOSURE,
        RequestKind.CORRECTION: RequestKind.RECTIFICATION,
        RequestKind.RECTIFICATION: RequestKind.CORRECTION,
        RequestKind.CESSATION: RequestKind.ERASURE,
        RequestKind.ERASURE: RequestKind.CESSATION,
    }
)  # the right that the other law gives for the same wish
FEE_ALLOWED = frozenset(
    {RequestKind.PURPOSE_NOTICE, RequestKind.DISCLOSURE, RequestKind.PROVISION_RECORDS}
)  # APPI 38(1)
DISCLOSING = frozenset(
    {*FEE_ALLOWED, RequestKind.ACCESS, RequestKind.PORTABILITY}
)  # answered by a package
COPYING = frozenset({RequestKind.DISCLOSURE, RequestKind.ACCESS, RequestKind.PORTABILITY})
GRAVE = frozenset(
    {
        RequestKind.DISCLOSURE,
        RequestKind.PROVISION_RECORDS,
        RequestKind.CORRECTION,
        RequestKind.CESSATION,
        RequestKind.ACCESS,
        RequestKind.RECTIFICATION,
        RequestKind.ERASURE,
        RequestKind.PORTABILITY,
    }
)  # an impostor would do harm: two kinds of evidence


class Status(StrEnum):
    """Where a request stands under one law; STATES in rules maps them to the law book."""

    RECEIVED = "received"
    TRIAGED = "triaged"
    IDENTITY = "identity"
    SCOPE = "scope"
    FEE = "fee"
    COLLECTING = "collecting"
    EXTENDED = "extended"
    REVIEW = "review"
    APPROVED = "approved"
    REFUSED = "refused"
    EXECUTING = "executing"
    ALTERNATIVE = "alternative"
    RECIPIENTS_TOLD = "recipients_told"
    RESPONDED = "responded"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


class Event(StrEnum):
    """Steps of a request."""

    TRIAGE = "triage"
    ASK_IDENTITY = "ask_identity"
    CONFIRM_IDENTITY = "confirm_identity"
    START = "start"  # nothing in doubt
    ASK_SCOPE = "ask_scope"
    RECEIVE_SCOPE = "receive_scope"
    QUOTE_FEE = "quote_fee"
    ACCEPT_FEE = "accept_fee"
    EXTEND = "extend"
    FINISH_COLLECTING = "finish_collecting"
    APPROVE = "approve"
    REFUSE = "refuse"
    EXECUTE = "execute"
    TAKE_ALTERNATIVE = "take_alternative"
    TELL_RECIPIENTS = "tell_recipients"
    RESPOND = "respond"
    WITHDRAW = "withdraw"
    HOLD = "hold"  # work rests, for a reason and to a day
    RELEASE = "release"  # work goes on
    CLOSE = "close"


class Mark(StrEnum):
    """Entries of the history that move no status."""

    RECEIVED = "received"
    EVIDENCE_ACCEPTED = "evidence_accepted"
    EVIDENCE_REFUSED = "evidence_refused"
    CHILD_HEARD = "child_heard"  # the ground says what the child said
    MATCHED = "matched"
    ASSIGNED = "assigned"
    COLLECTED = "collected"
    WENT_ON = "went_on"  # without a source that gave no answer
    REVIEWED = "reviewed"
    DECIDED = "decided"
    AGREED = "agreed"  # what two persons agreed to is in force
    PACKAGED = "packaged"
    EXECUTED = "executed"
    RELEASED = "released"
    DOWNLOADED = "downloaded"
    WRITTEN_OUT = "written_out"  # encrypted for a medium or mail
    PRINTED = "printed"
    COPY_PURGED = "copy_purged"


class Requester(StrEnum):
    """Who asks (APPI 37(3), Order 13)."""

    SELF = "self"
    STATUTORY_AGENT = "statutory_agent"  # 法定代理人
    MANDATED_AGENT = "mandated_agent"  # 任意代理人


class Intake(StrEnum):
    """How the request arrived."""

    PORTAL = "portal"
    COUNTER = "counter"
    POST = "post"
    PHONE = "phone"
    EMAIL = "email"
    API = "api"


class Delivery(StrEnum):
    """How the person wants the answer (APPI 33(1), GDPR 12(3))."""

    DOWNLOAD = "download"  # 電磁的記録の提供
    POST = "post"  # 書面の交付
    COUNTER = "counter"


class EvidenceKind(StrEnum):
    """Ways to prove who asks; knowledge questions are none."""

    PORTAL_SESSION = "portal_session"
    EMAIL_CODE = "email_code"
    SMS_CODE = "sms_code"
    DOCUMENT = "document"
    AGENT_AUTHORITY = "agent_authority"


class Outcome(StrEnum):
    """What was decided on the whole request."""

    GRANT = "grant"
    PARTIAL = "partial"
    REFUSE = "refuse"
    NOT_HELD = "not_held"  # 不存在


class Ground(StrEnum):
    """Legal grounds of decisions and of withheld items; the law goes first."""

    APPI_32_2 = "appi_32_2"
    APPI_32_2_EXCEPT = "appi_32_2_except"
    APPI_33_2 = "appi_33_2"
    APPI_33_2_1 = "appi_33_2_1"
    APPI_33_2_2 = "appi_33_2_2"
    APPI_33_2_3 = "appi_33_2_3"
    APPI_33_3_NOT_HELD = "appi_33_3_not_held"
    APPI_33_5 = "appi_33_5"
    APPI_34_2 = "appi_34_2"
    APPI_34_2_EXCEPT = "appi_34_2_except"
    APPI_35 = "appi_35"
    APPI_35_NO_REASON = "appi_35_no_reason"
    APPI_35_ALTERNATIVE = "appi_35_alternative"
    APPI_35_KEPT = "appi_35_kept"  # another law keeps it; use stops instead
    APPI_37_IDENTITY = "appi_37_identity"  # 37(1), (3), Order 12, 13
    APPI_37_2_SCOPE = "appi_37_2_scope"
    APPI_38_FEE = "appi_38_fee"
    GDPR_11_2 = "gdpr_11_2"
    GDPR_12_3 = "gdpr_12_3"
    GDPR_12_5_A = "gdpr_12_5_a"
    GDPR_12_5_B = "gdpr_12_5_b"
    GDPR_12_6 = "gdpr_12_6"
    GDPR_15_1_NONE = "gdpr_15_1_none"
    GDPR_15_4 = "gdpr_15_4"
    GDPR_17_3_B = "gdpr_17_3_b"
    GDPR_17_3_E = "gdpr_17_3_e"
    GDPR_20_4 = "gdpr_20_4"
    GDPR_21_1 = "gdpr_21_1"
    GDPR_23 = "gdpr_23"  # restrictions by Union or Member State law

    @property
    def law(self) -> Law:
        """The law that the ground stands in."""
        return Law(self.value.partition("_")[0])


GRANTING: Mapping[RequestKind, Ground] = MappingProxyType(
    {
        RequestKind.PURPOSE_NOTICE: Ground.APPI_32_2,
        RequestKind.DISCLOSURE: Ground.APPI_33_2,
        RequestKind.PROVISION_RECORDS: Ground.APPI_33_5,
        RequestKind.CORRECTION: Ground.APPI_34_2,
        RequestKind.CESSATION: Ground.APPI_35,
        RequestKind.PROVISION_STOP: Ground.APPI_35,
        RequestKind.ACCESS: Ground.GDPR_12_3,
        RequestKind.RECTIFICATION: Ground.GDPR_12_3,
        RequestKind.ERASURE: Ground.GDPR_12_3,
        RequestKind.RESTRICTION: Ground.GDPR_12_3,
        RequestKind.PORTABILITY: Ground.GDPR_12_3,
        RequestKind.OBJECTION: Ground.GDPR_12_3,
    }
)  # on which a right is met
NOT_HELD: Mapping[Law, Ground] = MappingProxyType(
    {Law.APPI: Ground.APPI_33_3_NOT_HELD, Law.GDPR: Ground.GDPR_15_1_NONE}
)
LAPSING: Mapping[tuple[Law, Status], Ground] = MappingProxyType(
    {
        (Law.APPI, Status.IDENTITY): Ground.APPI_37_IDENTITY,
        (Law.APPI, Status.SCOPE): Ground.APPI_37_2_SCOPE,
        (Law.APPI, Status.FEE): Ground.APPI_38_FEE,
        (Law.GDPR, Status.IDENTITY): Ground.GDPR_11_2,
    }
)  # what a request lacks that never became complete; the one ground there under the APPI
THIRD_PERSON: Mapping[Law, Ground] = MappingProxyType(
    {Law.APPI: Ground.APPI_33_2_1, Law.GDPR: Ground.GDPR_15_4}
)


KEPT_BY_LAW: Mapping[Law, Ground] = MappingProxyType(
    {Law.APPI: Ground.APPI_35_KEPT, Law.GDPR: Ground.GDPR_17_3_E}
)  # of what an erasure leaves; 17(3)(b) knows Union and Member State law alone


class ExtensionGround(StrEnum):
    """The two reasons for more time (GDPR 12(3))."""

    COMPLEXITY = "complexity"
    NUMBER = "number_of_requests"


class HoldGround(StrEnum):
    """Why work on a request rests; some of them stop the clock of our own policy (PAUSING)."""

    IDENTITY = "identity"
    AGENT_AUTHORITY = "agent_authority"
    DATA_SPECIFICATION = "data_specification"
    FEE_PAYMENT = "fee_payment"
    THIRD_PERSON = "third_person"  # another's view is asked for (APPI 33(2)(i), GDPR 15(4))
    LEGAL_DISPUTE = "legal_dispute"
    AUTHORITY = "authority"  # an authority asked to wait


class Letter(StrEnum):
    """What a step sends the person; which text says it: `correspondence.rules.template_of`."""

    RECEIVED = "received"  # 受付
    IDENTITY_ASKED = "identity_asked"  # 本人確認依頼
    SCOPE_ASKED = "scope_asked"  # 特定の依頼 (APPI 37(2), Recital 63)
    FEE_QUOTED = "fee_quoted"  # told before charging (APPI 38, GDPR 12(5))
    EXTENDED = "extended"  # 延長 (GDPR 12(3))
    HELD = "held"
    READY = "ready"
    OUTCOME = "outcome"  # of a request that no package answers (APPI 34(3), 35(7); GDPR 12(3), (4))
    WITHDRAWN = "withdrawn"  # 取下げ
    COMPLETED = "completed"  # 完了
    ERASURE_WAITING = "erasure_waiting"  # until when it can be taken back
    LIFTING = "lifting"  # before a restriction ends (GDPR 18(3))
    COMPLAINT_RECEIVED = "complaint_received"  # 苦情の受付 (APPI 40)
    COMPLAINT_ANSWERED = "complaint_answered"


class ClockKind(StrEnum):
    """What an entry of the clock ledger does."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    EXTENSION = "extension"
    STOP = "stop"


class Party(StrEnum):
    """Who may take a step, as the law book calls them."""

    PERSON = "person"
    DESK = "desk"  # 窓口
    OFFICER = "officer"  # 個人情報保護管理者
    OWNER = "owner"  # データ管理者
    SYSTEM = "system"
    APPROVER = "approver"  # the second of two persons


class Refusal(StrEnum):
    """Why a step is not possible; a code is never reused."""

    NO_SUCH_STEP = "no_such_step"
    WRONG_PARTY = "wrong_party"
    SAME_PERSON = "same_person"
    IDENTITY_MISSING = "identity_missing"
    GROUND_MISSING = "ground_missing"
    GROUND_FOREIGN = "ground_foreign"
    DECISION_MISSING = "decision_missing"
    DECISION_FIXED = "decision_fixed"
    DECISION_TOO_EARLY = "decision_too_early"
    OUTCOME_MISMATCH = "outcome_mismatch"
    FEE_NOT_ALLOWED = "fee_not_allowed"
    EXTENSION_LATE = "extension_late"
    SOURCES_MISSING = "sources_missing"
    EXECUTION_MISSING = "execution_missing"
    CLOCK_BACKWARDS = "clock_backwards"
    ON_HOLD = "on_hold"
    NOT_ON_HOLD = "not_on_hold"
    HOLD_END_MISSING = "hold_end_missing"
    REVIEW_MISSING = "review_missing"
    CHILD_NOT_HEARD = "child_not_heard"
