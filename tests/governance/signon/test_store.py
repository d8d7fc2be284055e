"""Ways to a provider, links, vouched sessions and mailed codes, as both engines keep them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from governance.core.ids import new_row_id, new_subject_id
from governance.core.terms import ActorId, Law, SubjectId
from governance.customers.store import NewSubject, add_subjects
from governance.customers.subjects import SubjectKind
from governance.db.engine import Database
from governance.http.principal import PrincipalKind
from governance.identity.service import PERSON_PREFIX, invite_staff, open_session
from governance.signon import mail_store, store
from governance.signon.mail_rules import CODE_TRIES, DAY
from governance.signon.mail_store import Begun
from tests.installation import AT

SOON, LATE = AT + timedelta(minutes=10), AT + timedelta(minutes=11)
LIFE = timedelta(hours=1)


@pytest.fixture
def staff(database: Database) -> tuple[ActorId, ActorId]:
    """Two accounts."""
    hire = partial(
        invite_staff, display_name="架空", roles=["support"], known_roles=frozenset({"support"}),
        by=ActorId("u:admin"), at=AT,
    )  # fmt: skip
    one, two = (database.write(partial(hire, login=name)).id for name in ("one", "two"))
    return one, two


def session(database: Database, actor: ActorId) -> str:
    enter = partial(open_session, actor=actor, kind=PrincipalKind.STAFF, lasting=LIFE, at=AT)
    return database.write(enter)[0].id


def test_whoever_was_sent_away_comes_back_once_in_time_from_that_provider(
    database: Database,
) -> None:
    for secret in ("mine", "late"):
        database.write(partial(store.begin, secret=secret, provider="p", until=SOON, at=AT))
    back = partial(store.finish, provider="p", at=AT)
    assert not database.write(partial(back, secret="mine", provider="q"))
    assert not database.write(partial(back, secret="another's"))
    with ThreadPoolExecutor(4) as pool:  # the same answer at once opens once
        work = partial(database.write, partial(back, secret="mine"))
        assert sorted(pool.map(lambda _: work(), range(4))) == [False, False, False, True]
    assert not database.write(partial(back, secret="late", at=SOON))
    database.write(partial(store.begin, secret="next", provider="p", until=SOON + LIFE, at=LATE))
    with database.read() as tx:  # who never came back is forgotten
        assert tx.execute(select(func.count()).select_from(store.ATTEMPT)).scalar_one() == 1


def test_a_person_of_a_provider_has_one_account_and_one_customer(
    database: Database, staff: tuple[ActorId, ActorId]
) -> None:
    one, two = staff
    link = partial(store.link_staff, provider="p", subject="sub", at=AT)
    assert [database.write(partial(link, staff=who)) for who in (one, one, two)] == [
        *(True, True, False),
    ]
    assert database.write(partial(link, provider="q", staff=two))  # the same `sub` elsewhere
    people = tuple(new_subject_id() for _ in range(2))
    fresh = [
        NewSubject(id=one, kind=SubjectKind.CUSTOMER, laws={Law.APPI: "controller"})
        for one in people
    ]
    database.write(lambda tx: add_subjects(tx, fresh, at=AT))
    tie = partial(store.link_customer, provider="p", subject="sub", at=AT)
    assert [database.write(partial(tie, person=who)) for who in (*people, people[0])] == [
        *(True, False, True),
    ]
    with database.read() as tx:
        assert store.staff_of(tx, "p", "sub") == one
        assert store.customer_of(tx, "p", "sub") == people[0]
        assert store.customer_of(tx, "q", "sub") is None
    gone = partial(store.unlink_staff, staff=two, provider="p")
    assert (database.write(gone), database.write(partial(gone, provider="q"))) == (0, 1)


def test_a_provider_ends_the_sessions_that_it_means_and_a_token_is_used_once(
    database: Database, staff: tuple[ActorId, ActorId]
) -> None:
    first, second, other = (session(database, who) for who in (staff[0], staff[0], staff[1]))
    note = partial(store.note_session, provider="p", subject="sub")
    database.write(partial(note, session=first, sid="s1"))
    database.write(partial(note, session=second, sid=None))
    database.write(partial(note, session=other, provider="q", sid="s1"))
    with database.read() as tx:
        meant = partial(store.sessions_of, tx, "p")
        assert meant(subject=None, sid="s1") == (first,)
        assert set(meant(subject="sub", sid=None)) == {first, second}
        assert meant(subject="somebody else", sid="s1") == ()  # both must be right
        assert meant(subject=None, sid=None) == ()
        assert (store.provider_of(tx, other), store.provider_of(tx, "none")) == ("q", None)
    use = partial(store.use_logout, provider="p", jti="t", until=SOON, at=AT)
    assert [database.write(use) for _ in range(2)] == [True, False]
    assert database.write(partial(use, provider="q"))


def begun(mark: bytes = b"m", *, network: str | None = None) -> Begun:
    return Begun(
        id=new_row_id(), network=network, sent=False, created_at=AT, expires_at=SOON, code=b"c",
        mark=mark, content=b"sealed",
    )  # fmt: skip


def test_a_mailed_code_opens_once_in_time_after_few_tries_and_only_where_it_was_sent(
    database: Database,
) -> None:
    one, silent = begun(), begun(b"nobody")
    for row in (one, silent):
        database.write(partial(mail_store.add, begun=row, digest=row.id.encode(), at=AT))
    database.write(partial(mail_store.note_sent, row=one.id, sent=True))
    database.write(partial(mail_store.note_sent, row=silent.id, sent=False))
    with database.read() as tx:
        found = mail_store.by_digest(tx, one.id.encode())
        assert found is not None
        assert (found.id, found.sent, found.content) == (one.id, True, b"sealed")
        assert [row.id for row in mail_store.sent_to(tx, b"m", at=AT)] == [one.id]
        assert mail_store.sent_to(tx, b"nobody", at=AT) == ()
        assert mail_store.sent_to(tx, b"m", at=AT + DAY) == ()
    tried = partial(mail_store.take_try, row=one.id)
    assert not database.write(partial(tried, at=SOON))
    with ThreadPoolExecutor(4) as pool:  # tries at once are all counted
        work = partial(database.write, partial(tried, at=AT))
        found_free = list(pool.map(lambda _: work(), range(CODE_TRIES + 3)))
    assert found_free.count(True) == CODE_TRIES
    opening = partial(mail_store.open_once, at=AT)
    assert [database.write(partial(opening, row=one.id)) for _ in range(2)] == [True, False]
    assert not database.write(partial(opening, row=silent.id))
    assert not database.write(partial(mail_store.take_try, row=one.id, at=AT))


def test_a_network_is_familiar_to_the_persons_who_came_from_it(database: Database) -> None:
    person = SubjectId(str(new_subject_id()))
    enter = partial(
        open_session, actor=ActorId(f"{PERSON_PREFIX}{person}"), kind=PrincipalKind.PERSON,
        lasting=LIFE, network="192.0.2.0/24", at=AT,
    )  # fmt: skip
    database.write(enter)
    with database.read() as tx:
        known = partial(mail_store.familiar, tx, frozenset({person}), at=LATE)
        assert known("192.0.2.0/24")
        assert not known("198.51.100.0/24")
        assert not known(None)
        assert not mail_store.familiar(tx, frozenset(), "192.0.2.0/24", at=LATE)
