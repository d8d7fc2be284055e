"""Invented facts that the living style page shows; all persons and companies are fictional."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial

from governance.core.terms import Lang, Treatment
from governance.i18n.catalogue import text
from governance.ui.parts import (
    Certificate,
    ChainVerdict,
    Choice,
    ClockDay,
    Column,
    Crumb,
    Figure,
    Gate,
    Gates,
    GateState,
    LawClock,
    Link,
    Mistake,
    NavGroup,
    NavItem,
    Occurrence,
    Pager,
    ProofPath,
    Row,
    Signature,
    Sorted,
    Step,
    StepState,
    Term,
    Tone,
    TreatedField,
)

NOW = datetime(2026, 11, 24, 0, 12, tzinfo=UTC)  # 9:12 in Tokyo
HERE = "#"  # links of the style page lead nowhere else
Say = Callable[[str], str]
Builder = Callable[[Say], dict[str, object]]


def navigation() -> tuple[NavGroup, ...]:
    """A menu of the console's shape."""
    groups = (
        ("daily", (("overview", None), ("requests", 12), ("persons", None), ("consents", None))),
        ("control", (("policies", 1), ("retention", 1))),
        ("evidence", (("audit", 2), ("reports", None))),
    )
    return tuple(
        NavGroup(
            label=f"ui.sample.nav.{group}",
            items=tuple(
                NavItem(
                    href="/console/style" if name == "overview" else f"/console/style/{name}",
                    label=f"ui.sample.nav.{name}",
                    count=count,
                )
                for name, count in entries
            ),
        )
        for group, entries in groups
    )


def _place(say: Say) -> dict[str, object]:
    figures = (
        ("today", 3, Tone.PLAIN),
        ("overdue", 1, Tone.REFUSED),
        ("week", 9, Tone.PLAIN),
        ("unassigned", 2, Tone.PLAIN),
        ("failed", 1, Tone.REFUSED),
        ("approval", 2, Tone.PLAIN),
    )
    return {
        "way": (Crumb(label=say("nav.requests"), href=HERE), Crumb(label="R-2026-0412")),
        "figures": tuple(
            Figure(
                label=say(f"figure.{name}"),
                count=count,
                href=HERE,
                unit=say("figure.unit"),
                note=say(f"figure.{name}_note"),
                tone=tone,
            )
            for name, count, tone in figures
        ),
        "link": Link(label=say("link"), href=HERE),
    }


def _form(say: Say) -> dict[str, object]:
    return {
        "mistakes": (
            Mistake(field_id="address-wrong-field", sentence=say("form.address_wrong")),
            Mistake(field_id="born-wrong", sentence=say("form.born_wrong")),
        ),
        "options": tuple(
            Choice(value=name, label=say(f"form.option_{name}")) for name in ("all", "part", "none")
        ),
        "hinted": tuple(
            Choice(value=name, label=say(f"form.option_{name}"), hint=say(f"form.hint_{name}"))
            for name in ("all", "part", "none")
        ),
    }


def _table(say: Say) -> dict[str, object]:
    rows: tuple[Row, ...] = tuple(
        {
            "key": f"R-2026-0{number}",
            "id": f"R-2026-0{number}",
            "kind": say(f"table.kind_{kind}"),
            "due": date(2026, 11, day),
            "left": say(f"table.left_{tone}"),
            "tone": tone,
            "items": items,
        }
        for number, kind, day, tone, items in (
            (418, "correct", 22, "refused", 18),
            (409, "erase", 24, "attention", 412),
            (412, "access", 27, "plain", 1456),
        )
    )
    return {
        "columns": (
            Column(key="id", label=say("table.id")),
            Column(key="kind", label=say("table.kind"), sort_href=HERE),
            Column(key="due", label=say("table.due"), sort_href=HERE, sorted=Sorted.ASCENDING),
            Column(key="left", label=say("table.left")),
            Column(key="items", label=say("table.items"), number=True),
        ),
        "rows": rows,
        "pager": Pager(first=21, last=23, total=1204, previous_href=HERE, next_href=HERE),
    }


def _fields(say: Say) -> dict[str, object]:
    return {
        "treated": tuple(
            TreatedField(
                label=say(f"field.{name}"),
                value=say(f"field.{name}_value") if kind is not Treatment.WITHHELD else "",
                treatment=kind,
                extent=say(f"field.{name}_extent") if kind is Treatment.MASKED else "",
                reason=say(f"field.{name}_reason"),
            )
            for name, kind in (
                ("name", Treatment.CLEAR),
                ("phone", Treatment.MASKED),
                ("address", Treatment.MASKED),
                ("health", Treatment.WITHHELD),
            )
        ),
        "terms": tuple(
            Term(term=say(f"term.{name}"), text=say(f"term.{name}_text"), note=say("term.note"))
            for name in ("laws", "objection")
        ),
    }


def _steps(say: Say) -> dict[str, object]:
    states = (
        ("received", StepState.DONE),
        ("identity", StepState.DONE),
        ("collect", StepState.HERE),
        ("decide", StepState.AHEAD),
        ("deliver", StepState.AHEAD),
    )
    steps = tuple(
        Step(name=say(f"step.{name}"), state=state, note=say(f"step.{name}_note"))
        for name, state in states
    )
    stopped = (*steps[:2], Step(name=say("step.stopped"), state=StepState.STOPPED), *steps[3:])

    return {"steps": steps, "stopped_steps": stopped, "clocks": _clocks(say)}


def _gates(say: Say) -> dict[str, object]:
    def gate(name: str, state: GateState) -> Gate:
        return Gate(state=state, reason=say(f"gate.{name}_{state.value}"))

    passed = gate("actor", GateState.PASSED)
    purpose = gate("purpose", GateState.PASSED)
    return {
        "open_road": Gates(
            actor=passed, purpose=purpose, subject=gate("subject", GateState.PASSED)
        ),
        "refused_road": Gates(
            actor=passed, purpose=purpose, subject=gate("subject", GateState.STOPPED)
        ),
        "early_road": Gates(
            actor=passed,
            purpose=gate("purpose", GateState.STOPPED),
            subject=gate("subject", GateState.UNASKED),
        ),
        "unavailable_road": Gates(
            actor=passed, purpose=purpose, subject=gate("subject", GateState.UNAVAILABLE)
        ),
    }


def _events(say: Say) -> dict[str, object]:
    return {
        "occurrences": tuple(
            Occurrence(
                at=NOW - timedelta(days=days),
                kind=say(f"event.{name}"),
                sentence=say(f"event.{name}_text"),
                record=Link(label=f"A-{1285219 - days}", href=HERE),
                tone=tone,
            )
            for name, days, tone in (
                ("use", 0, Tone.PLAIN),
                ("refusal", 4, Tone.REFUSED),
                ("hold", 120, Tone.HOLD),
            )
        ),
    }


def _clocks(say: Say) -> tuple[LawClock, ...]:
    calculation = Link(label=say("clock.calculation"), href=HERE)
    work = ClockDay(label=say("clock.work"), day=date(2026, 11, 27), left=say("clock.left3"))
    legal = ClockDay(label=say("clock.legal"), day=date(2026, 11, 30), left=say("clock.left6"))
    target = ClockDay(label=say("clock.target"), day=date(2026, 11, 27), left=say("clock.left3"))
    prompt = ClockDay(
        label=say("clock.legal"), words=say("clock.prompt"), left=say("clock.no_days")
    )
    return (
        LawClock(
            law=say("clock.gdpr"),
            context=say("clock.gdpr_context"),
            days=(work, legal),
            why=say("clock.gdpr_why"),
            calculation=calculation,
        ),
        LawClock(
            law=say("clock.appi"),
            context=say("clock.appi_context"),
            days=(target, prompt),
            why=say("clock.appi_why"),
            calculation=calculation,
        ),
    )


def _verdicts(witness: str) -> tuple[ChainVerdict, ...]:
    verdicts = (
        "verified_witnessed",
        "verified_self_signed",
        "unpinned",
        "incomplete",
        "tampered",
        "unreadable",
    )
    broken = {"incomplete", "tampered"}
    return tuple(
        ChainVerdict(
            verdict=verdict,
            size=1_284_907,
            checked_at=None if verdict == "unreadable" else NOW - timedelta(hours=3),
            witness=witness,
            witnessed_at=NOW - timedelta(hours=3),
            at_seq=918_204 if verdict in broken else None,
            expected="9c41 07be … e81f" if verdict == "tampered" else "",
            found="11c9 5a0e … 40b2" if verdict == "tampered" else "",
            waiting=312,
        )
        for verdict in verdicts
    )


def _papers(say: Say) -> dict[str, object]:
    witness = say("proof.witness_name")
    return {
        "verdicts": _verdicts(witness),
        "path": ProofPath(
            leaf="9c41 07be 52d3 … e81f",
            siblings=21,
            size=1_284_907,
            root="b7d2 4f90 … 3c6a",
            signatures=(
                Signature(algorithm="Ed25519", matches=True),
                Signature(algorithm="ML-DSA-44", matches=True),
            ),
            witness=witness,
            witnessed_at=NOW - timedelta(hours=3),
        ),
        "paper": Certificate(
            number="E-2026-0388",
            to=say("paper.to"),
            sentence=say("paper.sentence"),
            terms=tuple(
                Term(term=say(f"paper.{name}"), text=say(f"paper.{name}_text"))
                for name in ("erased", "places", "final", "ground")
            ),
            kept=(
                Term(
                    term=say("paper.kept"), text=say("paper.kept_text"), note=say("paper.kept_note")
                ),
            ),
            issuer=say("paper.issuer"),
            issued_on=date(2026, 11, 20),
        ),
        "comparison": ("K7QM", "2F9D", "XW4H", "8RTC", "3BNV", "6YPJ", "LD5G", "9MSE"),
        "command": "python3 verifier.pyz E-2026-0388.bundle --key a.vkey --witness b.vkey",
        "now": NOW,
    }


def style_facts(lang: Lang) -> dict[str, object]:
    """Every fact that `style.html` shows, in the reader's language."""
    say = partial(_say, lang=lang)
    groups: tuple[Builder, ...] = (_place, _form, _table, _fields, _steps, _gates, _events, _papers)
    return {name: fact for group in groups for name, fact in group(say).items()}


def _say(rest: str, *, lang: Lang) -> str:
    return text(f"ui.sample.{rest}", lang)
