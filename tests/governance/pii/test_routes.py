"""Beside an arrow: places of a way are no persons, and those who hand something on are."""

import pytest

from governance.pii.routes import on_route

WAYS = [
    "新横浜→【小田原】→三島の順で納品",
    "【岡山】→福山→広島で、宿は広島駅前",
    "積込順：【唐津】→伊万里→佐世保 帰り荷 空",
    "西宮→【尼崎】→大阪南港、積み替え",
    "定休日 水→【金】",
    "中央→東→【西】→南の順で巡る",
]
HANDS = [
    "【飯塚】→金丸→飯塚（戻し）",
    "回覧順 一色→【二宮】→三枝→四方→管理人室",
    "【森山】→石井 交代",
    "シフト 【福島】→千葉→宮城",
    "小林さん→【福島】さん",
    "【福島】へ転送",
]


def place(line: str) -> tuple[str, int, int]:
    before, _, rest = line.partition("【")
    surface, _, after = rest.partition("】")
    return before + surface + after, len(before), len(before) + len(surface)


@pytest.mark.parametrize("line", WAYS)
def test_word_in_a_chain_of_places_is_on_a_route(line: str) -> None:
    assert on_route(*place(line))


@pytest.mark.parametrize("line", HANDS)
def test_word_in_a_chain_of_persons_is_not_on_a_route(line: str) -> None:
    assert not on_route(*place(line))


def test_a_long_chain_is_looked_at_within_its_reach() -> None:
    """What lies far off decides nothing, so that a look never reads the whole text."""
    near = "→".join(["山田"] * 2_000)
    far = "→".join(["山田"] * 60_000)
    assert [on_route(near, at, at + 2) for at in range(0, 3_000, 3)] == [
        on_route(far, at, at + 2) for at in range(0, 3_000, 3)
    ]
