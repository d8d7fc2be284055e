"""Readers of what directories, systems, auditors and scanned folders send."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from scim2_models import Context, Group, User

from audit.reviewing.terms import parse_query, spell_query
from governance.discovery.texts import mail, page
from governance.discovery.types import PlaceError
from governance.gateway.api.bodies import parsed
from governance.gateway.writing.values import read_members
from governance.identity.clients.assertions import checked_keys, client_named, proved_by
from governance.provisioning.errors import ScimRefusedError
from governance.provisioning.reading import (
    filter_of,
    group_of,
    members_of,
    patched,
    profile_of,
    user_of,
)
from policies.conditions import parse_condition
from policies.law.answers import parse_when
from tests.fuzz.target import AT, CELLS, JSON, Target, on_disk, text_of
from tests.installation import AT as INSTANT

USER = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "kaku@example.com",
        "displayName": "架空 花子", "active": True}  # fmt: skip
GROUP = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "support",
         "members": [{"value": "a1"}]}  # fmt: skip
PATCH = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "add", "path": "members", "value": [{"value": "b2"}]},
        {"op": "remove", "path": 'members[value eq "a1"]'},
    ],
}
PUBLIC = {
    "kty": "EC",
    "crv": "P-256",
    "kid": "a",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}  # RFC 7517, appendix A.1
KEYS = json.dumps({"keys": [PUBLIC]})
ASSERTION = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJzaG9wIiwic3ViIjoic2hvcCJ9.AAAA"
QUERY = {"any_of": [{"action": "person.read", "since": "2026-01-01T00:00:00Z"}], "none_of": []}
MAIL = (
    b"From: =?utf-8?B?5p625aOr?= <a@example.com>\r\nTo: b@example.com\r\nSubject: x\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n"
    b"--q\r\nContent-Type: text/html; charset=iso-2022-jp\r\n\r\n<p>a</p>\r\n--q--\r\n"
)


def further() -> Mapping[str, Target]:
    """All of them by name."""
    return {
        "scim_filter": Target(
            read=lambda octets: filter_of(text_of(octets)),
            seeds=(b'userName eq "kaku@example.com"', b'externalId eq "a\\"b"'),
            words=(b" eq ", b" and ", b" pr", b'"', b"\\", b"(", b"[type eq "),
        ),
        "scim": Target(read=_scim, seeds=_spelled(USER, GROUP, PATCH), words=JSON, slow=True),
        "keys": Target(
            read=_keys, seeds=(KEYS.encode(), ASSERTION.encode()), words=(*JSON, b"RSA", b".", b"=")
        ),
        "audit_query": Target(
            read=lambda octets: spell_query(parse_query(parsed(octets))),
            seeds=_spelled(QUERY, {}),
            words=JSON,
        ),
        "members": Target(
            read=_members,
            seeds=_spelled({"name": "架空　花子", "email": "a@example.com", "birth": "R8.9.1"}),
            words=(*JSON, *CELLS),
        ),
        "days": Target(
            read=lambda octets: parse_when(text_of(octets), name="received"),
            seeds=(b"2026-09-01", b"2026-09-01T00:00:00+09:00", "令和8年9月1日".encode()),
            words=(b"T24", b"-00", b"+24:00", "١".encode(), b"Z"),
        ),
        "condition": Target(
            read=lambda octets: parse_condition(text_of(octets)),
            seeds=(b"subject.country == 'JP'", b"resource.kind in ['a', 'b']"),
            words=(b"'", b"[", b" in ", b"==", b"subject."),
        ),
        "mail": Target(
            read=_scanned(mail, "a.eml"), seeds=(MAIL,),
            words=(b"charset=", b"base64", b"=?utf-7?Q?", b"--q\r\n", b"\x00"), slow=True,
        ),
        "page": Target(
            read=_scanned(lambda path: list(page(path)), "a.html"),
            seeds=("<p title=x>架空<a href='mailto:a@example.com'>b</a>".encode(),),
            words=(b"<!", b"<![", b"<script>", b"&#", b"</", b"<?"),
        ),
    }  # fmt: skip


def _spelled(*documents: Mapping[str, Any]) -> tuple[bytes, ...]:
    return tuple(json.dumps(one, ensure_ascii=False).encode() for one in documents)


def _scim(octets: bytes) -> None:
    """The document as a new user, a new group, and as a change of each."""
    document = parsed(octets)
    users: Any = User
    known = (users.model_validate(USER), Group.model_validate(GROUP))
    for read in (
        lambda: profile_of(user_of(document, context=Context.RESOURCE_CREATION_REQUEST)),
        lambda: members_of(group_of(document, context=Context.RESOURCE_CREATION_REQUEST)),
        lambda: profile_of(patched(known[0], document)),
        lambda: members_of(patched(known[1], document)),
    ):
        try:
            read()
        except ScimRefusedError:
            continue


def _keys(octets: bytes) -> None:
    text = text_of(octets)
    client_named(text)
    proved_by(text, KEYS, name="shop", audiences=frozenset({"https://a.example"}), at=INSTANT)
    proved_by(ASSERTION, checked_keys(text), name="shop", audiences=frozenset({"a"}), at=INSTANT)


def _members(octets: bytes) -> None:
    document = parsed(octets)
    for table in ("person", "company", "purchase", "inquiry", "deal"):
        for creating in (True, False):
            read_members(table, document, creating=creating, at=AT)


def _scanned(read: Callable[..., object], name: str) -> Callable[[bytes], object]:
    """A reader of a scanned folder, which says of a place that it cannot be read."""

    def fed(octets: bytes) -> object:
        try:
            return on_disk(read, name)(octets)
        except PlaceError:
            return None

    return fed
