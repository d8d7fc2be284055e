"""Every fault of a schedule by its place, so that its author mends them in one go.

`read_schedule` stops at the first fault. Here each line is read alone beside a head that is
sound, so that a fault in one line hides none in another.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.law.errors import LawError
from policies.law.reader import read_yaml
from retention.errors import ScheduleFormError
from retention.schedules import read_schedule

LISTS: Final = ("rules", "duties", "parts")
MOST: Final = 50  # faults that are told; whoever has more mends these first
LABEL: Final[Mapping[str, str]] = {"ja": "-", "en": "-"}
HEAD: Final[Mapping[str, Any]] = {
    "schema": "sekisho-retention/2",
    "name": "draft",
    "version": 1,
    "label": LABEL,
    "overflow": "month_end",
    "covers": ["customer"],
    "hold": {"id": "FAULT_HOLD", "label": LABEL},
    "rules": [],
}


def faults_of(text: str, *, file: str = "schedule.yaml") -> tuple[ScheduleFormError, ...]:
    """What is wrong with the text, the first fault first; nothing for a schedule."""
    try:
        read_schedule(text, file=file)
    except ScheduleFormError as error:
        first = error
    else:
        return ()
    found = {_place(one): one for one in (first, *_others(text, file=file))}
    return tuple(found.values())[:MOST]


def _place(error: ScheduleFormError) -> tuple[str, str]:
    return str(error.params["path"]), str(error.params["problem"])


def _others(text: str, *, file: str) -> Iterator[ScheduleFormError]:
    try:
        document = read_yaml(text, file=file).value
    except LawError:  # no YAML: it has no lines to read
        return
    if not isinstance(document, dict):
        return
    head = {key: value for key, value in document.items() if key not in LISTS}
    yield from _alone({**head, "rules": []}, file=file)
    for name in LISTS:
        lines = document.get(name)
        for place, line in enumerate(lines if isinstance(lines, list) else []):
            for error in _alone({**HEAD, name: [line]}, file=file):
                path = str(error.params["path"]).replace(f"{name}[0]", f"{name}[{place}]", 1)
                problem = str(error.params["problem"])
                yield ScheduleFormError(file=file, path=path, problem=problem)


def _alone(document: Mapping[str, Any], *, file: str) -> Iterator[ScheduleFormError]:
    """The fault of this much of a schedule, if it has one."""
    try:
        read_schedule(json.dumps(document, default=str), file=file)
    except ScheduleFormError as error:
        yield error
    except RecursionError:  # a text that holds itself: the first fault says enough
        return
