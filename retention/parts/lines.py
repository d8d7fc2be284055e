"""The lines about rows that bind an installation: its schedule's, and the law's on My Number."""

from datetime import date

from governance.core.terms import Lang
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import text
from policies.law.in_force import rule_set
from retention.part_lines import emptiable
from retention.types import Action, Condition, Label, Part, Pick, Schedule, Since, Trigger

MY_NUMBER = "my_number"  # the category of fields that hold data of the My Number Act
OBLIGATION = "MYNO-DEL"  # 番号法20条, 特定個人情報ガイドライン4-3-(4)
OF_LAW = "MYNO_DEL"


def lines(schedule: Schedule, *, at: date) -> tuple[Part, ...]:
    """What a law makes keep first, then what a law ends, then the company's own lines."""
    kept = [part for part in schedule.parts if part.law is not None]
    others = (part for part in schedule.parts if part.law is None)
    return (*kept, *_of_law(at), *others)


def line(schedule: Schedule, id_: str, *, at: date) -> Part | None:
    """The line of this id."""
    return next((part for part in lines(schedule, at=at) if part.id == id_), None)


def _of_law(at: date) -> tuple[Part, ...]:
    """Data of that category goes as soon as the task has ended, wherever it is declared."""
    duty = rule_set(at).obligations.get(OBLIGATION)
    if duty is None:
        return ()
    fields = {
        name: tuple(f.id for f in table.fields if f.category == MY_NUMBER and emptiable(f))
        for name, table in catalogue().tables.items()
    }
    return tuple(
        Part(
            id=f"{OF_LAW}_{name.upper()}",
            label=_label("retention.my_number.label"),
            basis=_label("retention.my_number.basis"),
            table=name,
            fields=found,
            when=Condition(),
            action=Action.NULL,
            since=Since(pick=Pick.FIRST, triggers=(Trigger.TASK_ENDED,)),
        )
        for name, found in fields.items()
        if found
    )


def _label(key: str) -> Label:
    return Label(ja=text(key, Lang.JA), en=text(key, Lang.EN))
