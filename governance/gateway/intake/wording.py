"""Tags and preferences of a file in the words of the declared vocabularies; pure."""

from collections.abc import Mapping
from dataclasses import replace

from governance.core.terms import FieldId
from governance.customers.catalogue import Catalogue
from governance.customers.custom.types import Topic, Vocabulary
from governance.customers.master.types import Kept
from governance.customers.normalise.chars import folded_word
from governance.customers.sources.types import AcquisitionGround
from governance.gateway.intake.types import Draft
from policies.types import Label

LABEL, SPECIAL = FieldId("person_tag.label"), FieldId("person_tag.special_label")
VALUE = FieldId("preference.value")


def worded(draft: Draft, declared: Catalogue) -> Draft:
    """The row with codes for the labels that people write; an unknown word stays as it is."""
    match draft.table:
        case "person_tag":
            return _tag(draft, declared.vocabularies)
        case "preference":
            return _preference(draft, declared.topics)
        case _:
            return draft


def _tag(draft: Draft, known: Mapping[str, Vocabulary]) -> Draft:
    """The tag in its vocabulary, found by the label where only one has it.

    A special-care label stands in the column of that category, with the ground on which it is
    held; what a third party claims is no ground unless the file's own is on record (APPI 20(2)).
    """
    written, said = str(draft.plain[LABEL]), draft.clear.get("vocabulary")
    labels = {name: _labels(words.labels) for name, words in known.items()}
    holding = [name for name, found in labels.items() if folded_word(written) in found]
    name = _code(str(said), {name: words.label for name, words in known.items()}) if said else (
        holding[0] if len(holding) == 1 else "")  # fmt: skip
    label = labels.get(name, {}).get(folded_word(written), written)
    ground = draft.clear.get("ground")
    if draft.handed_over and draft.ground is None:
        ground = None
    elif ground is None and draft.ground == AcquisitionGround.CONSENT:
        ground = Kept.CONSENT.value
    special = name in known and known[name].special
    plain = {field: value for field, value in draft.plain.items() if field != LABEL}
    plain[SPECIAL if special else LABEL] = label
    return replace(draft, plain=plain, clear={**draft.clear, "vocabulary": name, "ground": ground})


def _preference(draft: Draft, known: Mapping[str, Topic]) -> Draft:
    name = _code(str(draft.clear["topic"]), {name: topic.label for name, topic in known.items()})
    choices = _labels(known[name].choices) if name in known else {}
    value = str(draft.plain[VALUE])
    said = choices.get(folded_word(value), value)
    return replace(draft, plain={**draft.plain, VALUE: said}, clear={**draft.clear, "topic": name})


def _labels(labels: Mapping[str, Label]) -> dict[str, str]:
    """Codes by themselves and by their labels in both languages."""
    found: dict[str, str] = {}
    for code, label in labels.items():
        for word in (code, label.ja, label.en):
            found.setdefault(folded_word(word), code)
    return found


def _code(written: str, labels: Mapping[str, Label]) -> str:
    return _labels(labels).get(folded_word(written), written)
