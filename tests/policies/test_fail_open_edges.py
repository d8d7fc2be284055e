"""The edges at which Casbin itself would permit, each of them refused here."""

from typing import Any

import pytest

from policies import casbin_door
from policies.casbin_door import Definition, Reference, define
from policies.compare import PolicyMismatchError
from policies.document import PolicySet
from policies.load import PolicyRefusedError, load_sources
from policies.snapshot import NO_POLICY, PolicyHolder, compile_policy
from policies.table import compile_table

NOTHING = '{version: "1", title: 空 / Empty, owner: 責任者}'
EMPTY: dict[str, str] = {"field": "", "action": "", "purpose": ""}


def test_no_rule_permits_nothing_not_even_the_empty_request() -> None:
    policy = load_sources({"p": NOTHING})
    snapshot = compile_policy(policy)
    reference = Reference(define(policy))
    for roles in (frozenset[str](), frozenset({""}), frozenset({"staff"})):
        assert not snapshot.decide(roles, **EMPTY)
        assert reference.enforce(roles, **EMPTY) is False


def test_without_a_snapshot_everything_is_unavailable() -> None:
    holder = PolicyHolder()
    assert holder.current is NO_POLICY
    assert not holder.current.decide(frozenset({"staff"}), **EMPTY)
    assert holder.current.decide(frozenset(), **EMPTY).code == "unavailable.policy"


@pytest.mark.parametrize("place", ["field", "action", "purpose"])
@pytest.mark.parametrize("word", ["", " ", "*", "person.name ", "PERSON.NAME", "Help", "Read"])
def test_an_empty_or_differently_written_word_is_refused(small: str, place: str, word: str) -> None:
    good = {"field": "person.name", "action": "read", "purpose": "help"}
    snapshot = compile_policy(load_sources({"p": small}))
    assert snapshot.decide(frozenset({"support"}), **good)
    assert not snapshot.decide(frozenset({"support"}), **{**good, place: word})


@pytest.mark.parametrize("name", ["Support", "support ", "r:support", "u:support", "u:0", ""])
def test_a_name_like_a_role_is_no_role(small: str, name: str) -> None:
    good = {"field": "person.name", "action": "read", "purpose": "help"}
    assert not compile_policy(load_sources({"p": small})).decide(frozenset({name}), **good)


@pytest.mark.parametrize("word", ["Deny", "DENY", "deny_", "forbid", "Allow"])
def test_an_effect_in_another_spelling_is_no_rule(small: str, word: str) -> None:
    with pytest.raises(PolicyRefusedError) as caught:
        load_sources({"p": small.replace('R-4, deny: ["*"]', f'R-4, {word}: ["*"]')})
    assert "unknown_key" in {fault.code for fault in caught.value.faults}


def test_an_engine_switched_off_makes_no_snapshot(
    small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SwitchedOff(casbin_door.casbin.Enforcer):  # type: ignore[misc] # Casbin has no types
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more)
            self.enable_enforce(enabled=False)

    monkeypatch.setattr(casbin_door.casbin, "Enforcer", SwitchedOff)
    with pytest.raises(PolicyMismatchError):
        compile_policy(load_sources({"p": small}))


@pytest.mark.parametrize("cut", [", R-1", ", allow, -, R-1", "deny"])
def test_a_broken_line_makes_no_snapshot(
    small: str, cut: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(policy: PolicySet) -> Definition:
        whole = define(policy)
        lines = whole.lines.replace(cut, "Deny" if cut == "deny" else "")
        return Definition(model=whole.model, lines=lines)

    overlapping = small.replace('fields: ["*"], for: [help]', 'fields: ["*"], for: [help, offers]')
    assert overlapping != small
    monkeypatch.setattr("policies.snapshot.define", broken)
    with pytest.raises((PolicyMismatchError, RuntimeError, IndexError)):
        compile_policy(load_sources({"p": overlapping}))


def test_the_table_has_no_switch() -> None:
    table = compile_table(load_sources({"p": NOTHING}))
    assert not [name for name in dir(table) if "enable" in name or "enforce" in name]
