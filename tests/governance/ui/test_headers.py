"""Response headers allow nothing but our own files."""

from governance.ui.headers import page_headers, security_headers


def test_policy_starts_from_nothing_and_allows_no_inline() -> None:
    policy = dict(security_headers(https=False))["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["frame-ancestors"] == "'none'"
    assert directives["base-uri"] == "'none'"
    assert set(directives.values()) == {"'none'", "'self'"}


def test_strict_transport_is_promised_only_over_https() -> None:
    assert "Strict-Transport-Security" not in dict(security_headers(https=False))
    promised = dict(security_headers(https=True))["Strict-Transport-Security"]
    assert promised.startswith("max-age=63072000")


def test_pages_are_never_stored_on_the_way() -> None:
    assert dict(page_headers(https=True))["Cache-Control"] == "no-store"


def test_no_address_leaves_with_a_link() -> None:
    assert dict(security_headers(https=True))["Referrer-Policy"] == "no-referrer"
