"""A whole installation for tests: both databases, keys, journal, log; a clock that stands."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, select

from audit.models import EVENTS
from governance.app.wiring import Wiring
from governance.core.ids import new_subject_id
from governance.core.settings import Settings
from governance.core.terms import ActorId, Lang, Law, PurposeId, RowId, SubjectId
from governance.customers.ports import Ports
from governance.customers.store import TABLES, NewSubject, add_subjects
from governance.customers.subjects import AgeBand, SubjectKind
from governance.db.engine import Database, sqlite_url
from governance.db.migrate import upgrade
from governance.gateway.intake.service import take_in
from governance.gateway.intake.types import ImportOutcome, ImportRequest
from governance.http.principal import Principal, PrincipalKind
from governance.pii.types import Span

AT = datetime(2026, 10, 1, 3, 0, tzinfo=UTC)
REGISTER = (
    "顧客ID", "氏名", "フリガナ", "性別", "生年月日", "住所", "携帯番号", "メールアドレス",
    "会員状態", "連絡の可否", "登録日", "取得元", "移転元", "保全", "備考",
)  # fmt: skip
CONSENTS = (
    "同意ID", "顧客ID", "日時", "目的コード", "操作", "通知版", "取得方法", "証跡ID", "代理人",
    "備考",
)  # fmt: skip


def nothing_found(texts: Sequence[str], _lang: Lang) -> tuple[tuple[Span, ...], ...]:
    """An analysis port that finds nothing; the real one is tested where it matters."""
    return tuple(() for _ in texts)


@cache
def empty_tables() -> bytes:
    """The file of a SQLite database with today's schema and no row, made once a process."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        made = Database.open(sqlite_url(path))
        upgrade(made)
        made.close()
        return path.read_bytes()


def create(folder: Path, *, url: str | None = None, keys_url: str | None = None) -> Wiring:
    """A fresh installation whose analysis port finds nothing and whose clock stands at AT."""
    settings = Settings(data_dir=folder / "data", database_url=url, keys_url=keys_url)
    if url is None and not (path := settings.data_dir / "sekisho.db").exists():
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(empty_tables())
    wiring = Wiring.create(settings, clock=lambda: AT)
    return with_ports(wiring, replace(wiring.ports, analyse=nothing_found))


def with_ports(wiring: Wiring, ports: Ports) -> Wiring:
    """The same installation with other ports."""
    return replace(wiring, ports=ports)


def staff(role: str, *, name: str = "taro") -> Principal:
    """An employee with one role."""
    return Principal(
        id=ActorId(f"u:{name}"), kind=PrincipalKind.STAFF, roles=frozenset({role}), lang=Lang.JA
    )


def system(role: str, *purposes: str) -> Principal:
    """Another system with the purposes that it was granted."""
    return Principal(
        id=ActorId(f"svc:{role}"),
        kind=PrincipalKind.SYSTEM,
        roles=frozenset({role}),
        purposes=frozenset(PurposeId(name) for name in purposes),
    )


MANAGER, OFFICER = staff("data_manager"), staff("privacy_officer")


def add_person(
    wiring: Wiring,
    *,
    laws: Iterable[Law] = (Law.APPI,),
    band: AgeBand = AgeBand.ADULT,
    guardian: bool = False,
) -> SubjectId:
    """A person without a register row."""
    subject = new_subject_id()
    person = NewSubject(
        id=subject,
        kind=SubjectKind.CUSTOMER,
        laws=dict.fromkeys(laws, "test"),
        age_band=band,
        guardian_verified=guardian,
    )
    wiring.database.write(lambda tx: add_subjects(tx, [person], at=AT))
    return subject


def register(rows: Iterable[Mapping[str, str]], *, headers: Sequence[str] = REGISTER) -> str:
    """A register file as text; columns that a row does not name stay empty."""
    out = StringIO()
    writer = csv.DictWriter(out, headers, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def customer(number: int, **columns: str) -> dict[str, str]:
    """One invented customer (架空) of a register file."""
    return {
        "顧客ID": f"C{number:06d}",
        "氏名": f"架空　花子{'一二三四五六七八九十'[number % 10]}",
        "フリガナ": "カクウ ハナコ",
        "携帯番号": f"090-0000-{number:04d}",
        "メールアドレス": f"person{number}@example.com",
        "会員状態": "有効",
        "登録日": "2020/04/01",
        "取得元": "店頭",
        "住所": "東京都千代田区丸の内1-1",
    } | columns


def write_file(folder: Path, content: str, *, name: str = "customers.csv") -> Path:
    """The text as a UTF-8 file."""
    path = folder / name
    path.write_bytes(content.encode("utf-8"))
    return path


def import_file(
    wiring: Wiring, path: Path, *, principal: Principal = MANAGER, at: datetime = AT
) -> ImportOutcome:
    """What became of the file."""
    return take_in(wiring.ports, principal, ImportRequest(path=path), at=at)


def subjects(wiring: Wiring) -> tuple[SubjectId, ...]:
    """Persons with a register row, in the order of their rows."""
    person = TABLES["person"]
    with wiring.database.read() as tx:
        rows = tx.execute(select(person.c.subject_id).order_by(person.c.source_row)).scalars()
        return tuple(SubjectId(row) for row in rows)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One audit event as it is stored."""

    id: RowId
    action: str
    outcome: str
    reasons: str | None
    subject: str | None
    object_id: str
    fields: str | None
    counts: str | None


def events(tx: Connection, action: str) -> tuple[Stored, ...]:
    """Audit events of one kind in their order."""
    rows = tx.execute(select(EVENTS).where(EVENTS.c.action == action).order_by(EVENTS.c.id))
    return tuple(
        Stored(
            id=RowId(row.id),
            action=row.action,
            outcome=row.outcome,
            reasons=row.reasons,
            subject=row.subject,
            object_id=row.object_id,
            fields=row.fields,
            counts=row.counts,
        )
        for row in rows
    )


def data_bytes(wiring: Wiring) -> bytes:
    """Every byte of every file of the installation, the write-ahead logs included."""
    folder: Path = wiring.settings.data_dir
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


Make = Callable[..., Wiring]
