"""An alarm in words."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from audit.alarms.types import Alarm
from governance.core.clock import JST
from governance.core.terms import Lang
from governance.i18n.actors import called
from governance.i18n.catalogue import text
from governance.i18n.formats import long_day, moment

NOBODY: Final[Mapping[str, str]] = MappingProxyType({})


def in_words(alarm: Alarm, lang: Lang, names: Mapping[str, str] = NOBODY) -> str:
    """Why the rule spoke: whose hour, which number, which limit, what is usual.

    `names` are the names of staff by their ids, where the reader is shown them.
    """
    return text(
        f"app.alarm.{alarm.rule.value}",
        lang,
        actor=called(alarm.actor, names, lang) if alarm.actor else "-",
        hour=_hour(alarm, lang),
        value=alarm.number,
        limit=alarm.limit,
        usual=alarm.usual,
    )


def _hour(alarm: Alarm, lang: Lang) -> str:
    """The day and the hour in Japan: 2026年11月27日(金) 12時; Fri 27 Nov 2026, 12:00."""
    if lang is Lang.JA:
        return f"{long_day(alarm.start, lang)} {alarm.start.astimezone(JST).hour}時"
    return moment(alarm.start, lang)
