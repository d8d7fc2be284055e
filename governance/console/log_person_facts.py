"""The filter of one person's log: which field was opened, from which day to which."""

from collections.abc import Mapping
from typing import Final

from audit.errors import QueryFormError
from audit.review import EventQuery
from audit.reviewing.conditions import query_of
from governance.console.log_facts import AskedFilter
from governance.core.terms import Lang
from governance.customers.catalogue import catalogue
from governance.i18n.catalogue import text
from governance.ui.parts import Choice

FIELDS: Final = ("from", "to", "field")
NOTHING: Final = EventQuery(any_of=())


def asked_of_person(subject: str, given: Mapping[str, str]) -> AskedFilter:
    """The filter of the form about this person.

    Fails closed: what cannot be asked is answered with nothing and told at its field.
    """
    kept = {name: given.get(name, "").strip() for name in FIELDS}
    words = [f"{name}={value}" for name, value in kept.items() if value]
    try:
        return AskedFilter(given=kept, query=query_of([f"person={subject}", *words]))
    except QueryFormError as error:
        member = str(error.params["member"])
        wrong = {"since": "from", "until": "to"}.get(member, member)
        wrong = wrong if wrong in FIELDS else FIELDS[0]
        return AskedFilter(given=kept, query=NOTHING, wrong=wrong)


def field_choices(lang: Lang) -> tuple[Choice, ...]:
    """The fields of a person that somebody may have opened, by their names for people."""
    fields = [one for one in catalogue().table("person").fields if one.id.startswith("person.")]
    every = Choice(value="", label=text("console.log.every_field", lang))
    return (every, *(Choice(value=one.id, label=one.label(lang)) for one in fields))
