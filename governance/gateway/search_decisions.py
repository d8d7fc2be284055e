"""What the gates say of fields, person by person, decided once for all persons who are alike.

Two persons are alike when the third gate says the same of them and no rule that counts for this
searcher compares a fact of the record; where one does, each person is decided apart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from consent.types import SubjectDecision
from governance.core.terms import FieldId, SubjectId
from governance.customers.search_terms import Level
from governance.gateway.decisions import decide_field
from governance.gateway.glass.types import Glass
from governance.gateway.search_gates import of_person
from governance.gateway.types import FieldDecision
from governance.http.principal import Principal
from governance.registers.passage import INSIDE, Passage
from policies.actors import roles_of
from policies.conditions import attributes_of
from policies.purposes import PurposeRecord
from policies.reasons import ReasonCode
from policies.snapshot import PolicySnapshot
from policies.types import Verb

_Alike = tuple[bool, ReasonCode, SubjectId | None]


@dataclass(slots=True, kw_only=True)
class PersonDecisions:
    """The decisions of one search, for one purpose."""

    policy: PolicySnapshot
    principal: Principal
    purpose: PurposeRecord
    explained: bool
    shown: tuple[FieldId, ...]
    allowed: Mapping[FieldId, Level]
    impersonal: frozenset[FieldId] = frozenset()  # fields without a third gate
    verb: Verb = Verb.READ  # what is done with what is shown
    passage: Passage = INSIDE  # to whom it goes
    glass: Glass | None = None  # the emergency access under which is searched
    _apart: bool = field(init=False)
    _shown: dict[_Alike, dict[FieldId, FieldDecision]] = field(init=False, default_factory=dict)
    _depths: dict[_Alike, Mapping[FieldId, Level]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        names = {*self.shown, *self.allowed}
        self._apart = any(self._compares_record(name) for name in names)

    def of_shown(
        self, subject: SubjectId, person: SubjectDecision
    ) -> Mapping[FieldId, FieldDecision]:
        """What all three gates say of the fields that a hit shows."""
        alike = self._alike(subject, person)
        if alike not in self._shown:
            self._shown[alike] = self._decided(subject, person, self.shown)
        return self._shown[alike]

    def depths(self, subject: SubjectId, person: SubjectDecision) -> Mapping[FieldId, Level]:
        """How deep each asked field of this person may be searched."""
        alike = self._alike(subject, person)
        if alike not in self._depths:
            self._depths[alike] = of_person(
                self.policy,
                self.principal,
                self._decided(subject, person, self.allowed),
                self.allowed,
                purpose=self.purpose,
                subject=subject,
                glass=self.glass,
            )
        return self._depths[alike]

    def _alike(self, subject: SubjectId, person: SubjectDecision) -> _Alike:
        return bool(person), person.code, subject if self._apart else None

    def _decided(
        self, subject: SubjectId, person: SubjectDecision, names: Iterable[FieldId]
    ) -> dict[FieldId, FieldDecision]:
        return {
            name: decide_field(
                self.policy,
                self.principal,
                name,
                self.purpose,
                None if name in self.impersonal else person,
                subject=subject,
                verb=self.verb,
                explained=self.explained,
                passage=self.passage,
                glass=self.glass,
            )
            for name in names
        }

    def _compares_record(self, name: FieldId) -> bool:
        """Whether a rule on this field that counts for these roles reads a fact of the record."""
        table = self.policy.table
        if table is None:
            return False  # every answer is the same refusal
        held = table.mask_of(roles_of(self.principal, self.policy))
        return any(
            owner == "resource"
            for verb in {self.verb, Verb.SEARCH}
            if (cell := table.cells.get((name, verb.value, self.purpose.id))) is not None
            for grant in (*cell.denies, *cell.allows)
            if grant.mask & held
            for condition in grant.when
            for owner, _ in attributes_of(condition)
        )
