"""The link of a certificate: theirs for a month; every other opens nothing, all alike."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from audit.models import EVENTS
from dsar.execution.certifying import LINK_LIFE, issued_under, note_fetched
from dsar.execution.errors import CertificateUnknownError
from dsar.types import RequestKind
from governance.http.principal import ANONYMOUS
from tests.dsar.execution.fulfilling import Site
from tests.dsar.world import World


def test_a_link_that_is_over_altered_or_made_up_opens_nothing(world: World) -> None:
    site = Site(world)
    case = site.granted(RequestKind.CESSATION)
    site.after(8)
    site.drive(case)
    (mail,) = [mail for mail in site.mails() if mail.template == "dsar.mail.erased"]
    token = mail.params["link"].rpartition("/")[2]
    at = site.clock()
    with site.ports.database.read() as tx:
        found, issued = issued_under(tx, site.ports, token, at=at)
        wrong = [
            (token, at + LINK_LIFE + timedelta(days=1)),
            (token[:-1] + ("A" if token[-1] != "A" else "B"), at),
            (token.upper(), at), ("", at), ("../" + token, at), ("a" * 5_000_000, at),
            ("'; DROP TABLE dsar_certificate; --", at), (issued.id, at), (case.id, at),
        ]  # fmt: skip
        refusals = set()
        for guess, moment in wrong:
            with pytest.raises(CertificateUnknownError) as refused:
                issued_under(tx, site.ports, guess, at=moment)
            refusals.add((refused.value.code, repr(refused.value.params)))
    assert found.id == case.id
    assert refusals == {("certificate_unknown", "{}")}
    site.world.write(lambda tx: note_fetched(tx, site.ports, ANONYMOUS, case, issued, at=at))
    with site.ports.database.read() as tx:
        fetched = select(EVENTS.c.reasons).where(EVENTS.c.action == "request.delivered")
        assert tx.execute(fetched).scalars().all() == ["certificate"]
