"""The invented officers, staff and systems of the demo."""

from functools import partial

from sqlalchemy import Connection

from governance.app.demo.stage import Outcome, Stage, Watch, words
from governance.app.staff import add_staff
from governance.core.terms import ActorId, PurposeId
from governance.http.principal import Principal, PrincipalKind
from governance.identity.service import principal_of_client, register_client

STAFF = {
    "officer": ("tanaka", "田中 美咲（架空）", "privacy_officer"),
    "approver": ("sasaki", "佐々木 修（架空）", "privacy_approver"),
    "manager": ("kondo", "近藤 直人（架空）", "data_manager"),
    "support": ("mori", "森 結衣（架空）", "support"),
    "marketing": ("fujii", "藤井 蓮（架空）", "marketing"),
    "auditor": ("ogawa", "小川 恵（架空）", "auditor"),
}
SYSTEMS = {
    "mail_sender": ("mailer", "mail_sender", ("mail_marketing", "order_fulfilment")),
    "shop": ("shop", "shop", ("order_fulfilment", "order_support", "mail_marketing")),
    "analytics": ("analytics", "analytics", ("purchase_analysis",)),
}


def invite(stage: Stage, watch: Watch) -> Outcome:
    """Six invented employees and three systems exist, each with one role."""
    at = stage.wiring.clock()

    def write(tx: Connection) -> dict[str, Principal]:
        people = {}
        for name, (login, shown, role) in STAFF.items():
            actor = add_staff(
                tx, stage.wiring, login=login, display_name=shown, roles=(role,), at=at
            )
            people[name] = _staff(actor, role)
        known = frozenset(stage.wiring.policies.current.roles)
        for name, (login, role, purposes) in SYSTEMS.items():
            client, key = register_client(
                tx,
                name=login,
                role=role,
                purposes=[PurposeId(purpose) for purpose in purposes],
                known_roles=known,
                at=at,
            )
            people[name] = principal_of_client(client)
            stage.keys[name] = key
        return people

    stage.people = stage.wiring.database.write(partial(write))
    watch(1, 1)
    return Outcome(sentence=words(stage, "people.done", staff=len(STAFF), systems=len(SYSTEMS)))


def _staff(actor: ActorId, role: str) -> Principal:
    return Principal(id=actor, kind=PrincipalKind.STAFF, roles=frozenset({role}))
