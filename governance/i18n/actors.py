"""Who did something, as people are told of it."""

from collections.abc import Mapping
from typing import Final

from governance.core.terms import Lang
from governance.i18n.catalogue import text

OWN: Final = frozenset(f"svc:{name}" for name in ("sekisho", "sequencer", "watch", "decisions"))


def actor_name(actor: str, lang: Lang) -> str:
    """Staff by their login, a system by its name, the product and the customer in words."""
    kind, _, name = actor.partition(":")
    if actor in OWN:
        return text("ui.actor.itself", lang)
    match kind:
        case "u":
            return name
        case "svc":
            return text("ui.actor.system", lang, name=name)
        case "p":
            return text("ui.actor.person", lang)
        case "anonymous":
            return text("ui.actor.anonymous", lang)
        case _:
            return actor


def called(actor: str, names: Mapping[str, str], lang: Lang) -> str:
    """An employee as "name (login)", as far as there is a name; others as everywhere."""
    plain, name = actor_name(actor, lang), names.get(actor, "")
    if not name or name == plain:
        return plain
    return text("ui.actor.staff", lang, name=name, login=plain)
