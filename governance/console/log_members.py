"""What an event counts and what it refers to, member by member, in words for people."""

from typing import Final

from governance.core.terms import Lang
from governance.i18n.catalogue import domain, text
from policies.reasons import Audience, ReasonCode, reason_text

GATES: Final = frozenset(code.value for code in ReasonCode)
STALED: Final = "staled"  # consents to one purpose that a new notice made stale


def counts_in_words(counts: str | None, lang: Lang) -> str:
    """What was counted, each number after its name; a name of another release stays."""
    known = domain("audit", lang)
    told = (_count(one, known, lang) for one in (counts or "").split(",") if one)
    return text("console.person.comma", lang).join(told)


def _count(member: str, known: dict[str, str], lang: Lang) -> str:
    name, _, number = member.rpartition("=")
    said = f"{int(number):,}" if number.isdecimal() else number
    return text("console.log.counted", lang, name=_counted(name, known, lang), n=said)


def _counted(name: str, known: dict[str, str], lang: Lang) -> str:
    if name in GATES:  # of a bulk use, why persons were left out
        return reason_text(ReasonCode(name), Audience.OFFICER, lang)
    kind, _, purpose = name.partition(".")
    if kind == STALED and purpose:
        return text("audit.count.staled", lang, purpose=purpose)
    return known.get(f"audit.count.{name}", name)


def refs_in_words(refs: str | None, lang: Lang) -> str:
    """What an event refers to, each id after the name of its kind."""
    known = domain("audit", lang)
    told = (_ref(one, known, lang) for one in (refs or "").split(",") if one)
    return text("console.person.comma", lang).join(told)


def _ref(member: str, known: dict[str, str], lang: Lang) -> str:
    kind, _, which = member.partition(":")
    name = known.get(f"audit.ref.{kind}", kind)
    return text("console.log.referred", lang, kind=name, id=which) if which else name
