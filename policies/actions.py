"""The closed register of actions: every route, command and page states one of them.

A role holds an action only when the policy folder says so under ``may``. Labels stand in the
catalogue under ``policies.action.<name>``.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from governance.core.terms import Lang
from governance.i18n.catalogue import text


class Action(StrEnum):
    """Everything that a principal can be allowed to do; a value is never reused."""

    PERSON_READ = "person:read"
    PERSON_WRITE = "person:write"
    PERSON_SEARCH = "person:search"
    PERSON_IMPORT = "person:import"
    PERSON_MERGE = "person:merge"
    PERSON_EXPORT = "person:export"
    PERSON_TAKE = "person:take"  # who was found by a search, as a file
    PERSON_USE = "person:use"
    QUALITY_READ = "quality:read"
    CATALOGUE_WRITE = "catalogue:write"
    CONNECTOR_READ = "connector:read"
    CONNECTOR_RUN = "connector:run"
    CONNECTOR_WRITE = "connector:write"
    CONSENT_CHECK = "consent:check"
    CONSENT_READ = "consent:read"
    CONSENT_WRITE = "consent:write"
    CONSENT_IMPORT = "consent:import"
    CONSENT_FEED = "consent:feed"
    AUDIENCE_READ = "audience:read"
    EXPLAIN_SUBJECT = "explain:subject"
    NOTICE_READ = "notice:read"
    NOTICE_WRITE = "notice:write"
    NOTICE_PUBLISH = "notice:publish"
    AUDIT_READ = "audit:read"
    AUDIT_VERIFY = "audit:verify"
    AUDIT_EXPORT = "audit:export"
    AUDIT_REVIEW = "audit:review"
    DSAR_READ = "dsar:read"
    DSAR_WRITE = "dsar:write"
    DSAR_FILE = "dsar:file"
    DSAR_DECIDE = "dsar:decide"
    DSAR_APPROVE = "dsar:approve"
    DSAR_EXECUTE = "dsar:execute"
    RETENTION_READ = "retention:read"
    RETENTION_PLAN = "retention:plan"
    RETENTION_RUN = "retention:run"
    RETENTION_APPROVE = "retention:approve"
    ERASURE_REQUEST = "erasure:request"
    ERASURE_APPROVE = "erasure:approve"
    HOLD_READ = "hold:read"
    HOLD_PLACE = "hold:place"
    HOLD_RELEASE = "hold:release"
    DATASET_READ = "dataset:read"
    DATASET_MAKE = "dataset:make"
    DATASET_RELEASE = "dataset:release"
    DATASET_TAKE = "dataset:take"
    DATASET_METHOD = "dataset:method"
    BACKUP_RUN = "backup:run"
    BACKUP_RESTORE = "backup:restore"
    POLICY_READ = "policy:read"
    POLICY_PROPOSE = "policy:propose"
    POLICY_APPLY = "policy:apply"
    PROCESSING_PAUSE = "processing:pause"
    PROCESSING_RESUME = "processing:resume"
    KEY_READ = "key:read"
    KEY_ROTATE = "key:rotate"
    KEY_DESTROY = "key:destroy"
    APPROVAL_READ = "approval:read"
    APPROVAL_DECIDE = "approval:decide"
    REGISTER_READ = "register:read"
    REGISTER_WRITE = "register:write"
    BREACH_READ = "breach:read"
    BREACH_WRITE = "breach:write"
    REPORT_READ = "report:read"
    PII_ANALYZE = "pii:analyze"
    LAW_READ = "law:read"
    JOB_READ = "job:read"
    JOB_RUN = "job:run"
    MESSAGE_SEND = "message:send"
    STAFF_READ = "staff:read"
    STAFF_WRITE = "staff:write"
    STAFF_PROVISION = "staff:provision"
    CLIENT_READ = "client:read"
    CLIENT_WRITE = "client:write"
    ACCESS_REVIEW = "access:review"
    TRAINING_READ = "training:read"
    TRAINING_WRITE = "training:write"
    GLASS_BREAK = "glass:break"
    GLASS_REVIEW = "glass:review"
    SETTINGS_READ = "settings:read"
    CONSOLE_OPEN = "console:open"
    PORTAL_SELF = "portal:self"
    PORTAL_INVITE = "portal:invite"


PERSONAL = frozenset(
    {
        Action.PERSON_READ,
        Action.PERSON_WRITE,
        Action.PERSON_SEARCH,
        Action.PERSON_IMPORT,
        Action.PERSON_MERGE,
        Action.PERSON_EXPORT,
        Action.PERSON_TAKE,
        Action.PERSON_USE,
        Action.AUDIENCE_READ,
        Action.DSAR_READ,
        Action.DSAR_WRITE,
        Action.DSAR_DECIDE,
        Action.DSAR_EXECUTE,
        Action.DATASET_TAKE,
        Action.GLASS_BREAK,
    }
)  # a role with one of these opens personal data: it lapses with an expired training (APPI 24)
GRAVE = frozenset(
    {
        Action.HOLD_RELEASE,
        Action.ERASURE_APPROVE,
        Action.RETENTION_APPROVE,
        Action.DSAR_APPROVE,
        Action.APPROVAL_DECIDE,
        Action.POLICY_APPLY,
        Action.POLICY_PROPOSE,
        Action.KEY_ROTATE,
        Action.KEY_DESTROY,
        Action.GLASS_BREAK,
        Action.PERSON_EXPORT,
        Action.PERSON_TAKE,
        Action.AUDIT_EXPORT,
        Action.BACKUP_RESTORE,
        Action.STAFF_WRITE,
        Action.CLIENT_WRITE,
        Action.ACCESS_REVIEW,
        Action.PROCESSING_RESUME,
    }
)  # acts that a session left open must not do: staff prove anew who they are


@cache
def action_words() -> Mapping[str, Action]:
    """Actions by their labels in either language, as an officer may write them."""
    return MappingProxyType(
        {action_label(action, lang): action for lang in Lang for action in Action}
    )


def action_label(action: Action, lang: Lang) -> str:
    """The action's name for people."""
    return text(f"policies.action.{action.value.replace(':', '_')}", lang)
