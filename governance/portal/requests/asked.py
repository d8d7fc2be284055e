"""One question of the form as facts for its page: words, options, answers, mistakes."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from dsar.intake.rules import (
    CHOICES,
    Answers,
    Question,
    answer_faults,
    questions,
    rights_at,
    scope_of,
    words_asked,
)
from dsar.intake.types import Scope, StopGround
from dsar.portability import medium
from dsar.types import Requester, RequestKind
from governance.core.terms import Lang
from governance.i18n.catalogue import text
from governance.ui.parts import Choice, Mistake, Term

AUTOCOMPLETE = {"name": "name", "email": "email", "phone": "tel"}  # WCAG 1.3.5
TYPES = {"email": "email", "phone": "tel"}
CONTACTS = frozenset(TYPES)
ITEMS = {
    Question.AGENT: ("agent_name",),
    Question.PERSON: ("name", "email", "phone", "customer_number"),
}
DECIDING = frozenset({Question.RIGHT, Question.WHO})  # their answers add pages
MUST = frozenset({"name", "agent_name"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One text that is asked for."""

    name: str
    label: str
    hint: str
    type: str
    autocomplete: str
    needed: bool
    value: str = field(repr=False)
    mistake: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One box."""

    name: str
    label: str
    hint: str
    checked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A page of the form."""

    question: Question
    title: str
    lead: str
    place: int
    of: int | None  # of how many; None while an answer can still change it
    back: str  # the page before; empty on the first
    name: str = ""
    options: tuple[Choice, ...] = ()
    value: str = field(default="", repr=False)
    ticks: tuple[Tick, ...] = ()
    words: str = field(default="", repr=False)
    words_needed: bool = False
    words_hint: str = ""
    items: tuple[Item, ...] = ()
    said: tuple[Term, ...] = ()
    wrong: str = ""
    words_wrong: str = ""
    mistakes: tuple[Mistake, ...] = ()


def asked(wanted: Question, answers: Answers, lang: Lang, *, known: bool, wrong: bool) -> Asked:
    """The page of this question, with its mistakes once it was sent."""
    pages = questions(answers, known=known)
    place = pages.index(wanted) if wanted in pages else 0
    faults = dict(answer_faults(wanted, answers)) if wrong else {}
    sentences = {name: text(f"dsar.fault.{code}", lang) for name, code in faults.items()}
    name = _choice_name(wanted)
    return Asked(
        question=wanted,
        title=text(f"portal.request.q.{wanted}", lang),
        lead=text(f"portal.request.lead.{wanted}", lang),
        place=place + 1,
        of=len(pages) if DECIDING.isdisjoint(pages[place:]) else None,
        back=pages[place - 1] if place else "",
        name=name,
        options=_options(wanted, answers, lang),
        value=answers.get(name, ""),
        ticks=_ticks(answers, lang) if wanted is Question.DATA else (),
        words=answers.get("words", ""),
        words_needed=words_asked(answers),
        words_hint=text(_words_hint(answers), lang),
        items=tuple(_item(one, answers, lang, sentences) for one in ITEMS.get(wanted, ())),
        said=_said(pages, answers, lang) if wanted is Question.CHECK else (),
        wrong=sentences.get(name or "scope", ""),
        words_wrong=sentences.get("words", ""),
        mistakes=tuple(
            Mistake(field_id=_field_id(one), sentence=f"{_label(one, lang)}: {sentence}")
            for one, sentence in sentences.items()
        ),
    )


def _choice_name(wanted: Question) -> str:
    if wanted in CHOICES:
        return CHOICES[wanted][0]
    return "right" if wanted is Question.RIGHT else ""


def _field_id(name: str) -> str:
    return f"scope_{Scope.EVERYTHING}" if name == "scope" else name


def _label(name: str, lang: Lang) -> str:
    return text(f"portal.request.item.{name}", lang)


def _options(wanted: Question, answers: Answers, lang: Lang) -> tuple[Choice, ...]:
    if wanted is Question.RIGHT:
        values: Iterable[str] = rights_at(answers.get("home", ""))
    elif wanted in CHOICES:
        values = CHOICES[wanted][1]
    else:
        return ()
    name = _choice_name(wanted)
    return tuple(
        Choice(
            value=str(value),
            label=_option(name, value, answers, lang),
            hint=text(f"portal.request.{name}.{value}.hint{_variant(name, value, answers)}", lang),
        )
        for value in values
    )


def _option(name: str, value: object, answers: Answers, lang: Lang) -> str:
    return text(f"portal.request.{name}.{value}{_variant(name, value, answers)}", lang)


def _variant(name: str, value: object, answers: Answers) -> str:
    """The option in the words of the right that was chosen."""
    kind = answers.get("right", "")
    if name == "delivery":
        return medium(kind, str(value))
    handed = kind == RequestKind.PROVISION_STOP and value == StopGround.BREACH
    return ".provision_stop" if name == "ground" and handed else ""


def _ticks(answers: Answers, lang: Lang) -> tuple[Tick, ...]:
    chosen = scope_of(answers.get("scope", ""))
    return tuple(
        Tick(
            name=f"scope_{scope}",
            label=text(f"portal.request.scope.{scope}", lang),
            hint=text(f"portal.request.scope.{scope}.hint", lang),
            checked=scope in chosen,
        )
        for scope in Scope
    )


def _words_hint(answers: Answers) -> str:
    objects = answers.get("right") == RequestKind.OBJECTION
    return f"portal.request.item.words.hint{'.objection' if objects else ''}"


def _whose(name: str, answers: Answers) -> str:
    """An agent is told that a contact is the other person's: a code that goes there proves them."""
    agent = answers.get("who", Requester.SELF) != Requester.SELF
    return ".agent" if agent and name in CONTACTS else ""


def _item(name: str, answers: Answers, lang: Lang, sentences: dict[str, str]) -> Item:
    return Item(
        name=name,
        label=_label(name, lang),
        hint=text(f"portal.request.item.{name}.hint{_whose(name, answers)}", lang),
        type=TYPES.get(name, "text"),
        autocomplete=AUTOCOMPLETE.get(name, "off"),
        needed=name in MUST,
        value=answers.get(name, ""),
        mistake=sentences.get(name, ""),
    )


def _said(pages: Iterable[Question], answers: Answers, lang: Lang) -> tuple[Term, ...]:
    """What was answered, each with the way to change it."""
    found = []
    for page in pages:
        name = _choice_name(page)
        if name:
            said = _option(name, answers[name], answers, lang)
        elif page is Question.DATA:
            said = _data(answers, lang)
        elif page in ITEMS:
            said = " / ".join(answers[one] for one in ITEMS[page] if answers.get(one))
        else:
            continue
        found.append(
            Term(
                term=text(f"portal.request.said.{page}", lang),
                text=said,
                href=f"/portal/requests/new/{page}?then=check",
                note=text("portal.request.change", lang),
            )
        )
    return tuple(found)


def _data(answers: Answers, lang: Lang) -> str:
    between = "、" if lang is Lang.JA else ", "
    chosen = scope_of(answers.get("scope", ""))
    said = between.join(text(f"portal.request.scope.{scope}", lang) for scope in chosen)
    words = answers.get("words", "").strip()
    return f"{said}\n{words}" if words else said
