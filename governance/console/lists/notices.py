"""The lists of notices: those in force, versions that wait, and collection points."""

from typing import Final

from sqlalchemy import Connection

from consent.collecting import store
from consent.collecting.types import KeptPoint
from governance.console.lists.cells import every, one_of, row, words, yes_no
from governance.console.lists.source import Asked, Source
from governance.console.notice_facts import NoticeLine, WaitingLine, lines_in_force, lines_waiting
from governance.i18n.catalogue import text
from governance.ui.lists.types import Cell, Found, Kind, ListColumn, ListOf, Row
from policies.actions import Action

HOME: Final = "/console/notices"
POINTS_HOME: Final = "/console/collect"
IN_FORCE: Final = ListOf(
    id="notices",
    path=HOME,
    title="console.notices.in_force",
    none="console.notices.none",
    columns=(
        ListColumn(key="title", label="console.notices.name", kind=Kind.NAME),
        ListColumn(key="version", label="console.notices.version"),
        ListColumn(key="on", label="console.notices.since", kind=Kind.DAY, filters=True),
        ListColumn(key="change", label="console.notices.change", kind=Kind.CHOICE, filters=True),
        ListColumn(key="purposes", label="console.notices.purposes"),
    ),
)
WAITING: Final = ListOf(
    id="notice-drafts",
    path=HOME,
    title="console.notices.waiting",
    prefix="draft-",
    none="console.notices.nothing_waits",
    none_text="console.notices.nothing_waits_text",
    columns=(
        ListColumn(key="title", label="console.notices.name", kind=Kind.NAME),
        ListColumn(key="version", label="console.notices.version"),
        ListColumn(key="state", label="console.notices.state", kind=Kind.CHOICE, filters=True),
        ListColumn(key="on", label="console.notices.from", kind=Kind.DAY, filters=True),
        ListColumn(key="change", label="console.notices.change", kind=Kind.CHOICE, filters=True),
    ),
)
POINTS_LIST: Final = ListOf(
    id="points",
    path=POINTS_HOME,
    title="console.points.all",
    none="console.points.none",
    none_text="console.points.none_text",
    columns=(
        ListColumn(key="title", label="console.points.name", kind=Kind.NAME),
        ListColumn(key="version", label="console.points.version", kind=Kind.NUMBER),
        ListColumn(key="kind", label="console.points.kind", kind=Kind.CHOICE, filters=True),
        ListColumn(key="state", label="console.points.state", kind=Kind.CHOICE, filters=True),
        ListColumn(
            key="collected", label="console.points.collected", kind=Kind.NUMBER, filters=True
        ),
        ListColumn(key="declared", label="console.points.declared", kind=Kind.MOMENT, filters=True),
    ),
)


def _in_force(tx: Connection, asked: Asked) -> Found:
    return every(
        _notice(one, asked) for one in lines_in_force(tx, asked.wiring.policies.current, asked.lang)
    )


def _notice(one: NoticeLine, asked: Asked) -> Row:
    return row(
        one.notice,
        title=Cell(value=one.title or one.notice, href=f"{HOME}/{one.notice}"),
        version=words(one.version),
        on=Cell(value=one.on),
        change=one_of("console.notices.class.", one.change, asked.lang),
        purposes=words(one.purposes),
    )


def _waiting(tx: Connection, asked: Asked) -> Found:
    return every(_draft(one, asked) for one in lines_waiting(tx, asked.lang, at=asked.at))


def _draft(one: WaitingLine, asked: Asked) -> Row:
    state = "asked" if one.asked else one.state
    tone = "attention" if one.asked else "plain"
    return row(
        f"{one.notice}:{one.version}",
        title=Cell(value=one.title, href=f"{HOME}/{one.notice}/versions/{one.version}"),
        version=words(one.version),
        state=one_of("console.notices.state.", state, asked.lang, tone=tone),
        on=Cell(value=one.on),
        change=one_of("console.notices.class.", one.change, asked.lang),
    )


def _points(tx: Connection, asked: Asked) -> Found:
    found, counts = store.every(tx), store.counts(tx)
    ordered = sorted(found, key=lambda one: (one.point.id, -one.point.version))
    return every(
        _point(one, counts.get((one.point.id, one.point.version), 0), asked) for one in ordered
    )


def _point(one: KeptPoint, collected: int, asked: Asked) -> Row:
    point, lang = one.point, asked.lang
    return row(
        f"{point.id}:{point.version}",
        title=Cell(value=point.title[lang], href=f"{POINTS_HOME}/{point.id}"),
        version=Cell(value=point.version),
        kind=one_of("cli.collect.kind.", point.kind.value, lang),
        state=yes_no(
            holds=one.is_open(on=asked.today),
            yes=text("console.points.open", lang),
            no=text("console.points.closed", lang),
            tone="good",
        ),
        collected=Cell(value=collected),
        declared=Cell(value=one.declared_at),
    )


READERS: Final = (Action.NOTICE_READ,)
NOTICES: Final = Source(declared=IN_FORCE, any_of=READERS, rows=_in_force)
DRAFTS: Final = Source(declared=WAITING, any_of=READERS, rows=_waiting)
POINTS: Final = Source(declared=POINTS_LIST, any_of=READERS, rows=_points)
