"""A preview tells how a file would be read, shows what may be seen, and takes nothing in."""

from pathlib import Path

import pytest

from governance.app.wiring import Wiring
from governance.core.errors import GovernanceError
from governance.customers import imports, store
from governance.customers.contents import Ground
from governance.customers.types import SourceKind
from governance.gateway.intake.preview import Preview, preview
from governance.gateway.intake.service import take_in
from governance.gateway.intake.types import ImportRefusedError, ImportRequest
from tests.installation import AT, MANAGER, customer, events, register, staff, write_file

MY_NUMBER = "123456789018"
ENCODINGS = ("cp932", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "euc_jp", "iso2022_jp")
ODD = ("か", "き", "く", "け", "こ", "さ")


def seen(wiring: Wiring, path: Path, **options: object) -> Preview:
    return preview(wiring.ports, MANAGER, ImportRequest(path=path, **options), at=AT)  # type: ignore[arg-type] # test options


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_encoding_is_told_with_its_likelihood(
    on_sqlite: Wiring, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(register([customer(n) for n in range(20)]).encode(encoding))
    found = seen(on_sqlite, path)
    told = found.as_json()
    assert str(told["encoding"]).replace("-le", "").replace("-sig", "") == encoding.replace(
        "-le", ""
    ).replace("-sig", "")
    assert float(str(told["confidence"])) > 0.6
    assert found.rows[0][1] == "架空　花子一"
    assert (found.kind, found.kind_sure, found.header_line) == (SourceKind.CUSTOMERS, True, 1)


def test_another_encoding_can_be_asked_for(on_sqlite: Wiring, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(register([customer(n) for n in range(20)]).encode("cp932"))
    assert seen(on_sqlite, path, encoding="cp932").as_json()["encoding"] == "cp932"
    with pytest.raises(GovernanceError):
        seen(on_sqlite, path, encoding="utf-8")


def test_unknown_headers_are_suggested_by_values_and_taken_when_accepted(
    on_sqlite: Wiring, tmp_path: Path
) -> None:
    rows = [
        {
            "か": f"山田　{sign}郎",
            "き": "ヤマダ タロウ",
            "く": f"a{n}@example.com",
            "け": f"090-1234-{n:04d}",
            "こ": "男",
            "さ": "昭和55年1月1日",
        }
        for n, sign in enumerate("一二三四五六七八九")
    ]
    path = write_file(tmp_path, register(rows, headers=ODD))
    found = {c.header: c for c in seen(on_sqlite, path, kind=SourceKind.CUSTOMERS).columns}
    assert {header: column.field for header, column in found.items()} == dict(
        zip(ODD, ("name", "kana", "email", "mobile", "sex", "birth_date"), strict=True)
    )
    assert {column.ground for column in found.values()} == {Ground.CONTENT}
    with pytest.raises(GovernanceError):
        take_in(
            on_sqlite.ports, MANAGER, ImportRequest(path=path, kind=SourceKind.CUSTOMERS), at=AT
        )
    request = ImportRequest(path=path, kind=SourceKind.CUSTOMERS, suggested=True)
    assert take_in(on_sqlite.ports, MANAGER, request, at=AT).counts.read == len(rows)
    with on_sqlite.database.read() as tx:
        assert all(row.sealed for row in store.records_after(tx, "person", after=None, limit=9))


def test_a_header_that_its_values_belie_is_doubted(on_sqlite: Wiring, tmp_path: Path) -> None:
    rows = [customer(n) | {"携帯番号": f"p{n}@example.com"} for n in range(20)]
    path = write_file(tmp_path, register(rows))
    found = {c.header: c for c in seen(on_sqlite, path).columns}
    assert (found["携帯番号"].ground, found["携帯番号"].confidence) == (Ground.DISAGREES, 0.5)
    assert found["メールアドレス"].ground is Ground.EXACT


def test_no_number_is_shown_and_a_column_of_them_never_suggested(
    on_sqlite: Wiring, tmp_path: Path
) -> None:
    rows = [customer(n) | {"謎": MY_NUMBER} for n in range(5)]
    path = write_file(tmp_path, register(rows, headers=tuple(rows[0])))
    found = seen(on_sqlite, path)
    assert MY_NUMBER not in str(found.as_json())
    assert {c.header: c.field for c in found.columns}["謎"] is None


def test_notes_are_shown_blacked_out_and_the_look_is_on_record(
    on_sqlite: Wiring, tmp_path: Path
) -> None:
    path = write_file(tmp_path, register([customer(1, 備考="鈴木さんから電話")]))
    seen(on_sqlite, path)
    with on_sqlite.database.read() as tx:
        assert imports.all_runs(tx) == ()
        assert store.count_rows(tx, "person") == 0
        (event,) = events(tx, "pii.scanned")
    assert event.object_id == "customers"


def test_only_who_may_take_in_sees_a_preview(on_sqlite: Wiring, tmp_path: Path) -> None:
    path = write_file(tmp_path, register([customer(1)]))
    with pytest.raises(ImportRefusedError):
        preview(on_sqlite.ports, staff("support"), ImportRequest(path=path), at=AT)


def test_delimiter_and_header_row_can_be_said(on_sqlite: Wiring, tmp_path: Path) -> None:
    lines = ["名簿;2026年;", "氏名;メールアドレス;登録日", "架空　花子;a@example.com;2024/01/01"]
    path = write_file(tmp_path, "\n".join(lines) + "\n")
    found = seen(on_sqlite, path, delimiter=";", header_row=2)
    assert [c.field for c in found.columns] == ["name", "email", "registered_on"]
    bare = seen(on_sqlite, path, delimiter=";", header_row=0, kind=SourceKind.CUSTOMERS)
    assert [c.header for c in bare.columns] == ["列1", "列2", "列3"]
    with pytest.raises(GovernanceError):
        seen(on_sqlite, path, delimiter=";", header_row=9)


def test_repeated_headers_are_told_apart(on_sqlite: Wiring, tmp_path: Path) -> None:
    path = write_file(
        tmp_path, "氏名,電話,電話,登録日\n架空　花子,03-1234-5678,090-1234-5678,2024/01/01\n"
    )
    found = [c.header for c in seen(on_sqlite, path).columns]
    assert found == ["氏名", "電話", "電話#2", "登録日"]
    request = ImportRequest(path=path, columns={"電話#2": "mobile"})
    assert take_in(on_sqlite.ports, MANAGER, request, at=AT).counts.stored == 1
