"""取得の記録: from whom, when, how, on what ground a row was acquired; the file's words first."""

import re
from collections.abc import Mapping
from dataclasses import replace

from governance.customers.sources.types import Acquisition
from governance.gateway.intake.screening import THIRD_PARTY_SOURCES
from governance.gateway.intake.types import Draft

GIVERS = frozenset({"person", "representative", "third_party", "public", "joint_user"})
METHODS = frozenset({"web_form", "paper", "phone", "card", "file", "provision"})
HANDED_OVER = frozenset({"third_party", "joint_user"})
BY_WORD: Mapping[str, tuple[str | None, str]] = {  # words of 取得元 -> given by, how
    "名刺": ("person", "card"),
    "電話": ("person", "phone"),
    "申込書": ("person", "paper"),
    "Web": ("person", "web_form"),
    "web_form": ("person", "web_form"),
    "フォーム": ("person", "web_form"),
    "提供": ("third_party", "provision"),
    "名簿": ("third_party", "file"),
}
GIVER_WORDS: Mapping[str, str] = {
    "本人": "person",
    "代理人": "representative",
    "第三者": "third_party",
    "公開情報": "public",
    "共同利用": "joint_user",
}
METHOD_WORDS: Mapping[str, str] = {
    "Web": "web_form",
    "書面": "paper",
    "電話": "phone",
    "名刺": "card",
    "ファイル": "file",
    "提供": "provision",
}
_WORDS = re.compile("|".join(map(re.escape, BY_WORD)))


def acquired(draft: Draft, given: Acquisition) -> Draft:
    """The draft with its acquisition on record, and whether a third party handed it over."""
    clear = draft.clear
    written = str(clear.get("source") or "")
    found = _WORDS.search(written)
    giver, method = BY_WORD[found[0]] if found else (None, None)
    if written in THIRD_PARTY_SOURCES:
        giver = "third_party"
    told, how = clear.get("acquired_from"), clear.get("acquisition_method")
    giver = GIVER_WORDS.get(str(told), str(told)) if told else giver or given.acquired_from
    method = METHOD_WORDS.get(str(how), str(how)) if how else method or given.method
    ground = given.ground.value if given.ground else None
    handed_over = giver in HANDED_OVER
    if draft.table != "person":
        person = acquired(draft.person, given) if draft.person is not None else None
        return replace(draft, ground=ground, handed_over=handed_over, person=person)
    filled = {
        "acquired_on": clear.get("acquired_on") or given.acquired_on,
        "acquired_from": giver,
        "acquisition_method": method,
        "acquisition_ground": clear.get("acquisition_ground") or ground,
        "provider": clear.get("provider") or (given.provider if handed_over else None),
        "origin": clear.get("origin") or given.origin,
    }
    return replace(
        draft,
        clear={**clear, **filled},
        origin=draft.origin or given.origin,
        ground=ground,
        handed_over=handed_over,
    )
