"""An alarm in words."""

from audit.alarms.types import Alarm
from governance.core.clock import JST
from governance.core.terms import Lang
from governance.i18n.actors import actor_name
from governance.i18n.catalogue import text


def in_words(alarm: Alarm, lang: Lang) -> str:
    """Why the rule spoke: whose hour, which number, which limit, what is usual."""
    return text(
        f"app.alarm.{alarm.rule.value}",
        lang,
        actor=actor_name(alarm.actor, lang) if alarm.actor else "-",
        hour=_hour(alarm, lang),
        value=alarm.number,
        limit=alarm.limit,
        usual=alarm.usual,
    )


def _hour(alarm: Alarm, lang: Lang) -> str:
    """The day and the hour in Japan: 2026年11月27日12時, 2026-11-27 12:00."""
    at = alarm.start.astimezone(JST)
    if lang is Lang.JA:
        return f"{at.year}年{at.month}月{at.day}日{at.hour}時"
    return f"{at:%Y-%m-%d %H}:00"
