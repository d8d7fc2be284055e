"""How much of a Japanese address stands for a prefecture and for a municipality."""

import re

PREFECTURES = (
    "北海道|青森県|岩手県|宮城県|秋田県|山形県|福島県|茨城県|栃木県|群馬県|埼玉県|千葉県|東京都|"
    "神奈川県|新潟県|富山県|石川県|福井県|山梨県|長野県|岐阜県|静岡県|愛知県|三重県|滋賀県|京都府|"
    "大阪府|兵庫県|奈良県|和歌山県|鳥取県|島根県|岡山県|広島県|山口県|徳島県|香川県|愛媛県|高知県|"
    "福岡県|佐賀県|長崎県|熊本県|大分県|宮崎県|鹿児島県|沖縄県"
)
# 政令指定都市: the cities whose wards are part of the municipality's name in daily use
_CITIES_WITH_WARDS = (
    "札幌|仙台|さいたま|千葉|横浜|川崎|相模原|新潟|静岡|浜松|名古屋|京都|大阪|堺|神戸|岡山|広島|"
    "北九州|福岡|熊本"
)
_PREFECTURE = re.compile(rf"\s*({PREFECTURES})")
_MUNICIPALITY = re.compile(
    rf"(?:{_CITIES_WITH_WARDS})市[^\s\d市町村区]{{1,3}}区"
    r"|[^\s\d市区町村]{1,3}区"
    r"|[^\s\d市区郡]{1,4}郡[^\s\d市]{1,6}?[町村]"
    r"|[^\s\d]{1,7}?市(?!市)"
    r"|[^\s\d市]{1,6}?[町村]"
)


def prefecture_of(address: str) -> str | None:
    """The prefecture that the address begins with, or None."""
    found = _PREFECTURE.match(address)
    return found.group(1) if found else None


def municipality_of(address: str) -> str | None:
    """Prefecture and municipality that the address begins with, or None without a prefecture."""
    found = _PREFECTURE.match(address)
    if found is None:
        return None
    town = _MUNICIPALITY.match(address, found.end())
    return found.group(1) + (town.group() if town else "")
