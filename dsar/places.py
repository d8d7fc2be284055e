"""Places about other persons in texts that were found, by the analysis of personal data."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

from dsar.redaction import places_about_others
from governance.core.terms import Lang
from governance.customers.ports import Ports
from governance.pii.language import language_of
from policies.masking import Span

K = TypeVar("K", bound=Hashable)


def places_in(
    ports: Ports, texts: Mapping[K, str], *, own: frozenset[str]
) -> dict[K, tuple[Span, ...]]:
    """Places about others in every text; raises when the analysis cannot answer."""
    places: dict[K, tuple[Span, ...]] = {}
    for lang in Lang:
        chosen = {key: text for key, text in texts.items() if language_of(text) is lang}
        if not chosen:
            continue
        found = ports.analyse(list(chosen.values()), lang)
        for (key, text), spans in zip(chosen.items(), found, strict=True):
            places[key] = places_about_others(text, spans, own=own)
    return places
