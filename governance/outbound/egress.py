"""Which addresses webhooks may go to: https of public hosts, and what the operator opened."""

from ipaddress import ip_network

from governance.core.settings import Settings, SettingsError
from governance.outbound.ssrf import Egress

HIGHEST_PORT = 65_535


def egress_of(settings: Settings) -> Egress:
    """The guard of the settings; plain http only into networks that were opened by hand."""
    try:
        networks = tuple(ip_network(text) for text in _words(settings.webhook_networks))
    except ValueError as error:
        raise SettingsError(setting="webhook_networks") from error
    ports = frozenset(int(text) for text in _words(settings.webhook_ports) if text.isdecimal())
    if not ports or max(ports) > HIGHEST_PORT or len(ports) != len(_words(settings.webhook_ports)):
        raise SettingsError(setting="webhook_ports")
    schemes = frozenset({"https", "http"}) if networks else frozenset({"https"})
    hosts = frozenset(name.rstrip(".").lower() for name in _words(settings.webhook_hosts))
    return Egress(
        schemes=schemes, ports=ports, networks=networks, hosts=hosts or None, plain_inside=True
    )


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
