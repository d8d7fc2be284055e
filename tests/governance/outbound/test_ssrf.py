from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.settings import Settings
from governance.outbound.egress import egress_of
from governance.outbound.errors import OutboundRefusedError
from governance.outbound.ssrf import (
    AddressClass,
    Egress,
    Target,
    classify,
    judge,
    pin,
    system_resolver,
)


def answering(*addresses: str) -> "Resolved":
    return Resolved(addresses)


class Resolved:
    """A resolver that answers what the test says, and counts."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int, /) -> Sequence[str]:
        assert host
        assert port
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", AddressClass.PUBLIC),
        ("2606:4700:4700::1111", AddressClass.PUBLIC),
        ("127.0.0.1", AddressClass.LOOPBACK),
        ("127.255.255.254", AddressClass.LOOPBACK),
        ("::1", AddressClass.LOOPBACK),
        ("0.0.0.0", AddressClass.UNSPECIFIED),  # noqa: S104 - judged, not bound
        ("::", AddressClass.UNSPECIFIED),
        ("0.1.2.3", AddressClass.PRIVATE),
        ("10.0.0.1", AddressClass.PRIVATE),
        ("172.16.0.1", AddressClass.PRIVATE),
        ("172.31.255.255", AddressClass.PRIVATE),
        ("172.32.0.1", AddressClass.PUBLIC),
        ("192.168.1.1", AddressClass.PRIVATE),
        ("192.0.2.1", AddressClass.PRIVATE),
        ("198.18.0.1", AddressClass.PRIVATE),
        ("100.64.0.1", AddressClass.SHARED),
        ("169.254.1.1", AddressClass.LINK_LOCAL),
        ("fe80::1", AddressClass.LINK_LOCAL),
        ("fd12:3456::1", AddressClass.UNIQUE_LOCAL),
        ("fec0::1", AddressClass.PRIVATE),
        ("224.0.0.1", AddressClass.MULTICAST),
        ("ff02::1", AddressClass.MULTICAST),
        ("255.255.255.255", AddressClass.PRIVATE),
        ("240.0.0.1", AddressClass.PRIVATE),
        ("169.254.169.254", AddressClass.METADATA),
        ("100.100.100.200", AddressClass.METADATA),
        ("168.63.129.16", AddressClass.METADATA),
        ("fd00:ec2::254", AddressClass.METADATA),
        ("::ffff:127.0.0.1", AddressClass.LOOPBACK),
        ("::ffff:169.254.169.254", AddressClass.METADATA),
        ("::ffff:10.1.2.3", AddressClass.PRIVATE),
        ("::ffff:93.184.216.34", AddressClass.PUBLIC),
        ("64:ff9b::7f00:1", AddressClass.LOOPBACK),
        ("64:ff9b::a9fe:a9fe", AddressClass.METADATA),
        ("64:ff9b::5db8:d822", AddressClass.PUBLIC),
        ("64:ff9b:1::1", AddressClass.RESERVED),
        ("2002:7f00:1::", AddressClass.LOOPBACK),
        ("2002:a9fe:a9fe::1", AddressClass.METADATA),
        ("2001:db8::1", AddressClass.PRIVATE),
        ("::127.0.0.1", AddressClass.RESERVED),
        ("4000::1", AddressClass.RESERVED),
    ],
)
def test_every_address_has_its_class(address: str, expected: AddressClass) -> None:
    assert classify(ip_address(address)) is expected


@given(st.ip_addresses(v=4), st.sampled_from(["mapped", "nat64", "sixtofour"]))
def test_no_wrapping_makes_an_address_public(inner: IPv4Address, wrap: str) -> None:
    outer = {
        "mapped": IPv6Address((0xFFFF << 32) | int(inner)),
        "nat64": IPv6Address((0x64FF9B << 96) | int(inner)),
        "sixtofour": IPv6Address((0x2002 << 112) | (int(inner) << 80)),
    }[wrap]
    public = classify(inner) is AddressClass.PUBLIC
    assert (classify(outer) is AddressClass.PUBLIC) is public


@given(st.ip_addresses())
def test_public_implies_global_and_unicast(address: IPv4Address | IPv6Address) -> None:
    if classify(address) is AddressClass.PUBLIC:
        assert not address.is_multicast
        assert not address.is_loopback
        assert not address.is_link_local


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.com/", "scheme"),
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "url"),
        ("gopher://example.com/", "scheme"),
        ("https://example.com:22/", "port"),
        ("https://example.com:8443/", "port"),
        ("https://user:pw@example.com/", "url"),
        ("https://example.com@127.0.0.1/", "url"),
        ("https:///path", "url"),
        ("not a url", "url"),
        ("", "url"),
        ("https://127.0.0.1/", "loopback"),
        ("https://[::1]/", "loopback"),
        ("https://[::ffff:10.0.0.1]/", "private"),
        ("https://169.254.169.254/latest/meta-data/", "metadata"),
    ],
)
def test_forbidden_targets_are_refused_without_asking_a_resolver(url: str, reason: str) -> None:
    resolver = answering("93.184.216.34")
    with pytest.raises(OutboundRefusedError) as caught:
        pin(url, Egress(), resolver=resolver)
    assert caught.value.params["reason"] == reason
    assert resolver.asked == 0


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost"])
def test_other_spellings_of_loopback_are_refused(host: str) -> None:
    with pytest.raises(OutboundRefusedError) as caught:
        pin(f"https://{host}/", Egress(), resolver=system_resolver)
    assert caught.value.params["reason"] in {"loopback", "unresolved", "url"}


def test_a_name_with_one_inner_address_is_refused_whatever_the_order() -> None:
    for addresses in (("93.184.216.34", "10.0.0.1"), ("10.0.0.1", "93.184.216.34")):
        with pytest.raises(OutboundRefusedError):
            pin("https://example.com/", Egress(), resolver=answering(*addresses))


def test_a_name_is_resolved_once_and_the_judged_address_is_pinned() -> None:
    rebinding = Resolved(["93.184.216.34"], ["127.0.0.1"])
    target = pin("https://Example.COM./hook?x=1", Egress(), resolver=rebinding)
    assert target == Target(
        scheme="https", host="example.com", port=443, address=ip_address("93.184.216.34")
    )
    assert rebinding.asked == 1
    with pytest.raises(OutboundRefusedError):
        pin("https://example.com/", Egress(), resolver=rebinding)


def test_a_japanese_host_name_is_resolved_in_its_ascii_form() -> None:
    target = pin("https://例え.jp/", Egress(), resolver=answering("93.184.216.34"))
    assert target.host == "xn--r8jz45g.jp"


def test_a_name_that_does_not_resolve_is_refused() -> None:
    def failing(_host: str, _port: int, /) -> Sequence[str]:
        raise OSError

    for resolver in (failing, answering(), answering("nonsense")):
        with pytest.raises(OutboundRefusedError) as caught:
            pin("https://example.com/", Egress(), resolver=resolver)
        assert caught.value.params["reason"] == "unresolved"


def test_only_listed_hosts_when_a_list_is_given() -> None:
    egress = Egress(hosts=frozenset({"hooks.example.com"}))
    public = answering("93.184.216.34")
    assert pin("https://hooks.example.com/", egress, resolver=public).port == 443
    with pytest.raises(OutboundRefusedError):
        pin("https://example.com/", egress, resolver=public)


def test_an_opened_network_opens_only_itself_and_never_metadata() -> None:
    egress = Egress(networks=(ip_network("10.1.0.0/16"), ip_network("169.254.0.0/16")))
    assert judge(ip_address("10.1.2.3"), egress) is AddressClass.PUBLIC
    assert judge(ip_address("10.2.2.3"), egress) is AddressClass.PRIVATE
    assert judge(ip_address("169.254.169.254"), egress) is AddressClass.METADATA
    nat64 = Egress(networks=(ip_network("64:ff9b::/96"),))
    assert judge(ip_address("64:ff9b::a9fe:a9fe"), nat64) is AddressClass.METADATA


def test_plain_http_stays_inside_the_opened_networks() -> None:
    egress = egress_of(Settings(webhook_networks="10.1.0.0/16", webhook_ports="80,443"))
    assert pin("http://hooks.example.com/", egress, resolver=answering("10.1.2.3")).port == 80
    assert pin("https://hooks.example.com/", egress, resolver=answering("93.184.216.34"))
    with pytest.raises(OutboundRefusedError) as caught:
        pin("http://hooks.example.com/", egress, resolver=answering("93.184.216.34"))
    assert caught.value.params["reason"] == "scheme"


def test_the_setting_lists_the_only_hosts() -> None:
    egress = egress_of(Settings(webhook_hosts="hooks.example.com, API.example.com."))
    public = answering("93.184.216.34")
    for host in ("hooks.example.com", "api.example.com"):
        assert pin(f"https://{host}/", egress, resolver=public).host == host
    with pytest.raises(OutboundRefusedError) as caught:
        pin("https://evil.example.com/", egress, resolver=public)
    assert caught.value.params["reason"] == "host"


def test_the_refusal_does_not_repeat_the_url() -> None:
    with pytest.raises(OutboundRefusedError) as caught:
        pin("https://10.0.0.1/?token=abc", Egress(), resolver=answering())
    assert "abc" not in str(caught.value)
    assert "10.0.0.1" not in str(caught.value)
