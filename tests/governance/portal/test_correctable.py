"""What can be corrected is grouped by what it is, and nothing of it is left out."""

from dsar.execution.corrections import fields_to_correct
from governance.core.terms import Lang
from governance.portal.requests.correctable import correctable


def test_who_one_is_comes_first_and_what_is_not_held_last() -> None:
    groups = correctable({"person", "purchase"}, Lang.JA)
    labels = [group.label for group in groups]
    assert labels[:3] == ["氏名・生年月日など", "住所・連絡先", "そのほかの登録"]
    assert labels[-1] == "まだ登録のない情報（追加を求めるとき）"
    assert groups[0].fields[0].value == "person.name"
    held = [one.value for group in groups[:-1] for one in group.fields]
    assert {name.partition(".")[0] for name in held} == {"person", "purchase"}
    offered = [one.value for group in groups for one in group.fields]
    assert sorted(offered) == sorted(fields_to_correct()), "each once, and none is missing"


def test_every_table_that_is_held_has_its_heading() -> None:
    tables = {name.partition(".")[0] for name in fields_to_correct()}
    labels = [group.label for group in correctable(tables, Lang.EN)]
    assert len(labels) == len(set(labels)) == len(tables) + 2
    assert "Not yet on record (to ask for an addition)" not in labels
