"""What is told to be lacking is what the rule of identity proof asks for."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dsar.case import Evidence
from dsar.identity.lacking import lacking
from dsar.identity.rules import FAMILY, proved
from dsar.types import EvidenceKind, Requester, RequestKind
from tests.dsar.cases import DESK, NOW, case_of
from tests.dsar.identity.test_identity_rules import sets


@given(sets, st.sampled_from(RequestKind), st.sampled_from(Requester))
def test_nothing_lacks_exactly_where_the_proofs_suffice(
    have: list[Evidence], kind: RequestKind, who: Requester
) -> None:
    case = replace(case_of(kind), evidence=tuple(have), requester=who)
    found = lacking(case, at=NOW)
    assert (found is None) is proved(case, at=NOW)
    if found is not None:
        assert found.authority or len(found.had) < found.needed
        assert not set(found.had) & set(found.open)


def test_two_papers_are_one_proof() -> None:
    paper = Evidence(kind=EvidenceKind.DOCUMENT, accepted=True, at=NOW, by=DESK.id)
    case = replace(case_of(RequestKind.DISCLOSURE), evidence=(paper, paper))
    found = lacking(case, at=NOW)
    assert found is not None
    assert (found.needed, found.had) == (2, (FAMILY[EvidenceKind.DOCUMENT],))
