"""Texts of the company: proposed by one, brought into use by another, the shipped one before.

A text says nothing of any person: it is checked for its slots when it is proposed, and a letter
that began from an older one keeps it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from audit.actions import EventCode
from audit.types import EventDraft, Outcome
from dsar.correspondence.errors import EditionSamePersonError, EditionUnknownError
from dsar.correspondence.models import EditionRow
from dsar.correspondence.rules import checked
from dsar.correspondence.types import Source, Template
from dsar.records import actor_of, demand
from governance.approvals.second import is_second
from governance.core.ids import new_row_id
from governance.core.terms import ActorId, Lang, RowId
from governance.customers.ports import Ports
from governance.db.fetching import PreparedSelect
from governance.db.types import table_of
from governance.http.principal import Principal
from governance.i18n.catalogue import text
from policies.actions import Action

EDITION = table_of(EditionRow)
SHIPPED: Final = "shipped"
PROPOSED, ADOPTED, ENDED = "proposed", "adopted", "ended"
IN_USE: Final = PreparedSelect(
    select(EDITION.c.number, EDITION.c.title, EDITION.c.body).where(
        EDITION.c.template == bindparam("template"),
        EDITION.c.lang == bindparam("lang"),
        EDITION.c.state == bindparam("state"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One text of the company."""

    id: RowId
    template: Template
    lang: Lang
    number: int
    state: str
    created_at: datetime
    created_by: ActorId
    source: Source = field(repr=False)
    decided_at: datetime | None = None
    decided_by: ActorId | None = None


def shipped_text(template: Template, lang: Lang) -> Source:
    """The text that this release brings."""
    return Source(
        title=text(f"dsar.letter.{template}.title", lang),
        body=text(f"dsar.letter.{template}.body", lang),
    )


def text_in_use(tx: Connection, template: Template, lang: Lang) -> tuple[str, Source]:
    """The text from which a letter begins now, and its name for the record."""
    found = IN_USE.rows(tx, {"template": template.value, "lang": lang.value, "state": ADOPTED})
    if not found:
        return SHIPPED, shipped_text(template, lang)
    return f"{found[0].number}", Source(title=found[0].title, body=found[0].body)


def editions(tx: Connection, ports: Ports, principal: Principal) -> tuple[Edition, ...]:
    """Every text of the company, newest first."""
    demand(actor_of(principal, ports.policies.current), Action.DSAR_READ)
    return tuple(_edition(row) for row in tx.execute(select(EDITION).order_by(EDITION.c.id.desc())))


def propose(
    tx: Connection,
    ports: Ports,
    principal: Principal,
    template: Template,
    lang: Lang,
    source: Source,
    *,
    at: datetime,
) -> Edition:
    """The text waits for a second person; raises the first fault of its slots."""
    demand(actor_of(principal, ports.policies.current), Action.DSAR_DECIDE)
    good = checked(template, source)
    of = (EDITION.c.template == template.value, EDITION.c.lang == lang.value)
    last = tx.execute(select(func.max(EDITION.c.number)).where(*of)).scalar()
    made = Edition(
        id=new_row_id(),
        template=template,
        lang=lang,
        number=int(last or 0) + 1,
        source=good,
        state=PROPOSED,
        created_at=at,
        created_by=principal.id,
    )
    tx.execute(
        insert(EDITION).values(
            id=made.id,
            template=template.value,
            lang=lang.value,
            number=made.number,
            title=good.title,
            body=good.body,
            state=PROPOSED,
            created_at=at,
            created_by=principal.id,
        )
    )
    _note(tx, ports, principal, made, PROPOSED, at=at)
    return made


def decide(
    tx: Connection, ports: Ports, principal: Principal, wanted: RowId, *, adopt: bool, at: datetime
) -> Edition:
    """The proposed text is in use in place of the one before, or it is dropped.

    Whoever wrote it may drop it and never brings it into use.
    """
    actor = actor_of(principal, ports.policies.current)
    row = tx.execute(select(EDITION).where(EDITION.c.id == wanted)).one_or_none()
    if row is None or row.state != PROPOSED:
        raise EditionUnknownError
    made = _edition(row)
    own = made.created_by == principal.id
    if not own:
        demand(actor, Action.DSAR_APPROVE if adopt else Action.DSAR_DECIDE)
    before = {Action.DSAR_DECIDE: made.created_by}
    policy, action = ports.policies.current, Action.DSAR_APPROVE
    if adopt and not is_second(tx, policy, principal, action, before, since=made.created_at):
        raise EditionSamePersonError
    if adopt:
        tx.execute(
            update(EDITION)
            .where(EDITION.c.template == made.template.value, EDITION.c.lang == made.lang.value)
            .where(EDITION.c.state == ADOPTED)
            .values(state=ENDED)
        )
    state = ADOPTED if adopt else ENDED
    still = update(EDITION).where(EDITION.c.id == wanted, EDITION.c.state == PROPOSED)
    done = tx.execute(still.values(state=state, decided_at=at, decided_by=principal.id))
    if done.rowcount != 1:
        raise EditionUnknownError
    _note(tx, ports, principal, made, state, at=at)
    return made


def _note(
    tx: Connection, ports: Ports, principal: Principal, made: Edition, what: str, *, at: datetime
) -> None:
    ports.audit.append(
        tx,
        EventDraft(
            action=EventCode.LETTER_TEMPLATE_CHANGED,
            occurred_at=at,
            actor=principal.id,
            actor_os=principal.os_user,
            object_type="letter_template",
            object_id=made.id,
            outcome=Outcome.DONE,
            reasons=(what, made.template.value, made.lang.value, f"edition.{made.number}"),
        ),
    )


def _edition(row: Row[Any]) -> Edition:
    return Edition(
        id=RowId(row.id),
        template=Template(row.template),
        lang=Lang(row.lang),
        number=row.number,
        source=Source(title=row.title, body=row.body),
        state=row.state,
        created_at=row.created_at,
        created_by=ActorId(row.created_by),
        decided_at=row.decided_at,
        decided_by=ActorId(row.decided_by) if row.decided_by else None,
    )
