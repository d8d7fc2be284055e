"""Who did something, as people are told of it."""

from governance.core.terms import Lang
from governance.i18n.catalogue import text


def actor_name(actor: str, lang: Lang) -> str:
    """Staff by their name, a system by its own, the customer without a number."""
    kind, _, name = actor.partition(":")
    match kind:
        case "u":
            return name
        case "svc":
            return text("ui.actor.system", lang, name=name)
        case "p":
            return text("ui.actor.person", lang)
        case _:
            return actor
