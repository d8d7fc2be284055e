"""Codes and fields of an event in words for people."""

from dsar.gaps import Gap, GapKind
from governance.console.log_members import counts_in_words, refs_in_words
from governance.console.log_words import fields_in_short, fields_in_words, reasons_in_words
from governance.core.terms import Lang
from governance.customers.catalogue import catalogue


def test_fields_of_several_tables_stand_under_the_name_of_their_table() -> None:
    assert fields_in_words("person.name,person.address", Lang.JA) == "氏名、住所"
    told = fields_in_words("person.name,purchase.store,person.address", Lang.JA)
    assert told == "顧客：氏名、住所。　購買：店舗。"


def test_a_line_counts_many_fields_and_names_no_code() -> None:
    told = fields_in_short(",".join(catalogue().fields), Lang.JA)
    assert "購買の" in told
    assert "氏名" not in told
    assert not any(f"{table}." in told for table in catalogue().tables)
    assert fields_in_short("person.name,gone.field", Lang.EN) == "gone: gone.field; Customer: Name"


def test_steps_of_a_request_are_told_in_its_words_and_other_codes_stay() -> None:
    decided = reasons_in_words("partial,appi_33_2", Lang.JA, action="request.decided")
    assert decided == "一部に応じる, 個人情報保護法33条2項本文（開示する）"
    assert reasons_in_words("respond", Lang.JA, action="request.changed") == "回答"
    for gap in (Gap(kind=GapKind.TRANSFER_BASIS, about="V007"), Gap(kind=GapKind.MEASURES)):
        told = reasons_in_words(f"missing.{gap.code}", Lang.JA, action="request.packaged")
        assert told == gap.sentence[Lang.JA]
    assert reasons_in_words("respond,shipped", Lang.JA, action="policy.applied") == (
        "respond, shipped"
    )


def test_counts_and_references_are_told_in_words_and_unknown_ones_stay() -> None:
    told = counts_in_words("accounts=1300,staled.mail_marketing=2,new_one=3", Lang.JA)
    assert told == "アカウント 1,300、同意の取り直し（mail_marketing） 2、new_one 3"
    refused = counts_in_words("persons=4,denied.actor.no_rule=1", Lang.EN)
    assert refused.startswith("persons 4, ")
    assert "denied." not in refused
    assert refs_in_words("approval:a-1,signed,later:b", Lang.JA) == "承認 a-1、署名した、later b"
    assert counts_in_words(None, Lang.EN) == refs_in_words("", Lang.EN) == ""
