"""The rules of a policy in words, as an officer reads them on a page."""

from dataclasses import dataclass

from governance.core.terms import FieldId, Lang
from governance.i18n.catalogue import text
from policies.admin.wording import Names
from policies.conditions import as_text
from policies.document import Rule
from policies.snapshot import PolicySnapshot

MOST = 8  # fields that a sentence names


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One rule in words."""

    id: str
    forbids: bool
    roles: tuple[str, ...]
    sentence: str
    duties: str
    because: str


def rules_in_words(
    snapshot: PolicySnapshot, lang: Lang, *, role: str | None = None
) -> tuple[RuleLine, ...]:
    """Every rule, or those of one role, in the order of the files."""
    if snapshot.policy is None:
        return ()
    names = Names(lang, snapshot)
    return tuple(
        _line(rule, names, lang)
        for rule in snapshot.policy.rules
        if role is None or role in rule.roles
    )


def _line(rule: Rule, names: Names, lang: Lang) -> RuleLine:
    forbids = rule.effect.value == "deny"
    duties = dict.fromkeys(names.duty(duty) for duty in rule.obligations)
    when = as_text(rule.when)
    if when != "-":
        duties[text("policies.diff.when", lang, when=when)] = None
    return RuleLine(
        id=rule.id,
        forbids=forbids,
        roles=rule.roles,
        sentence=text(
            "policies.rule.forbids" if forbids else "policies.rule.allows",
            lang,
            roles=names.roles(rule.roles),
            purposes=names.purposes(rule.purposes),
            fields=names.fields(tuple(map(FieldId, rule.fields)), most=MOST),
            actions=names.actions(rule.actions),
        ),
        duties=text("policies.diff.comma", lang).join(duties),
        because=rule.because[lang],
    )
