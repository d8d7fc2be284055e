"""Rules on attributes against a plain model of them, written apart from the language."""

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.casbin_door import Reference, define
from policies.compare import boundary, first_difference
from policies.document import PolicySet
from policies.entities import EntityRequest, decide_entity, entities_of
from policies.load import load_sources
from policies.table import compile_table

Facts = Mapping[str, Any]
Holds = Callable[[dict[str, Facts]], bool]
DATA: dict[str, dict[str, dict[str, Any]]] = {
    "user": {
        "aoi": {"dept": "sales", "tags": ["a", "b"]},
        "ren": {"dept": "legal", "tags": []},
        "mio": {},
    },
    "paper": {"p1": {"owner": "aoi", "place": "sales"}, "p2": {"owner": "ren"}, "p3": {}},
}
TOLD = {"user": {"level": int}, "paper": {"open": bool}, "sign": {"twice": bool}}
# A condition and what it means; KeyError = a fact is missing.
CONDITIONS: dict[str, Holds] = {
    "resource.owner == subject.id": lambda f: f["r"]["owner"] == f["s"]["id"],
    "resource.owner != subject.id": lambda f: f["r"]["owner"] != f["s"]["id"],
    "subject.dept == 'sales'": lambda f: f["s"]["dept"] == "sales",
    "subject.dept in ['legal', 'audit']": lambda f: f["s"]["dept"] in ("legal", "audit"),
    "subject.dept not in ['legal']": lambda f: f["s"]["dept"] != "legal",
    "'a' in subject.tags": lambda f: "a" in f["s"]["tags"],
    "'b' not in subject.tags": lambda f: "b" not in f["s"]["tags"],
    "resource.place == subject.dept": lambda f: f["r"]["place"] == f["s"]["dept"],
    "subject.level == 3": lambda f: f["s"]["level"] == 3,
    "subject.level != 3": lambda f: f["s"]["level"] != 3,
    "resource.open == true": lambda f: f["r"]["open"] is True,
    "resource.open != true": lambda f: f["r"]["open"] is not True,
    "action.name == 'read'": lambda f: f["a"]["name"] == "read",
    "subject.id != 'mio'": lambda f: f["s"]["id"] != "mio",
}
RULES = st.lists(
    st.tuples(
        st.sampled_from(["allow", "allow", "allow", "deny"]),
        st.sets(st.sampled_from(["read", "sign"]), min_size=1),
        st.lists(st.sampled_from(sorted(CONDITIONS)), max_size=2, unique=True),
    ),
    min_size=1,
    max_size=5,
)
ODD = st.sampled_from([True, False, 3, 4, "3", "sales", None, [], ["a"], 1])
REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["aoi", "ren", "mio", "nobody", ""]),
        st.sampled_from(["read", "sign", "Read", ""]),
        st.sampled_from(["p1", "p2", "p3", "p9", ""]),
        st.dictionaries(st.sampled_from(["level", "dept", "tags", "id"]), ODD, max_size=2),
        st.dictionaries(st.sampled_from(["open", "owner", "place"]), ODD, max_size=2),
    ),
    min_size=10,
    max_size=30,
)
HEAD = """
version: "1"
title: 差 / Difference
owner: 試験
subjects:
  user:
    label: 利用者 / User
    attributes: {dept: string, tags: list, level: {type: integer, from: caller}}
resources:
  paper:
    label: 書類 / Paper
    attributes: {owner: string, place: string, open: {type: boolean, from: caller}}
    actions: [read, sign]
entities:
"""
Rules = list[tuple[str, set[str], list[str]]]


def written(rules: Rules) -> PolicySet:
    lines = HEAD.splitlines()
    for kind, entries in DATA.items():
        lines.append(f"  {kind}:")
        for name, values in entries.items():
            inner = ", ".join(f"{key}: {value}" for key, value in values.items())
            lines.append(f"    {name}: {{{inner}}}".replace("'", ""))
    lines.append("rules:")
    for number, (effect, actions, conditions) in enumerate(rules):
        said = ", ".join(f'"{sentence}"' for sentence in conditions)
        when = f", when: [{said}]" if said else ""
        lines.append(
            f"  - {{id: D-{number}, {effect}: [user], to: [{', '.join(sorted(actions))}],"
            f" on: paper, because: 理由 / Reason{when}}}"
        )
    return load_sources({"p.yaml": "\n".join(lines)})


def told(kind: str, name: str, given: Facts) -> dict[str, Any]:
    """The facts of one entity: the data, and what a caller may tell, of the right type."""
    facts = {key: tuple(v) if isinstance(v, list) else v for key, v in DATA[kind][name].items()}
    for key, wanted in TOLD[kind].items():
        if type(given.get(key)) is wanted:
            facts[key] = given[key]
    return {**facts, "id": name}


def model(rules: Rules, request: tuple[str, str, str, Facts, Facts]) -> bool:
    """What the rules mean, said as plainly as possible."""
    who, does, what, of_who, of_what = request
    if who not in DATA["user"] or what not in DATA["paper"] or does not in ("read", "sign"):
        return False
    facts = {
        "s": told("user", who, of_who),
        "r": told("paper", what, of_what),
        "a": {"name": does},
    }

    def holds(conditions: list[str], *, unknown: bool) -> bool:
        for sentence in conditions:
            try:
                if not CONDITIONS[sentence](facts):
                    return False
            except KeyError:
                if not unknown:
                    return False
        return True

    mine = [(effect, conditions) for effect, actions, conditions in rules if does in actions]
    if any(effect == "deny" and holds(found, unknown=True) for effect, found in mine):
        return False
    return any(effect == "allow" and holds(found, unknown=False) for effect, found in mine)


@settings(max_examples=60, deadline=None)
@given(rules=RULES, requests=REQUESTS)
def test_rules_mean_what_a_plain_model_says(
    rules: Rules, requests: list[tuple[str, str, str, Facts, Facts]]
) -> None:
    policy = written(rules)
    entities, table = entities_of(policy), compile_table(policy)
    for request in requests:
        who, does, what, of_who, of_what = request
        asked = EntityRequest(("user", who), does, ("paper", what), of_who, {}, of_what)
        assert bool(decide_entity(entities, table, asked)) is model(rules, request), request


@settings(max_examples=10, deadline=None)
@given(rules=RULES)
def test_rules_on_attributes_agree_with_casbin_at_their_edges(rules: Rules) -> None:
    policy = written(rules)
    table, reference = compile_table(policy), Reference(define(policy))
    assert first_difference(table, reference, boundary(policy)) is None
