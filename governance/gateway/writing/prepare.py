"""What can be said of an item before the store is asked: gates, values, findings in its texts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from governance.core.clock import JST
from governance.core.errors import GovernanceError
from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import FieldId, Lang, RowId, SubjectId
from governance.crypto.values import Plain
from governance.customers.catalogue import catalogue
from governance.customers.types import ProblemKind
from governance.gateway.decisions import decide_before_person
from governance.gateway.intake.screening import (
    PROVIDED,
    THIRD_PARTY_SOURCES,
    UNCONFIRMED,
    masked,
    tagged,
)
from governance.gateway.intake.types import Draft
from governance.gateway.writing.gates import names_of, refused
from governance.gateway.writing.types import (
    AcquiredFrom,
    AcquisitionRecord,
    Batch,
    Correction,
    Creation,
    FieldsInvalidError,
    Item,
    Notice,
    SpecialCareError,
)
from governance.gateway.writing.values import Values, read_members
from governance.http.principal import Principal
from governance.pii.types import Analyse, Entity
from policies.snapshot import PolicySnapshot
from policies.types import Verb

OTHERS = frozenset({AcquiredFrom.THIRD_PARTY, AcquiredFrom.PUBLIC, AcquiredFrom.JOINT_USER})
FILE = "api"  # stands where an imported row names its file


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An item that may be stored as far as can be said without the store."""

    item: Item
    subject: SubjectId  # fresh where the row is about a new person
    row: RowId  # fresh for a new row
    draft: Draft  # typed, screened values
    values: Values = field(repr=False)
    masked: tuple[str, ...]
    grounds: Mapping[FieldId, str]  # of 要配慮 found in a field

    @property
    def plain(self) -> Mapping[FieldId, Plain]:
        """Values that are sealed."""
        return self.draft.plain

    @property
    def is_new_person(self) -> bool:
        """Whether the row brings a person to the register."""
        new = isinstance(self.item, Creation) and self.item.subject is None
        return new and self.item.table == "person"

    @property
    def fields(self) -> tuple[FieldId, ...]:
        """Every field that changes, emptied ones too."""
        columns = {*self.draft.clear, *self.values.emptied}
        return tuple(sorted({*names_of(self.item.table, columns), *self.draft.plain}))


Prepared = Ready | GovernanceError


def prepare(
    policy: PolicySnapshot, principal: Principal, batch: Batch, analyse: Analyse, *, at: datetime
) -> tuple[Prepared, ...]:
    """Each item ready, or why it cannot be stored. Texts are searched in one go.

    Fails closed: when the analysis cannot answer, nothing is ready.
    """
    day = at.astimezone(JST).date()
    read = [_read(policy, principal, item, batch.purpose, number=n, day=day)
            for n, item in enumerate(batch.items)]  # fmt: skip
    ready = {n: one for n, one in enumerate(read) if isinstance(one, Ready)}
    found = masked([one.draft for one in ready.values()])
    spans = analyse(found.texts, Lang.JA) if found.texts else ()
    drafts = tagged(found, spans)
    for (n, one), draft, words in zip(ready.items(), drafts, found.words, strict=True):
        read[n] = _screened(one, replace(draft, plain={**words, **draft.plain}))
    return tuple(read)


def _read(
    policy: PolicySnapshot,
    principal: Principal,
    item: Item,
    purpose: str,
    *,
    number: int,
    day: date,
) -> Prepared:
    """The item's values and what the first two gates say of a new row's fields."""
    creating = isinstance(item, Creation)
    values = read_members(item.table, item.members, creating=creating, at=day)
    known = [n for n in item.members if FieldId(f"{item.table}.{n}") in catalogue().fields]
    subject = item.subject or new_subject_id()
    if creating and item.subject is None:  # of known persons the store is asked: 404 before 403
        fields = [catalogue().fields[name] for name in names_of(item.table, known)]
        decisions = decide_before_person(
            policy, principal, fields, subject=subject, purpose_name=purpose, verb=Verb.WRITE
        )
        if (refusal := refused(decisions)) is not None:
            return refusal
    faults = [*values.faults, *_acquisition_faults(item)]
    if faults and creating:
        return FieldsInvalidError(faults)
    return Ready(
        item=item,
        subject=subject,
        row=(item.row if isinstance(item, Correction) else None) or new_row_id(),
        draft=_draft(item, values, number=number, day=day),
        values=values,
        masked=(),
        grounds={},
    )


def _acquisition_faults(item: Item) -> Iterable[tuple[str, str]]:
    """What a new person's acquisition record lacks (APPI 30: who provided it)."""
    if not isinstance(item, Creation) or item.table != "person":
        return
    record = item.acquisition
    if record is None:
        yield "acquisition", "required"
    elif record.acquired_from is AcquiredFrom.THIRD_PARTY and not record.provider:
        yield "acquisition.provider", "required"
    elif record.own_sign_up and record.acquired_from is not AcquiredFrom.PERSON:
        yield "acquisition.own_sign_up", "not_the_person"


def _draft(item: Item, values: Values, *, number: int, day: date) -> Draft:
    clear = dict(values.clear)
    if isinstance(item, Creation) and item.acquisition is not None and item.table == "person":
        clear |= _acquired(item.acquisition, day=day)
    return Draft(
        number=number,
        table=item.table,
        key=None,
        owner_key=None,
        clear=clear,
        plain=values.plain,
    )


def _acquired(record: AcquisitionRecord, *, day: date) -> dict[str, object]:
    """The acquisition record as columns of the person's row."""
    return {
        "source": record.source,
        "acquired_on": record.on or day,
        "origin": record.origin,
        "acquired_from": record.acquired_from.value,
        "acquisition_method": record.method.value,
        "acquisition_ground": record.ground.value if record.ground else None,
        "provider": record.provider,
    }


def _screened(ready: Ready, draft: Draft) -> Prepared:
    """The item with masked numbers and the ground of 要配慮 in each text; refused without one."""
    sensitive = {f.field for f in draft.findings if f.entity == Entity.SENSITIVE.value}
    ground = _ground(ready.item, draft)
    if sensitive and ground is None:
        columns = sorted(name.partition(".")[2] for name in sensitive)
        code = ProblemKind.SPECIAL_CARE_NO_GROUND.value
        return SpecialCareError([(column, code) for column in columns])
    changed = _changed(ready, draft)
    return Ready(
        item=ready.item,
        subject=ready.subject,
        row=ready.row,
        draft=draft,
        values=ready.values,
        masked=changed,
        grounds=dict.fromkeys(sensitive, ground or UNCONFIRMED),
    )


def _ground(item: Item, draft: Draft) -> str | None:
    """On what ground 要配慮 in a text may be held; None: on none (APPI 20(2))."""
    record = item.acquisition if isinstance(item, Creation) else item
    if record is None:
        return PROVIDED if item.table == "inquiry" else UNCONFIRMED
    if record.ground is not None:
        return record.ground.value
    if record.acquired_from in OTHERS or draft.clear.get("source") in THIRD_PARTY_SOURCES:
        return None
    return PROVIDED


def _changed(ready: Ready, draft: Draft) -> tuple[str, ...]:
    """Columns in which numbers were masked; their normalised form is not shown back."""
    before, after = ready.values, draft
    columns = {name.partition(".")[2] for name, value in before.plain.items()
               if after.plain.get(name) != value}  # fmt: skip
    columns |= {name for name, value in before.clear.items() if after.clear.get(name) != value}
    return tuple(sorted(columns))


def shown_back(ready: Ready) -> dict[str, str | None]:
    """Values that are stored in another form than they were given."""
    return {
        name: value for name, value in ready.values.normalised.items() if name not in ready.masked
    }


def notices_of(ready: Ready) -> Sequence[Notice]:
    """Faults of values that were taken all the same."""
    return ready.values.notices
