"""Pseudonyms that were merged into a person who goes: they go with the person."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from sqlalchemy import Connection

from governance.core.terms import RowId
from governance.customers.upkeep.merges import absorbed_by
from retention.erasure import Doomed
from retention.plans import Item


def merged_into(tx: Connection, doomed: Sequence[tuple[Item, Doomed]]) -> list[tuple[Item, Doomed]]:
    """Lines for the keys, log parts and traces of everyone who stands under one of these.

    The id of such a line follows from plan and person, so that a repeated run journals it again.
    """
    home = {one.subject: (item, one) for item, one in doomed if not one.erased_before}
    found: list[tuple[Item, Doomed]] = []
    for absorbed, survivor in absorbed_by(tx, home).items():
        item, one = home[survivor]
        name = RowId(str(uuid5(UUID(item.id), absorbed)))
        goes = Doomed(
            subject=absorbed, erased_before=False, keeps={}, rule=one.rule, under=survivor
        )
        found.append((replace(item, id=name, subject=absorbed), goes))
    return found
