"""A proposed policy tried on the record: which decisions would come out otherwise, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from governance.core.terms import Lang
from governance.http.principal import Principal
from governance.i18n.actors import called
from governance.i18n.catalogue import text
from policies.admin.replay import Flip, Replayed, on_record, replay
from policies.admin.sources import documents_named
from policies.admin.types import Desk
from policies.reasons import Audience, ReasonCode, reason_text
from policies.snapshot import PolicySnapshot

PERIOD: Final = timedelta(days=30)  # as `sekisho policy dry-run` without another


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipLine:
    """One way in which recorded decisions would come out otherwise."""

    use: str
    who: str
    purpose: str
    before: str
    after: str
    decisions: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What the trial counted, with its lines, the most frequent first."""

    found: Replayed
    lines: tuple[FlipLine, ...]


def tried(wiring: Any, principal: Principal, approval: str, lang: Lang) -> Trial:
    """The record of the last month under the proposed policy; that it was tried is in the log."""
    desk: Desk = wiring.policy_desk
    with wiring.database.read() as tx:
        documents = documents_named(tx, desk, approval)
    at, before, after = wiring.clock(), wiring.policies.current, desk.compiled(documents)
    wiring.ports.decisions.settle()
    found = replay(wiring.database, before, after, since=at - PERIOD, at=at)
    wiring.database.write(
        lambda tx: on_record(tx, wiring.ports.audit, principal, after, found, at=at)
    )
    known = {**before.purposes, **after.purposes}
    purposes = {str(name): one.label[lang] for name, one in known.items()}
    return Trial(
        found=found,
        lines=tuple(
            _line(flip, count, found.people[flip], after, purposes, lang)
            for flip, count in found.flips.most_common()
        ),
    )


def _line(
    flip: Flip,
    count: int,
    people: int,
    policy: PolicySnapshot,
    purposes: Mapping[str, str],
    lang: Lang,
) -> FlipLine:
    return FlipLine(
        use=text(f"cli.policy.use.{flip.kind}", lang),
        who=_who(flip.who, policy, lang),
        purpose=purposes.get(flip.purpose, flip.purpose),
        before=_reason(flip.before, lang),
        after=_reason(flip.after, lang),
        decisions=count,
        people=people,
    )


def _who(who: str, policy: PolicySnapshot, lang: Lang) -> str:
    """Roles by their labels; a system as everywhere."""
    between = text("console.person.comma", lang)
    return between.join(
        policy.roles[name].label[lang] if name in policy.roles else called(name, {}, lang)
        for name in who.split("+")
    )


def _reason(code: str, lang: Lang) -> str:
    """The sentence of a reason; a code that a later version wrote, as it is."""
    try:
        return reason_text(ReasonCode(code), Audience.OFFICER, lang)
    except ValueError:
        return code
