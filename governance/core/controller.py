"""The controller (個人情報取扱事業者) as persons are told of it: APPI 32(1), GDPR 13(1)."""

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from governance.core.terms import Lang


def described(default: Any, ja: str, en: str) -> Any:
    """A setting with what it means in both languages."""
    return Field(default=default, description=en, json_schema_extra={"ja": ja})


class Controller(BaseModel):
    """Who answers for the data, and how they are reached; part of the settings."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    company_ja: str = described(
        "架空商店株式会社", "事業者の名称。", "The controller's name, Japanese."
    )
    company_en: str = described(
        "Kakuu Shoten K.K.", "事業者の名称（英語）。", "The controller's name."
    )
    company_address_ja: str = described(
        "東京都架空区架空町1-2-3", "事業者の住所。", "The controller's address, Japanese."
    )
    company_address_en: str = described(
        "1-2-3 Kakuu-cho, Kakuu-ku, Tokyo, Japan",
        "事業者の住所（英語）。",
        "The controller's address.",
    )
    company_representative_ja: str = described(
        "代表取締役 架空 一郎",
        "代表者の氏名（法人の場合）。",
        "The controller's representative, Japanese.",
    )
    company_representative_en: str = described(
        "Ichiro Kakuu, President",
        "代表者の氏名（英語）。",
        "The controller's representative.",
    )
    contact_phone: str = described(
        "03-0000-0000", "個人情報の問い合わせ先の電話番号。", "Telephone for privacy matters."
    )
    security_contact: str | None = described(
        None,
        "脆弱性の連絡先（mailto: または https: のURI）。/.well-known/security.txt に示します。",
        "Whom to tell of a vulnerability (a mailto: or https: URI), for /.well-known/security.txt.",
    )
    dpo_contact: str | None = described(
        None,
        "データ保護責任者（DPO）の連絡先（GDPR 37条）。",
        "Contact of the data protection officer (GDPR 37).",
    )
    eu_representative: str | None = described(
        None,
        "EU域内の代理人の名称と連絡先（GDPR 27条）。",
        "Name and contact of the representative in the Union (GDPR 27).",
    )
    accredited_body_ja: str | None = described(
        None,
        "対象事業者となっている認定個人情報保護団体の名称と苦情の申出先。",
        "Accredited organisation that handles complaints, Japanese.",
    )
    accredited_body_en: str | None = described(
        None,
        "同（英語）。",
        "Accredited organisation that handles complaints, and its contact.",
    )
    automated_decisions_ja: str | None = described(
        None,
        "本人に法的効果などを及ぼす、自動化された意思決定（プロファイリングを含む、GDPR 22条）の"
        "有無と、ある場合の論理・重要性・結果。行わない場合は、その旨を書きます。",
        "Whether decisions with legal or similar effect are automated (GDPR 22), Japanese.",
    )
    automated_decisions_en: str | None = described(
        None,
        "同（英語）。省略すると、開示の回答を作る前に不足として示します。",
        "The same in English: that there are none, or their logic, significance and consequences "
        "(GDPR 15(1)(h)). Left out, it is told as missing before an answer is made.",
    )
    disclosure_fee: Annotated[int, Field(ge=0, le=100_000)] = described(
        0,
        "開示と利用目的の通知の手数料（円、法38条）。ほかの請求は無料です。",
        "Fee in yen for disclosure and for telling the purpose (APPI 38); others are free.",
    )
    contact_mail: str = described(
        "privacy@example.com", "個人情報の問い合わせ先。", "Contact for privacy matters."
    )

    dsar_policy_days: int = described(
        14,
        "開示等の社内目標日数。法の定めではありません（法32条以下は「遅滞なく」）。",
        "Internal target in days for APPI requests; the law says without delay.",
    )
    dsar_incomplete_days: Annotated[int, Field(ge=14, le=365)] = described(
        60,
        "本人確認・対象の特定・手数料の依頼にお答えがないまま、この日数を過ぎた請求は、理由を通知して"
        "終了します。請求はいつでもあらためて出せます。",
        "Days after which a request is closed with a notice when nobody answered the question for "
        "identity, for the data meant or for the fee; it can be filed anew at any time.",
    )

    def automated_decisions(self, lang: Lang) -> str | None:
        """What is told of automated decisions; None while nobody has said it."""
        return self.automated_decisions_ja if lang is Lang.JA else self.automated_decisions_en

    def company(self, lang: Lang) -> str:
        """The name."""
        return self.company_ja if lang is Lang.JA else self.company_en

    def address(self, lang: Lang) -> str:
        """Where it is."""
        return self.company_address_ja if lang is Lang.JA else self.company_address_en

    def representative(self, lang: Lang) -> str:
        """Who stands for it."""
        ja = lang is Lang.JA
        return self.company_representative_ja if ja else self.company_representative_en

    def accredited_body(self, lang: Lang) -> str | None:
        """Who else takes complaints; None when the controller belongs to no such body."""
        return self.accredited_body_ja if lang is Lang.JA else self.accredited_body_en
