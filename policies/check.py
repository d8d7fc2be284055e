"""What is doubtful in a valid policy, as findings with their place; pure and complete."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from governance.core.terms import Lang, Law
from governance.i18n.catalogue import text
from policies.document import Place, PolicySet, Rule
from policies.duties import administrable, conflicts, granted
from policies.proofs import prove, try_tests
from policies.purposes import HOME, Basis, Provision, PurposeRecord, recipient_class
from policies.snapshot import PolicySnapshot
from policies.table import DecisionTable
from policies.types import Effect


class Severity(StrEnum):
    """How much a finding weighs; an error refuses the policy at apply."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class FindingCode(StrEnum):
    """The closed list of findings."""

    RULE_UNREACHABLE = "rule_unreachable"
    RULE_PARTLY_UNREACHABLE = "rule_partly_unreachable"
    RULE_SHADOWED = "rule_shadowed"
    RULE_UNTESTED = "rule_untested"
    PURPOSE_WITHOUT_BASIS = "purpose_without_basis"
    PURPOSE_WITHOUT_LAW = "purpose_without_law"
    PURPOSE_UNUSED = "purpose_unused"
    CONSENT_WITHOUT_NOTICE = "consent_without_notice"
    NOTICE_UNKNOWN = "notice_unknown"
    NOTICE_VERSION_UNKNOWN = "notice_version_unknown"
    NOTICE_OUTDATED = "notice_outdated"
    RECIPIENT_UNKNOWN = "recipient_unknown"
    DUTY_UNKNOWN = "duty_unknown"
    ROLE_JOINS_DUTIES = "role_joins_duties"
    NOBODY_DECIDES = "nobody_decides"
    CATALOGUE_DIFFERS = "catalogue_differs"
    FOREIGN_WITHOUT_CONSENT = "foreign_without_consent"
    CONSENT_WITHOUT_END = "consent_without_end"
    MARKETING_WITHOUT_CHANNEL = "marketing_without_channel"
    FIELD_WITHOUT_RULE = "field_without_rule"
    ROLE_WITHOUT_USE = "role_without_use"
    ROLE_BREAKS_SEPARATION = "role_breaks_separation"
    TEST_FAILED = "test_failed"
    PROPERTY_BROKEN = "property_broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One doubtful thing, what it is called, and where it stands."""

    code: FindingCode
    severity: Severity
    name: str
    place: Place | None
    detail: str = ""

    def sentence(self, lang: Lang) -> str:
        """File and line with what was found, in words."""
        what = text(f"policies.finding.{self.code.value}", lang, name=self.name, detail=self.detail)
        if self.place is None:
            return what
        where = {"file": self.place.file, "line": self.place.line, "path": self.place.path}
        return text("policies.fault_at", lang, **where, what=what)


def check(snapshot: PolicySnapshot) -> tuple[Finding, ...]:
    """Everything found, errors first."""
    if snapshot.policy is None or snapshot.table is None:
        return ()
    policy, table = snapshot.policy, snapshot.table
    found = [
        *_rules(policy),
        *_shadowed(policy, table),
        *_untested(policy, snapshot),
        *_purposes(policy),
        *_fields(policy, table),
        *_roles(policy, snapshot),
        *_shown(policy, snapshot),
    ]
    order = list(Severity)
    return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))


def refuses(findings: tuple[Finding, ...]) -> bool:
    """Whether a policy with these findings must not be applied."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def _rules(policy: PolicySet) -> Iterator[Finding]:
    categories = {field.id: field.category for field in policy.fields()}
    covered = {purpose.id: purpose.categories for purpose in policy.purposes}
    for rule in policy.rules:
        if rule.effect is Effect.DENY:
            continue  # a prohibition stands whether or not somebody is allowed today
        place = policy.places.get(f"rules/{rule.id}")
        outside = [
            f"{field} / {purpose}"
            for field in rule.fields
            for purpose in rule.purposes
            if categories[field] not in covered[purpose]
        ]
        if len(outside) == len(rule.fields) * len(rule.purposes):
            yield Finding(
                code=FindingCode.RULE_UNREACHABLE,
                severity=Severity.WARNING,
                name=rule.id,
                place=place,
            )
        elif outside:
            yield Finding(
                code=FindingCode.RULE_PARTLY_UNREACHABLE,
                severity=Severity.NOTE,
                name=rule.id,
                place=place,
                detail=", ".join(outside[:5]),
            )


def _shadowed(policy: PolicySet, table: DecisionTable) -> Iterator[Finding]:
    """Rules that allow and of which no answer ever comes."""
    for rule in policy.every_rule():
        if rule.effect is Effect.ALLOW and not _decides_somewhere(rule, table):
            yield Finding(
                code=FindingCode.RULE_SHADOWED,
                severity=Severity.WARNING,
                name=rule.id,
                place=policy.places.get(f"rules/{rule.id}"),
            )


def _decides_somewhere(rule: Rule, table: DecisionTable) -> bool:
    """Whether some holder of one named role gets its answer from this rule in some cell."""
    held = [table.mask_of(frozenset({role})) for role in rule.roles]
    for field in rule.fields:
        for action in rule.actions:
            for purpose in rule.purposes:
                cell = table.cells[(field, action, purpose)]
                for bits in held:
                    if any(grant.mask & bits and not grant.when for grant in cell.denies):
                        continue
                    ahead = [grant for grant in cell.allows if grant.mask & bits]
                    plain = next((n for n, grant in enumerate(ahead) if not grant.when), len(ahead))
                    if any(grant.rule_id == rule.id for grant in ahead[: plain + 1]):
                        return True
    return False


def _untested(policy: PolicySet, snapshot: PolicySnapshot) -> Iterator[Finding]:
    named = {run.decision.rule_id for run in try_tests(snapshot)}
    for rule in policy.every_rule():
        if rule.id not in named:
            yield Finding(
                code=FindingCode.RULE_UNTESTED,
                severity=Severity.WARNING,
                name=rule.id,
                place=policy.places.get(f"rules/{rule.id}"),
            )


def _purposes(policy: PolicySet) -> Iterator[Finding]:
    used = {
        purpose for rule in policy.rules if rule.effect is Effect.ALLOW for purpose in rule.purposes
    }
    for purpose in policy.purposes:
        codes: list[tuple[FindingCode, Severity, str]] = []
        if not purpose.basis:
            codes.append((FindingCode.PURPOSE_WITHOUT_BASIS, Severity.ERROR, ""))
        else:
            codes += [
                (FindingCode.PURPOSE_WITHOUT_LAW, Severity.WARNING, law.value)
                for law in (Law.APPI, Law.GDPR)
                if law not in purpose.basis
            ]
        if Basis.CONSENT in purpose.basis.values() and purpose.notice is None:
            codes.append((FindingCode.CONSENT_WITHOUT_NOTICE, Severity.ERROR, ""))
        if purpose.id not in used:
            codes.append((FindingCode.PURPOSE_UNUSED, Severity.NOTE, ""))
        codes += _passage(purpose)
        place = policy.places.get(f"purposes/{purpose.id}")
        for code, severity, detail in codes:
            yield Finding(code=code, severity=severity, name=purpose.id, place=place, detail=detail)


def _passage(purpose: PurposeRecord) -> Iterator[tuple[FindingCode, Severity, str]]:
    """What a purpose that gives data away or reaches people lacks."""
    to_others = any(recipient_class(name) == "third_party" for name in purpose.recipients)
    abroad = ", ".join(sorted(purpose.countries - {HOME}))
    answered = {Provision.FOREIGN, Provision.PERSONAL_RELATED}  # APPI 28(1); 31(1) has its own
    if to_others and abroad and not purpose.provisions & answered:
        yield FindingCode.FOREIGN_WITHOUT_CONSENT, Severity.ERROR, abroad
    consented = Basis.CONSENT in purpose.basis.values()
    if consented and purpose.expires_months is None and purpose.inactivity_months is None:
        yield FindingCode.CONSENT_WITHOUT_END, Severity.NOTE, ""
    if purpose.direct_marketing and not purpose.channels:
        yield FindingCode.MARKETING_WITHOUT_CHANNEL, Severity.WARNING, ""


def _fields(policy: PolicySet, table: DecisionTable) -> Iterator[Finding]:
    open_fields = {key[0] for key, cell in table.cells.items() if cell.allowed}
    for field in policy.fields():
        if field.id not in open_fields:
            yield Finding(
                code=FindingCode.FIELD_WITHOUT_RULE,
                severity=Severity.WARNING,
                name=field.id,
                place=policy.places.get(f"resources/{field.id.partition('.')[0]}"),
            )


def _roles(policy: PolicySet, snapshot: PolicySnapshot) -> Iterator[Finding]:
    if not administrable(snapshot):
        yield Finding(
            code=FindingCode.NOBODY_DECIDES,
            severity=Severity.WARNING,
            name=policy.version,
            place=None,
        )
    named = {role for r in policy.rules if r.effect is Effect.ALLOW for role in r.roles}
    for role in policy.roles:
        place = policy.places.get(f"roles/{role.id}")
        if not role.may and not role.inherits and role.id not in named:
            yield Finding(
                code=FindingCode.ROLE_WITHOUT_USE,
                severity=Severity.NOTE,
                name=role.id,
                place=place,
            )
        held = granted(snapshot.roles, role.id)
        for duty in policy.separations:
            if duty.actions is not None and held.issuperset(duty.actions):
                yield Finding(
                    code=FindingCode.ROLE_JOINS_DUTIES,
                    severity=Severity.WARNING,
                    name=role.id,
                    place=place,
                    detail=duty.id,
                )
        for separation in conflicts(snapshot, [role.id]):
            yield Finding(
                code=FindingCode.ROLE_BREAKS_SEPARATION,
                severity=Severity.ERROR,
                name=role.id,
                place=place,
                detail=separation.id,
            )


def _shown(policy: PolicySet, snapshot: PolicySnapshot) -> Iterator[Finding]:
    for run in try_tests(snapshot):
        if not run.passed:
            yield Finding(
                code=FindingCode.TEST_FAILED,
                severity=Severity.ERROR,
                name=run.test.id,
                place=policy.places.get(f"tests/{run.test.id}"),
                detail=f"{run.decision.code.value} {run.decision.rule_id or ''}".strip(),
            )
    for example in prove(snapshot):
        cell = (example.role, example.action, example.field, example.purpose, example.rule_id)
        yield Finding(
            code=FindingCode.PROPERTY_BROKEN,
            severity=Severity.ERROR,
            name=example.property.id,
            place=policy.places.get(f"properties/{example.property.id}"),
            detail=", ".join(part for part in cell if part),
        )
