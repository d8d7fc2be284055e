"""Words of letters: which texts there are, what they say of a case, where a letter stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from dsar.types import Letter
from governance.core.terms import ActorId, Lang, RequestId, RowId


class Template(StrEnum):
    """Every letter that the two machines and the law call for; texts under `dsar.letter.<name>`."""

    RECEIVED = "received"  # 受付
    IDENTITY_ASKED = "identity_asked"  # 本人確認の依頼 (APPI 37(1), (3); GDPR 12(6))
    SCOPE_ASKED = "scope_asked"  # 特定の依頼 (APPI 37(2); Recital 63)
    FEE_QUOTED = "fee_quoted"  # told before charging (APPI 38; GDPR 12(5), 15(3))
    HELD = "held"  # 保留
    EXTENDED = "extended"  # 延長 (GDPR 12(3))
    READY = "ready"  # 開示の決定, the answer waits (APPI 33(2); GDPR 12(3))
    PARTIAL = "partial"  # 一部不開示 (APPI 33(3), 36; GDPR 12(4))
    REFUSED = "refused"  # 不開示・拒否 (APPI 32(3), 33(3), 34(3), 35(7), 36; GDPR 12(4))
    NOT_HELD = "not_held"  # 不存在 (APPI 33(3); GDPR 15(1))
    INCOMPLETE = "incomplete"  # never proved, specified or paid (APPI 37, 38; GDPR 11(2), 12(2))
    GRANTED = "granted"  # 応諾 of a right that neither a package nor a change answers
    CORRECTED = "corrected"  # 訂正等, with its content (APPI 34(3); GDPR 16)
    STOPPED = "stopped"  # 利用停止等 (APPI 35(7); GDPR 17, 18, 21)
    STOPPED_PARTLY = "stopped_partly"  # 利用停止等 but for what stays (APPI 35(7), 36; GDPR 17(3))
    ALTERNATIVE = "alternative"  # 代替措置 (APPI 35(2), (4), (6) proviso)
    METHOD_IMPOSSIBLE = "method_impossible"  # 請求された方法による開示の困難 (APPI 33(2), (3))
    TRANSFERRED = "transferred"  # 移送・他の事業者の案内
    ERASURE_WAITING = "erasure_waiting"  # from when it cannot be taken back
    RESTRICTION_ENDS = "restriction_ends"  # before lifting a restriction (GDPR 18(3))
    RECIPIENTS = "recipients"  # who was told, on request (GDPR 19)
    COMPLETED = "completed"  # 完了
    WITHDRAWN = "withdrawn"  # 取下げ
    COMPLAINT_RECEIVED = "complaint_received"  # APPI 40
    COMPLAINT_ANSWERED = "complaint_answered"


class Slot(StrEnum):
    """What a text may name in braces; the case fills it in."""

    REFERENCE = "reference"
    RECEIVED = "received"  # the day of arrival
    RIGHT = "right"
    COMPANY = "company"
    CONTACT = "contact"
    ANSWER_BY = "answer_by"  # the legal day or our own, with the sentence that explains it
    DUE = "due"  # a new last day
    REASON = "reason"
    NEED = "need"  # which proofs
    TERM = "term"  # after how many days an incomplete request ends
    FEE = "fee"
    OUTCOME = "outcome"
    GROUNDS = "grounds"
    WITHHELD = "withheld"
    DONE = "done"  # which fields were changed
    RECIPIENTS = "recipients"
    REMEDIES = "remedies"
    ARTICLES = "articles"  # of this letter in this case


class State(StrEnum):
    """Where a letter stands."""

    DRAFT = "draft"
    SENT = "sent"  # its text is fixed and the person may read it
    VOID = "void"  # overtaken before it went


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text with its slots still open."""

    title: str = field(repr=False)
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A text as the person reads it; nothing in it is markup."""

    title: str = field(repr=False)
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRecord:
    """One letter without its text."""

    id: RowId
    request: RequestId
    template: Template
    lang: Lang
    state: State
    version: int
    edition: str  # which adopted text it began from
    created_at: datetime
    created_by: ActorId
    changed_at: datetime
    changed_by: ActorId
    send_by: date | None = None  # it goes as it stands on this day; None: when somebody sends it
    sent_at: datetime | None = None
    sent_by: ActorId | None = None
    digest: str | None = None  # SHA-256 of the text that went out
    mailed: bool = False  # an e-mail said that it waits
    read_at: datetime | None = None
    content: bytes | None = field(default=None, repr=False)


OF: Mapping[Letter, Template] = MappingProxyType(
    {
        Letter.RECEIVED: Template.RECEIVED,
        Letter.IDENTITY_ASKED: Template.IDENTITY_ASKED,
        Letter.SCOPE_ASKED: Template.SCOPE_ASKED,
        Letter.FEE_QUOTED: Template.FEE_QUOTED,
        Letter.EXTENDED: Template.EXTENDED,
        Letter.HELD: Template.HELD,
        Letter.READY: Template.READY,
        Letter.WITHDRAWN: Template.WITHDRAWN,
        Letter.COMPLETED: Template.COMPLETED,
        Letter.ERASURE_WAITING: Template.ERASURE_WAITING,
        Letter.LIFTING: Template.RESTRICTION_ENDS,
        Letter.COMPLAINT_RECEIVED: Template.COMPLAINT_RECEIVED,
        Letter.COMPLAINT_ANSWERED: Template.COMPLAINT_ANSWERED,
    }
)  # what the table calls for; the outcome depends on the decision (rules.template_of)
REVIEWED = frozenset(
    {
        *(Template.EXTENDED, Template.PARTIAL, Template.REFUSED, Template.NOT_HELD),
        *(Template.GRANTED, Template.CORRECTED, Template.STOPPED, Template.ALTERNATIVE),
        *(Template.STOPPED_PARTLY, Template.COMPLAINT_ANSWERED),
    }
)  # wait for an officer's edit, and go by themselves on their last day
ANSWERS = frozenset(
    {
        *(Template.READY, Template.PARTIAL, Template.REFUSED, Template.NOT_HELD),
        *(Template.INCOMPLETE, Template.GRANTED, Template.CORRECTED, Template.STOPPED),
        *(Template.STOPPED_PARTLY, Template.ALTERNATIVE),
    }
)  # say what was decided; on paper where the answer was asked for on paper
FREE = frozenset(
    {
        *(Template.METHOD_IMPOSSIBLE, Template.TRANSFERRED),
        Template.RECIPIENTS,
    }
)  # written and sent by an officer, no step calls for them
OF_NOBODY = frozenset(
    {
        *(Template.RECEIVED, Template.IDENTITY_ASKED, Template.SCOPE_ASKED, Template.FEE_QUOTED),
        *(Template.HELD, Template.EXTENDED, Template.INCOMPLETE, Template.WITHDRAWN),
        *(Template.COMPLAINT_RECEIVED,),
    }
)  # tell nothing of what is on record about anybody
NAMING = frozenset(
    {
        *(Template.IDENTITY_ASKED, Template.SCOPE_ASKED, Template.PARTIAL, Template.REFUSED),
        *(Template.NOT_HELD, Template.CORRECTED, Template.STOPPED, Template.STOPPED_PARTLY),
    }
)  # may name the articles on which they rest in this case
ALWAYS = frozenset({Slot.REFERENCE, Slot.RECEIVED, Slot.RIGHT, Slot.COMPANY, Slot.CONTACT})
MUST: Mapping[Template, frozenset[Slot]] = MappingProxyType(
    {
        Template.RECEIVED: frozenset({Slot.ANSWER_BY}),
        Template.IDENTITY_ASKED: frozenset({Slot.NEED, Slot.TERM}),
        Template.SCOPE_ASKED: frozenset({Slot.TERM}),
        Template.FEE_QUOTED: frozenset({Slot.FEE, Slot.TERM}),
        Template.HELD: frozenset({Slot.REASON, Slot.DUE}),
        Template.EXTENDED: frozenset({Slot.REASON, Slot.DUE, Slot.REMEDIES}),
        Template.READY: frozenset({Slot.OUTCOME, Slot.GROUNDS}),
        Template.PARTIAL: frozenset({Slot.OUTCOME, Slot.GROUNDS, Slot.WITHHELD, Slot.REMEDIES}),
        Template.REFUSED: frozenset({Slot.OUTCOME, Slot.GROUNDS, Slot.REMEDIES}),
        Template.NOT_HELD: frozenset({Slot.OUTCOME, Slot.GROUNDS, Slot.REMEDIES}),
        Template.INCOMPLETE: frozenset({Slot.GROUNDS, Slot.REMEDIES}),
        Template.GRANTED: frozenset({Slot.OUTCOME, Slot.GROUNDS}),
        Template.CORRECTED: frozenset(
            {Slot.OUTCOME, Slot.GROUNDS, Slot.DONE, Slot.RECIPIENTS, Slot.REMEDIES}
        ),
        Template.STOPPED: frozenset(
            {Slot.OUTCOME, Slot.GROUNDS, Slot.DONE, Slot.RECIPIENTS, Slot.REMEDIES}
        ),
        Template.STOPPED_PARTLY: frozenset(
            {
                *(Slot.OUTCOME, Slot.GROUNDS, Slot.DONE),
                *(Slot.WITHHELD, Slot.RECIPIENTS, Slot.REMEDIES),
            }
        ),
        Template.ALTERNATIVE: frozenset({Slot.OUTCOME, Slot.GROUNDS, Slot.REMEDIES}),
        Template.METHOD_IMPOSSIBLE: frozenset({Slot.REMEDIES}),
        Template.TRANSFERRED: frozenset({Slot.REMEDIES}),
        Template.ERASURE_WAITING: frozenset({Slot.DUE}),
        Template.RESTRICTION_ENDS: frozenset({Slot.DUE, Slot.REMEDIES}),
        Template.RECIPIENTS: frozenset({Slot.RECIPIENTS}),
        Template.COMPLETED: frozenset(),
        Template.WITHDRAWN: frozenset(),
        Template.COMPLAINT_RECEIVED: frozenset({Slot.REMEDIES}),
        Template.COMPLAINT_ANSWERED: frozenset({Slot.OUTCOME, Slot.REMEDIES}),
    }
)  # what no edit may take out, beside the reference (law.md 8: ground, remedies, legal day)
MAY: Mapping[Template, frozenset[Slot]] = MappingProxyType(
    {
        template: ALWAYS
        | must
        | {Slot.REMEDIES, Slot.ANSWER_BY}
        | ({Slot.DONE, Slot.RECIPIENTS} if template in ANSWERS else set())
        | ({Slot.ARTICLES} if template in NAMING else set())
        for template, must in MUST.items()
    }
)  # what may be named at all
