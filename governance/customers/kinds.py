"""What a row of each kind of file becomes: its table, its own number, whom and what it refers to.

A new kind is an entry here and its columns in data/columns.yaml; the path is the same for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from governance.customers.types import ProblemKind, SourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A column of a file that names another row by its key at the source."""

    column: str  # in the file
    into: str  # column of the row that names it in the store
    to: str  # table, or `household`, which is nothing but its members
    unknown: ProblemKind  # why a row waits whose reference nothing has
    gives_owner: bool = False  # the row is about the person whom that row is about
    same_person: bool = False  # that row must be about the person, too


@dataclass(frozen=True, slots=True, kw_only=True)
class RowKind:
    """One kind of file whose rows go into a table of the customer store."""

    table: str
    key: str = ""  # the column that numbers the rows at the source; none for some
    references: tuple[Reference, ...] = ()
    identity: tuple[tuple[str, ...], ...] = ()  # what tells rows of one person apart; of each
    # group the first column that the row has
    loose: tuple[str, ...] = ()  # tells rows apart where both have it
    defaults: Mapping[str, str] = field(default_factory=dict)  # canonical words for silent columns
    names_person: bool = False  # a row may bring the person, too, who then joins the register


_COMPANY = Reference(
    column="company_id", into="company_id", to="company", unknown=ProblemKind.COMPANY_UNKNOWN
)
_PURCHASE = Reference(
    column="purchase_id",
    into="purchase_id",
    to="purchase",
    unknown=ProblemKind.PURCHASE_UNKNOWN,
    same_person=True,
)
_INQUIRY = Reference(
    column="inquiry_id",
    into="inquiry_id",
    to="inquiry",
    unknown=ProblemKind.INQUIRY_UNKNOWN,
    gives_owner=True,
)
_OTHER = Reference(
    column="other_customer_id",
    into="other_subject_id",
    to="person",
    unknown=ProblemKind.CUSTOMER_UNKNOWN,
)
_HOUSEHOLD = Reference(
    column="household_id",
    into="household_id",
    to="household",
    unknown=ProblemKind.MISSING_REQUIRED,
)
KINDS: Mapping[SourceKind, RowKind] = {
    SourceKind.CUSTOMERS: RowKind(table="person", key="customer_id"),
    SourceKind.OPTIN: RowKind(table="person", key="form_id"),
    SourceKind.COMPANIES: RowKind(table="company", key="company_id"),
    SourceKind.PURCHASES: RowKind(table="purchase", key="purchase_id"),
    SourceKind.INQUIRIES: RowKind(table="inquiry", key="inquiry_id"),
    SourceKind.DEALS: RowKind(table="deal", key="deal_id"),
    SourceKind.CONTACTS: RowKind(
        table="contact",
        references=(_COMPANY,),
        identity=(("company_id",),),
        loose=("valid_from",),
        names_person=True,
    ),
    SourceKind.RELATIONS: RowKind(
        table="relation",
        references=(_OTHER,),
        identity=(("kind",), ("other_subject_id", "other_name")),
    ),
    SourceKind.HOUSEHOLDS: RowKind(
        table="household_member", references=(_HOUSEHOLD,), identity=(("household_id",),)
    ),
    SourceKind.SUBSCRIPTIONS: RowKind(
        table="subscription",
        key="subscription_id",
        references=(_PURCHASE,),
        identity=(("source_key",),),
    ),
    SourceKind.MESSAGES: RowKind(
        table="inquiry_message",
        references=(_INQUIRY,),
        identity=(("inquiry_id",), ("direction",), ("sent_at",), ("body",)),
    ),
    SourceKind.PERMISSIONS: RowKind(
        table="channel_permission",
        identity=(("channel",), ("kind",)),
        defaults={"kind": "any"},
    ),
    SourceKind.PREFERENCES: RowKind(table="preference", identity=(("topic",),)),
    SourceKind.TAGS: RowKind(
        table="person_tag", identity=(("vocabulary",), ("label", "special_label"))
    ),
}
