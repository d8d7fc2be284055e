"""A receipt in the words of one language: the page and the PDF say exactly this."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from consent.receipts.content import basis_words
from consent.types import EVERY, GRANTS
from governance.core.terms import Lang
from governance.documents.papers import Entry, Paper, Part
from governance.i18n.catalogue import text
from governance.i18n.countries import country_name
from governance.i18n.formats import moment
from policies.purposes import HOME

ACTS: Final = frozenset(
    {
        *("unticked_box", "answered_question", "switch", "signature", "spoken"),
        *("card_handed", "double_opt_in"),
    }
)
GIVEN: Final = frozenset(kind.value for kind in GRANTS)


def receipt_paper(content: Mapping[str, Any], lang: Lang) -> Paper:
    """The receipt as a paper."""
    choice, purpose = content["choice"], content["purpose"]
    kind = choice["kind"]
    everything = text("portal.receipts.every", lang)
    named = everything if purpose["id"] == EVERY else purpose.get(lang.value, purpose["id"])
    return Paper(
        title=_said(lang, f"title.{kind}"),
        sender=content["controller"][lang.value],
        number=content["receipt"],
        lead=(_said(lang, f"said.{kind}", purpose=named),),
        parts=tuple(_parts(content, lang)),
    )


def spoken(at: str, lang: Lang) -> str:
    """A moment of the content in Japanese time, in words."""
    return _said(lang, "moment", at=moment(datetime.fromisoformat(at), lang))


def _said(lang: Lang, key: str, **params: object) -> str:
    return text(f"consent.receipt.{key}", lang, **params)


def _parts(content: Mapping[str, Any], lang: Lang) -> Iterator[Part]:
    yield Part(entries=tuple(_facts(content, lang)))
    if content["purpose"].get("categories"):
        yield Part(head=_said(lang, "purpose"), entries=tuple(_covered(content, lang)))
    if notice := content["notice"]:
        yield Part(
            head=_said(lang, "notice"),
            entries=tuple(_notice(notice, lang)),
            quoted=notice["text"] or "",
            quoted_lang=Lang(notice["lang"]),
        )
    if len(content["history"]) > 1:
        yield Part(head=_said(lang, "history"), items=tuple(_history(content, lang)))
    yield Part(head=_said(lang, "who"), entries=tuple(_who(content, lang)))
    yield Part(
        head=_said(lang, "proof"),
        paragraphs=(_said(lang, "proof_text"),),
        command=f"python3 verifier.pyz receipt.statement --key <{content['controller']['log']}>",
    )


def _notice(notice: Mapping[str, Any], lang: Lang) -> Iterator[Entry]:
    """Which version was shown, by the title that its text begins with; by its number without."""
    title = (notice["text"] or "").partition("\n")[0].strip()
    named = _said(lang, "notice_named", title=title or notice["id"], version=notice["version"])
    yield Entry(term=_said(lang, "notice_version"), text=named, href=notice["url"])
    if digest := notice["sha256"]:
        yield Entry(term=_said(lang, "notice_hash"), text=digest, mono=True)


def _facts(content: Mapping[str, Any], lang: Lang) -> Iterator[Entry]:
    choice = content["choice"]
    channel, until = choice["channel"], choice["valid_until"]
    yield Entry(term=_said(lang, "number"), text=content["receipt"], mono=True)
    yield Entry(term=_said(lang, "when"), text=spoken(choice["at"], lang))
    yield Entry(term=_said(lang, "issued"), text=spoken(content["issued_at"], lang))
    yield Entry(term=_said(lang, "person"), text=content["person"], mono=True)
    every = _said(lang, "every_channel")
    known = every if channel == EVERY else text(f"policies.channel.{channel}", lang)
    yield Entry(term=_said(lang, "channel"), text=known)
    if choice["kind"] in GIVEN:
        ends = spoken(until, lang) if until else _said(lang, "until_withdrawn")
        yield Entry(term=_said(lang, "valid"), text=ends)
    yield Entry(term=_said(lang, "evidence"), text="\n".join(_evidence(choice, lang)))


def _evidence(choice: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    """How it was said: the grade, who acted, the act, the words beside it."""
    proof = choice["proof"] or {}
    yield text(f"consent.evidence.{choice['evidence']}", lang)
    if choice["guardian"]:
        yield _said(lang, "guardian")
    if action := proof.get("action"):
        yield text(f"consent.action.{action}", lang) if action in ACTS else action
    if shown := proof.get("shown"):
        yield f"{_said(lang, 'beside')} {shown}"


def _covered(content: Mapping[str, Any], lang: Lang) -> Iterator[Entry]:
    """What the purpose covers: data, recipients, the basis under each law."""
    purpose, comma = content["purpose"], _said(lang, "comma")
    data = comma.join(one[lang.value] for one in purpose["categories"])
    yield Entry(term=_said(lang, "data"), text=data)
    named = [_recipient(one, lang) for one in content["recipients"]] or [
        text(f"consent.recipient.{name.partition(':')[0]}", lang) for name in purpose["recipients"]
    ]
    yield Entry(term=_said(lang, "recipients"), text=comma.join(named))
    yield Entry(
        term=_said(lang, "basis"),
        text="\n".join(basis_words(purpose, law, lang) for law in purpose["basis"]),
    )


def _recipient(one: Mapping[str, Any], lang: Lang) -> str:
    if not one["country"] or one["country"] == HOME:
        return str(one["name"])
    country = country_name(one["country"], lang)
    return _said(lang, "recipient_abroad", name=one["name"], country=country)


def _history(content: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    for one in content["history"]:
        yield f"{spoken(one['at'], lang)} {text('consent.kind.' + one['kind'], lang)}"


def _who(content: Mapping[str, Any], lang: Lang) -> Iterator[Entry]:
    """Whom the person dealt with, and where to withdraw."""
    controller, name = content["controller"], lang.value
    company = (controller[name], controller["address"][name], controller["representative"][name])
    yield Entry(term=_said(lang, "controller"), text="\n".join(filter(None, company)))
    dpo = f"{_said(lang, 'dpo')} {controller['dpo']}" if controller["dpo"] else ""
    reach = (controller["contact"], controller["phone"], dpo)
    yield Entry(term=_said(lang, "contact"), text="\n".join(filter(None, reach)))
    yield Entry(term=_said(lang, "withdraw"), text=_said(lang, "withdraw_how"))
    where = content["how"]["withdraw"]
    yield Entry(term=_said(lang, "withdraw_where"), text=where, href=where)
