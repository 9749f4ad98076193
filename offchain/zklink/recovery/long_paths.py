"""Ways from a member's tip to a later block: short ones stand in the call, longer ones are opened before, a piece at a
time.
"""

from eth_account.signers.local import LocalAccount

from zklink.protocol.bridge_hashes import fold
from zklink.protocol.facts import Accepted
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.limits import MAX_LATER
from zklink.recovery.accepted_block import AcceptedBlock
from zklink.recovery.accepted_history import list_commitments
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.outcome import Done, Outcome


def show_path(blocks: list[AcceptedBlock]) -> tuple[bytes, ...]:
    """The commitments that a call brings; none where `open_path` has shown them."""
    return list_commitments(blocks) if len(blocks) <= MAX_LATER else ()


def open_path(read: ChainsRead, chain: ChainId, account: LocalAccount, blocks: list[AcceptedBlock]) -> Outcome | None:
    """Show a way that is too long for one call, a piece at a time; None when a call can go on."""
    if len(blocks) <= MAX_LATER:
        return None
    base = Accepted(BlockNumber(blocks[0].number - 1), blocks[0].previous_sync_hash)
    return open_way(read, chain, account, base, list_commitments(blocks))


def open_way(
    read: ChainsRead, chain: ChainId, account: LocalAccount, base: Accepted, way: tuple[bytes, ...]
) -> Outcome | None:
    """The same for commitments that lead on from `base`, in whatever history."""
    if len(way) <= MAX_LATER:
        return None
    end, since = read.bridges[chain].member_end, base
    for done in range(0, len(way), MAX_LATER):
        piece = way[done : done + MAX_LATER]
        top = Accepted(BlockNumber(since.number + len(piece)), fold(since.sync_hash, piece))
        if not end.is_opened((base.number, base.sync_hash), (top.number, top.sync_hash)):
            end.open_path(account, (base.number, base.sync_hash), (since.number, since.sync_hash), piece)
            return Done(f"history opened up to block {top.number}")
        since = top
    return None
