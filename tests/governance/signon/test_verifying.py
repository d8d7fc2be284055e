"""Only what the provider signed, for us, for this browser, now, opens anything."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey

from governance.signon.discovery import REST
from governance.signon.errors import ProviderSilentError, SignOnRefusedError
from governance.signon.flow import authorization_url, derived, same_state
from governance.signon.types import Ended, Proof, Provider, SecondFactor, Vouched
from governance.signon.verifying import BACKCHANNEL, Answer, logged_out, vouched
from tests.governance.signon.world import CLIENT, ISSUER, ORIGIN, SECRET, Fake, provider
from tests.installation import AT

ANSWER = Answer(code="a code", secret=SECRET)
LATER = timedelta(minutes=30)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    monkeypatch.setenv("FAKE_PROVIDER_SECRET", "s3cret")
    return Fake()


def said_by(fake: Fake, who: Provider | None = None) -> Vouched:
    return vouched(fake.directory(), who or provider(), ANSWER, origin=ORIGIN, at=AT)


def refused(fake: Fake, who: Provider | None = None) -> str:
    with pytest.raises(SignOnRefusedError) as caught:
        said_by(fake, who)
    return str(caught.value.params["reason"])


def test_what_was_vouched_for_is_read_and_nothing_more(fake: Fake) -> None:
    fake.signs(email="a@example.com")
    found = said_by(fake)
    assert (found.subject, found.session) == ("person-1", "s1")
    assert found.groups == {"privacy"}
    assert found.email is None
    assert "person-1" not in repr(found)
    fake.signs(email="a@example.com", email_verified=True)
    assert said_by(fake).email == "a@example.com"


def test_the_code_is_exchanged_with_the_verifier_and_the_secret(fake: Fake) -> None:
    fake.signs()
    said_by(fake)
    assert fake.forms[0]["code_verifier"] == [derived(SECRET, "verifier")]
    assert fake.forms[0]["redirect_uri"] == [f"{ORIGIN}/sign-on/fake/callback"]
    told = base64.b64decode(fake.headers[0]["authorization"].removeprefix("Basic "))
    assert told == b"sekisho:s3cret"
    said_by(fake, provider(proof=Proof.POST))
    assert fake.forms[1]["client_secret"] == ["s3cret"]
    assert "authorization" not in fake.headers[1]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"nonce": "another browser's"}, "claims"),
        ({"nonce": None}, "claims"),
        ({"iss": "https://evil.example.com"}, "claims"),
        ({"iss": f"{ISSUER}/"}, "claims"),
        ({"iss": None}, "claims"),
        ({"aud": "another"}, "claims"),
        ({"aud": []}, "claims"),
        ({"aud": None}, "claims"),
        ({"aud": [CLIENT, "another"]}, "audience"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "claims"),
        ({"azp": "another"}, "claims"),
        ({"exp": int(AT.timestamp()) - 61}, "claims"),
        ({"exp": None}, "claims"),
        ({"exp": "never"}, "claims"),
        ({"nbf": int(AT.timestamp()) + 3_600}, "claims"),
        ({"iat": int(AT.timestamp()) - 3_600}, "iat"),
        ({"iat": int(AT.timestamp()) + 3_600}, "claims"),
        ({"iat": True}, "iat"),
        ({"sub": None}, "claims"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
        ({"sub": "x" * 256}, "sub"),
        ({"at_hash": "of another token"}, "claims"),
        ({"amr": ["pwd"]}, "second_factor"),
        ({"amr": None}, "second_factor"),
        ({"amr": "mfa"}, "claims"),
        ({"acr": "mfa", "amr": None}, "second_factor"),
    ],
)
def test_a_token_that_does_not_hold_opens_nothing(
    fake: Fake, changed: dict[str, Any], reason: str
) -> None:
    fake.signs(**changed)
    assert refused(fake) in (reason, "claims")


def test_a_token_for_others_too_that_says_that_we_asked_holds(fake: Fake) -> None:
    fake.signs(aud=[CLIENT, "another"], azp=CLIENT)
    assert said_by(fake).subject == "person-1"


def test_a_class_of_proof_serves_as_the_second_factor(fake: Fake) -> None:
    who = provider(second_factor=SecondFactor(acr=frozenset({"phr"})))
    fake.signs(acr="phr", amr=None)
    assert said_by(fake, who).subject == "person-1"
    assert "acr_values=phr" in authorization_url(who, ISSUER, SECRET, origin=ORIGIN)


def test_another_s_key_another_algorithm_and_no_signature_open_nothing(fake: Fake) -> None:
    fake.signs(key=ECKey.generate_key("P-256", {"kid": "1"}))
    assert refused(fake) == "signature"
    public = json.dumps(fake.key.as_dict(private=False))
    fake.signs(header={"alg": "HS256"}, key=OctKey.import_key(public))
    assert refused(fake) == "algorithm"
    head = base64.urlsafe_b64encode(b'{"alg":"none","kid":"1"}').rstrip(b"=").decode()
    fake.token = f"{head}.{fake.signs().split('.')[1]}."
    assert refused(fake) in ("algorithm", "signature")
    fake.signs(header={"alg": "ES256"})
    assert refused(fake, provider(algorithms=("RS256",))) == "algorithm"


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "." * 70_000, "é.b.c", "{}"])
def test_what_is_no_token_opens_nothing(fake: Fake, token: str) -> None:
    fake.token = token
    assert refused(fake) in ("signature", "size", "algorithm")


def test_a_refused_code_opens_nothing(fake: Fake) -> None:
    fake.signs()
    fake.status = 400
    assert refused(fake) == "exchange"


def test_a_new_key_is_fetched_when_it_is_named_but_not_each_time(fake: Fake) -> None:
    directory, who = fake.directory(), provider()

    def once() -> Vouched:
        return vouched(directory, who, ANSWER, origin=ORIGIN, at=AT)

    fake.signs()
    once()
    fake.key = ECKey.generate_key("P-256", {"kid": "2"})
    fake.signs(header={"kid": "2"})
    for _ in range(3):
        with pytest.raises(SignOnRefusedError):
            once()
    assert fake.asked.count(f"{ISSUER}/keys") == 1
    fake.ticks.now += 60
    assert once().subject == "person-1"
    assert fake.asked.count(f"{ISSUER}/keys") == 2


@pytest.mark.parametrize(
    "published",
    [
        {"issuer": "https://evil.example.com"},
        {"token_endpoint": "http://id.example.com/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"end_session_endpoint": "ftp://id.example.com/"},
    ],
)
def test_a_provider_that_publishes_another_s_or_unsafe_places_is_not_used(
    fake: Fake, published: dict[str, Any]
) -> None:
    fake.published = published
    with pytest.raises(ProviderSilentError):
        fake.directory().published(provider())


def test_a_silent_provider_is_left_alone_for_a_moment(fake: Fake) -> None:
    directory = fake.directory()
    fake.published = {"issuer": "https://other.example"}
    for _ in range(3):
        with pytest.raises(ProviderSilentError):
            directory.published(provider())
    assert len(fake.asked) == 1
    fake.ticks.now += REST
    fake.published = {}
    assert directory.published(provider()).token.startswith(ISSUER)


def test_the_way_there_names_challenge_state_and_nonce_but_no_secret() -> None:
    url = authorization_url(provider(), f"{ISSUER}/authorize", SECRET, origin=ORIGIN)
    assert "code_challenge_method=S256" in url
    for what in ("verifier", "state"):
        assert (derived(SECRET, what) in url) is (what == "state")
    assert SECRET not in url
    assert same_state(SECRET, derived(SECRET, "state"))
    assert not same_state("another browser", derived(SECRET, "state"))


def logout(fake: Fake, **changed: Any) -> str:
    facts: dict[str, Any] = {
        "nonce": None, "amr": None, "groups": None, "preferred_username": None, "name": None,
        "jti": "j1", "events": {BACKCHANNEL: {}}, **changed,
    }  # fmt: skip
    return fake.signs(header={"typ": "logout+jwt"}, **facts)


def test_a_logout_token_names_whose_sessions_end(fake: Fake) -> None:
    found = logged_out(fake.directory(), provider(), logout(fake), at=AT)
    assert found.ended == Ended(provider="fake", subject="person-1", session="s1")


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "n"}, {"jti": None}, {"events": {}}, {"events": {"x": {}}}, {"events": None},
        {"sub": None, "sid": None}, {"aud": "another"}, {"iss": "https://evil.example.com"},
        {"exp": int(AT.timestamp()) - 600, "iat": int(AT.timestamp()) - 610},
        {"iat": int(AT.timestamp()) - 3_600},
    ],
)  # fmt: skip
def test_a_logout_token_that_does_not_hold_ends_nothing(
    fake: Fake, changed: dict[str, Any]
) -> None:
    token = logout(fake, **changed)
    with pytest.raises(SignOnRefusedError):
        logged_out(fake.directory(), provider(), token, at=AT)


def test_an_id_token_is_no_logout_token(fake: Fake) -> None:
    with pytest.raises(SignOnRefusedError):
        logged_out(fake.directory(), provider(), fake.signs(), at=AT)
