"""How anybody brings a member what the primary has accepted: by an ACC, or by the standing END; and what follows where
the member's own queue cannot match the next block.

Takes what was read of all chains; each step sends one transaction at most.
"""

from eth_account.signers.local import LocalAccount

from zklink.protocol.bridge_blocks import ImportCall, MismatchCall
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.errors import CallReverted
from zklink.protocol.facts import Accepted
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.limits import MAX_LATER
from zklink.recovery.accepted_block import AcceptedBlock
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.groups_asked import list_accepted
from zklink.recovery.import_batch import take_batch
from zklink.recovery.long_paths import open_path, show_path
from zklink.recovery.outcome import Done, Outcome, show_count
from zklink.recovery.words_kept import Both

NOT_READ: Both = (b"", b"")
"""In place of evidence once END stands."""


def import_accepted(read: ChainsRead, chain: ChainId, account: LocalAccount) -> Outcome | None:
    """Import the next blocks for which an ACC is known; None if there are none."""
    tip, height = read.bridges[chain].history.tip(), read.history().height
    if tip.number >= height or read.bridges[chain].member_end.end_state().stands:
        return None
    found = find_fact(read, chain, tip)
    return None if found is None else _import(read, chain, account, tip, *found)


def import_up_to_end(read: ChainsRead, chain: ChainId, account: LocalAccount, end: Accepted) -> Outcome | None:
    """Import the next blocks up to the standing END's; None if all are there."""
    tip = read.bridges[chain].history.tip()
    return None if tip.number == end.number else _import(read, chain, account, tip, end, NOT_READ)


def find_fact(read: ChainsRead, chain: ChainId, tip: Tip) -> tuple[Accepted, Both] | None:
    """An ACC that a member with this tip can be shown and takes, for as high a block as possible. Signers are asked
    first, then the calldata of all members.
    """
    history, base, judge = read.history(), Accepted(tip.number, tip.sync_hash), read.judge(chain)
    top = Accepted(history.height, history.sync_hash(history.height))
    reach = MAX_LATER + 1
    if top.number <= tip.number + reach:
        both = read.groups.find_accepted(history, top, judge)
        if both is not None:
            return top, both
    for is_learning in (False, True):
        if is_learning:
            read.learn()
        for place in list_accepted(read.groups.kept, history, base, reach):
            both = judge.choose_both(read.groups.kept, place)
            if both is not None:
                return place, both
    for covered in read.groups.all_covered():
        if tip.number < covered.number <= tip.number + reach:
            both = read.groups.find_accepted(history, covered, judge)
            if both is not None:
                return covered, both
    return None


def _import(
    read: ChainsRead, chain: ChainId, account: LocalAccount, tip: Tip, top: Accepted, both: Both
) -> Outcome | None:
    """Import as many blocks of the way to `top` as one call takes. Where the queue cannot match one of them, those
    before it, and then that is shown; None if that is known already, and it waits for END.
    """
    history, blocks = read.bridges[chain].member_history, read.lead(chain, tip, top)
    members = [block.member_block(chain) for block in blocks]
    count = take_batch((member.words for member in members), (len(member.claims) for member in members))
    while True:
        opened = open_path(read, chain, account, blocks[count:])
        if opened is not None:
            return opened
        call = ImportCall(
            BlockNumber(tip.number + 1), tuple(members[:count]), show_path(blocks[count:]), *both, pay=False
        )
        try:
            history.import_blocks(account, call)
        except CallReverted:
            if history.is_unmatched(members[0])[0]:
                return _show_mismatch(read, chain, account, blocks, both)
            if count == 1:
                raise
            count //= 2
        else:
            return Done(f"{show_count(count, 'block')} from {tip.number + 1} on imported")


def _show_mismatch(
    read: ChainsRead, chain: ChainId, account: LocalAccount, blocks: list[AcceptedBlock], both: Both
) -> Outcome | None:
    """Show the block next to the tip, which the member's queue cannot match. None if it is frozen already."""
    if both is not NOT_READ and read.bridges[chain].is_frozen():
        return None
    opened = open_path(read, chain, account, blocks[1:])
    if opened is not None:
        return opened
    call = MismatchCall(blocks[0].member_block(chain), show_path(blocks[1:]), *both)
    read.bridges[chain].member_end.show_mismatch(account, call)
    number = blocks[0].number
    if both is NOT_READ:
        return Done(f"seceded: its queue cannot match block {number}; it ends at block {number - 1}")
    return Done(f"frozen: its queue cannot match block {number}")
