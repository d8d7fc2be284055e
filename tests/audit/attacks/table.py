"""Every attack on the log: what is done, who notices it, and what each of them says.

Four can notice: the product itself (`sekisho audit verify`, with the checkpoint kept outside the
database), an auditor with the offline verifier and an older checkpoint, a witness that cosigned
the older checkpoint, and the count of each process's numbers. Beside them stands whether the
application still starts on this database.
"""

from collections.abc import Callable
from dataclasses import dataclass

from audit.findings import Finding
from audit.types import Verdict
from audit.verifier.findings import Finding as Outside
from audit.witness.protocol import Refusal
from tests.audit.attacks import acts
from tests.audit.attacks.acts import run
from tests.audit.attacks.detecting import Said
from tests.audit.bench import Bench

Act = Callable[[Bench], Bench | None]  # gives the log back where another key goes on with it


def tampered(finding: Finding | Outside, at_seq: int | None) -> Said:
    return Said(verdict=Verdict.TAMPERED, finding=finding, at_seq=at_seq)


def incomplete(finding: Finding | Outside, at_seq: int | None) -> Said:
    return Said(verdict=Verdict.INCOMPLETE, finding=finding, at_seq=at_seq)


SOUND = Said(verdict=Verdict.VERIFIED_SELF_SIGNED)
NO_BUNDLE = None  # the export itself refuses
F, A = Finding, Outside  # as the product and as an auditor name it


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One row of the table."""

    id: str
    act: Act
    product: Said
    offline: Said | None
    witness: Refusal | None = None  # None: it cosigns what it is shown
    lost: tuple[int, ...] = ()  # numbers that nothing accounts for
    starts: bool = True


ATTACKS = (
    # rows are edited, deleted, inserted, reordered
    Attack(
        id="event edited",
        act=acts.edit_event,
        product=tampered(F.LEAF, 4),
        offline=tampered(A.LEAF, 4),
    ),
    Attack(
        id="leaf deleted",
        act=run("DELETE FROM audit_leaf WHERE seq = 3"),
        product=tampered(F.ROW_MISSING, 3),
        offline=incomplete(A.MISSING, 3),
    ),
    Attack(
        id="event deleted",
        act=acts.delete_event,
        product=tampered(F.ROW_MISSING, 1),
        offline=incomplete(A.MISSING, 1),
    ),
    Attack(
        id="event inserted in the middle",
        act=acts.insert_row,
        product=tampered(F.LEAF, 3),
        offline=tampered(A.LEAF, 3),
    ),
    Attack(
        id="events reordered",
        act=acts.swap_events,
        product=tampered(F.LEAF, 2),
        offline=tampered(A.LEAF, 2),
    ),
    # personal parts
    Attack(
        id="payload swapped",
        act=run("UPDATE audit_part SET payload = salt WHERE ord = 1"),
        product=tampered(F.PART, 2),
        offline=NO_BUNDLE,
    ),
    Attack(
        id="part removed",
        act=run("DELETE FROM audit_part WHERE ord = 1"),
        product=tampered(F.PART, 2),
        offline=tampered(A.LEAF, 2),
    ),
    Attack(
        id="parts reordered",
        act=run("UPDATE audit_part SET ord = 1 - ord + 2"),
        product=tampered(F.PART, 2),
        offline=tampered(A.LEAF, 2),
    ),
    Attack(
        id="payload shredded by a lawful erasure",
        act=acts.shred_lawfully,
        product=SOUND,
        offline=SOUND,
    ),
    Attack(
        id="payload shredded secretly",
        act=acts.destroy_secretly,
        product=tampered(F.PART_DESTROYED, 2),
        offline=tampered(A.PART_DESTROYED, 2),
    ),
    Attack(
        id="payload shredded under another person's erasure",
        act=acts.destroy_under_another_erasure,
        product=tampered(F.PART_DESTROYED, 2),
        offline=tampered(A.PART_DESTROYED, 2),
    ),
    Attack(
        id="erasure forgotten before it has its place",
        act=acts.erase_then_forget_it,
        product=tampered(F.PART_DESTROYED, 2),
        offline=incomplete(A.ERASURE_WAITING, 2),
    ),
    # the tail, the whole, two views
    Attack(
        id="tail truncated",
        act=acts.truncate_tail,
        product=tampered(F.ROW_MISSING, 5),
        offline=incomplete(A.MISSING, 5),
    ),
    Attack(
        id="tail truncated, the rest signed anew",
        act=acts.truncate_and_sign,
        product=incomplete(F.ROLLED_BACK, 4),
        offline=incomplete(A.HELD_AHEAD, 7),
        witness=Refusal.CONFLICT,
        starts=False,
    ),
    Attack(
        id="whole log rewritten without the key",
        act=acts.rewrite_without_key,
        product=tampered(F.ROOT, 0),
        offline=tampered(A.LEAF, 0),
        starts=False,
    ),
    Attack(
        id="whole log rewritten with the signing key",
        act=acts.rewrite_with_key,
        product=tampered(F.ROOT, 0),
        offline=tampered(A.FORKED, 7),
        witness=Refusal.CONFLICT,
        starts=False,
    ),
    Attack(
        id="another view for another auditor, the outside copy gone",
        act=acts.show_another_view,
        product=SOUND,  # nothing in this house can tell: that is what witnesses are for
        offline=tampered(A.FORKED, 7),
        witness=Refusal.CONFLICT,
    ),
    Attack(
        id="old database restored",
        act=acts.restore_old,
        product=incomplete(F.ROLLED_BACK, 4),
        offline=incomplete(A.HELD_AHEAD, 7),
        witness=Refusal.CONFLICT,
        starts=False,
    ),
    # before the sequencer
    Attack(
        id="event deleted before sequencing",
        act=acts.delete_before_sequencing,
        product=SOUND,
        offline=SOUND,
        lost=(1,),
    ),
    Attack(
        id="waiting event deleted, its mark left",
        act=acts.delete_waiting,
        product=tampered(F.OUTSIDE_TREE, 7),
        offline=SOUND,
    ),
    Attack(
        id="waiting event hidden from the sequencer",
        act=acts.hide_waiting,
        product=tampered(F.OUTSIDE_TREE, 7),
        offline=SOUND,
    ),
    Attack(
        id="rollback after the event was inserted",
        act=acts.roll_back,
        product=SOUND,
        offline=SOUND,
    ),
    Attack(
        id="sequencer dies in a batch",
        act=acts.die_while_placing,
        product=SOUND,
        offline=SOUND,
    ),
    Attack(
        id="two sequencers",
        act=acts.sequence_twice,
        product=SOUND,
        offline=SOUND,
    ),
    # decisions, of which one event names a whole batch
    Attack(
        id="recorded decision edited",
        act=acts.edit_decision,
        product=tampered(F.DECISION, 7),
        offline=SOUND,
    ),
    Attack(
        id="process dies with decisions in its queue",
        act=acts.die_with_decisions,
        product=SOUND,
        offline=SOUND,
        lost=(4, 5),
    ),
    # time and keys
    Attack(
        id="clock set back",
        act=acts.set_the_clock_back,
        product=SOUND,
        offline=SOUND,
    ),
    Attack(
        id="signing key lost",
        act=acts.lose_the_key,
        product=tampered(F.OTHER_KEY, 8),
        offline=tampered(A.OTHER_KEY, None),
        witness=Refusal.SIGNATURE,
    ),
    Attack(
        id="signing key changed, the old one signed it",
        act=acts.change_the_key,
        product=SOUND,
        offline=SOUND,
        witness=Refusal.SIGNATURE,  # until the witness's keeper lists the new key
    ),
    # what stands beside the leaves
    Attack(
        id="checkpoint moved",
        act=run("UPDATE audit_checkpoint SET size = 6 WHERE size = 7"),
        product=tampered(F.CHECKPOINT, 6),
        offline=SOUND,
    ),
    Attack(
        id="edge of the tree changed",
        act=run("UPDATE audit_tree_state SET size = 3"),
        product=tampered(F.EDGE, 3),
        offline=NO_BUNDLE,
        starts=False,
    ),
)
