"""Reading of purposes of use: basis per law, categories, recipients, channels, notice, expiry."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from governance.core.terms import Law, NoticeId, PurposeId
from policies.load_terms import RESERVED
from policies.purposes import (
    BASES,
    HOME,
    INTERNAL,
    Basis,
    Channel,
    Minors,
    Provision,
    PurposeRecord,
    Signal,
    SignalOverride,
)
from policies.reader import NAME, Cursor
from policies.types import Label

_REQUIRED = frozenset({"label", "basis", "categories"})
_ALLOWED = _REQUIRED | frozenset(
    {
        "code",
        "law_refs",
        "recipients",
        "channels",
        "countries",
        "notice",
        "expires",
        "inactivity",
        "signals",
        "signal_override",
        "minors",
        "direct_marketing",
        "provisions",
        "duties",
    }
)
_LAWS = frozenset(law.value for law in Law)
_MONTHS = re.compile(r"([1-9][0-9]{0,2}) ?(months?|years?|か月|年)")
_RECIPIENT = re.compile(
    r"internal|(processor|joint|third_party|authority):(\*|[A-Za-z0-9_-]{1,64})"
)
_COUNTRY = re.compile(r"[A-Z]{2}|\*")
_NOTICE = re.compile(r"([a-z][a-z0-9_]{0,63})@([A-Za-z0-9][A-Za-z0-9.]{0,15})")
_DUTY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
MONTHS_OF_A_YEAR = 12


def read_purpose(name: str, cursor: Cursor, *, categories: Mapping[str, str]) -> PurposeRecord:
    """One purpose of use."""
    if not NAME.fullmatch(name) or name in RESERVED:
        raise cursor.refuse("bad_name", name)
    parts = cursor.table(_ALLOWED, required=_REQUIRED)
    covered = parts["categories"].items()
    notice, version = _read_notice(parts.get("notice"))
    provisions = parts["provisions"].choices(Provision) if "provisions" in parts else ()
    return PurposeRecord(
        id=PurposeId(name),
        label=parts["label"].label(),
        code=parts["code"].written() if "code" in parts else None,
        basis=_read_basis(parts["basis"]),
        law_refs=_read_refs(parts.get("law_refs")),
        categories=frozenset(item.one_of(categories, "unknown_category") for item in covered),
        recipients=_matched(parts.get("recipients"), _RECIPIENT, "bad_recipient") or (INTERNAL,),
        channels=frozenset(parts["channels"].choices(Channel) if "channels" in parts else ()),
        countries=frozenset(_matched(parts.get("countries"), _COUNTRY, "bad_country") or (HOME,)),
        notice=notice,
        notice_version=version,
        expires_months=_read_months(parts.get("expires")),
        inactivity_months=_read_months(parts.get("inactivity")),
        signals=frozenset(parts["signals"].choices(Signal) if "signals" in parts else ()),
        signal_override=(
            parts["signal_override"].choice(SignalOverride)
            if "signal_override" in parts
            else SignalOverride.NEVER
        ),
        minors=parts["minors"].choice(Minors) if "minors" in parts else Minors.GUARDIAN,
        direct_marketing=parts["direct_marketing"].flag() if "direct_marketing" in parts else False,
        provisions=frozenset(provisions),
        duties=_matched(parts.get("duties"), _DUTY, "bad_name"),
    )


def _read_basis(cursor: Cursor) -> Mapping[Law, Basis]:
    found: dict[Law, Basis] = {}
    for key, entry in cursor.table(_LAWS, required=frozenset()).items():
        law, basis = Law(key), entry.choice(Basis)
        if basis not in BASES[law]:
            known = ", ".join(sorted(BASES[law]))
            raise entry.refuse("basis_not_of_law", basis.value, allowed=known)
        found[law] = basis
    return MappingProxyType(found)


def _read_refs(cursor: Cursor | None) -> Mapping[Law, Label]:
    if cursor is None:
        return MappingProxyType({})
    entries = cursor.table(_LAWS, required=frozenset())
    return MappingProxyType({Law(key): entry.reference() for key, entry in entries.items()})


def _matched(cursor: Cursor | None, pattern: re.Pattern[str], code: str) -> tuple[str, ...]:
    if cursor is None:
        return ()
    for item, word in cursor.words():
        if not pattern.fullmatch(word):
            raise item.refuse(code, word)
    return tuple(word for _, word in cursor.words())


def _read_notice(cursor: Cursor | None) -> tuple[NoticeId | None, str | None]:
    if cursor is None:
        return None, None
    found = _NOTICE.fullmatch(cursor.written())
    if found is None:
        raise cursor.refuse("bad_notice", cursor.written())
    return NoticeId(found.group(1)), found.group(2)


def _read_months(cursor: Cursor | None) -> int | None:
    if cursor is None:
        return None
    found = _MONTHS.fullmatch(cursor.written())
    if found is None:
        raise cursor.refuse("bad_period", cursor.written())
    count = int(found.group(1))
    return count * MONTHS_OF_A_YEAR if found.group(2) in {"year", "years", "年"} else count
