"""Persons whom a row brings with it: without numbers, and waiting together with their row."""

from collections.abc import Mapping
from dataclasses import replace

from governance.gateway.intake.screening import Masked, ids_without_numbers, masked
from governance.gateway.intake.types import Draft


def with_persons(found: Masked) -> Masked:
    """The same drafts; the persons whom they bring are without numbers, too."""
    brought = [draft.person for draft in found.drafts if draft.person is not None]
    if not brought:
        return found
    clean = {one.number: one for one in masked(ids_without_numbers(brought)).drafts}
    return replace(found, drafts=tuple(_with(draft, clean) for draft in found.drafts))


def _with(draft: Draft, clean: Mapping[int, Draft]) -> Draft:
    """A row waits with the person whose key is no key."""
    if draft.person is None:
        return draft
    person = clean[draft.number]
    return replace(
        draft,
        person=person,
        barred=draft.barred or person.barred,
        problems=(*draft.problems, *(p for p in person.problems if p not in draft.problems)),
    )
