"""The policy of an installation at its start: the version in force, or the first one."""

from sqlalchemy.exc import IntegrityError

from governance.app.catalogue import policy_fields
from governance.core.clock import Clock
from governance.core.settings import Settings
from governance.customers.catalogue import catalogue
from governance.customers.catalogue_checks import check_purposes
from governance.customers.custom.declaration import Declaration, check_against
from governance.customers.ports import Ports
from policies.admin.documents import Documents, read_documents, shipped_documents
from policies.admin.loading import load_or_nothing
from policies.admin.service import first_start
from policies.admin.types import Desk
from policies.in_force import number_in_force
from policies.snapshot import PolicySnapshot


def desk_of(ports: Ports, declared: Declaration) -> Desk:
    """The administration of this installation's policy, which must know its own fields' terms."""

    def fits(snapshot: PolicySnapshot) -> None:
        if snapshot.policy is not None:
            check_against(declared, snapshot.policy.categories, snapshot.purposes.values())

    return Desk(ports=ports, added=policy_fields(declared), fits=fits)


def first_documents(settings: Settings) -> Documents:
    """What an installation without a version begins with: its own folder, or what is shipped."""
    return (
        shipped_documents() if settings.policy_dir is None else read_documents(settings.policy_dir)
    )


def start(desk: Desk, settings: Settings) -> None:
    """The policy in force decides in this process; a stored one that cannot be proved, nothing.

    Raises what is wrong with the installation's catalogue, or with its first policy.
    """
    with desk.ports.database.read() as tx:
        found = load_or_nothing(tx, desk)
    first = found is None
    number, snapshot = found or (0, desk.compiled(first_documents(settings)))
    desk.fits(snapshot)
    if first:
        check_purposes(catalogue(), snapshot.purposes)
    desk.ports.policies.swap(snapshot, number=number)


def settle(desk: Desk, settings: Settings, *, clock: Clock) -> None:
    """An installation without a version has its first one in force."""
    if _settled(desk):
        return
    documents, at = first_documents(settings), clock()
    try:
        desk.ports.database.write(lambda tx: first_start(tx, desk, documents, at=at))
    except IntegrityError:  # another process was first
        if not _settled(desk):
            raise


def _settled(desk: Desk) -> bool:
    with desk.ports.database.read() as tx:
        return bool(number_in_force(tx))
