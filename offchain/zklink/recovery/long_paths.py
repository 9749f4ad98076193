"""Ways from a member's tip to a later block: short ones stand in the call, longer ones are opened before, a piece at a
time.
"""

from eth_account.signers.local import LocalAccount

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
    end, first = read.bridges[chain].member_end, blocks[0]
    base = (BlockNumber(first.number - 1), first.previous_sync_hash)
    for done in range(0, len(blocks), MAX_LATER):
        piece = blocks[done : done + MAX_LATER]
        if not end.is_opened(base, (piece[-1].number, piece[-1].sync_hash)):
            since = (BlockNumber(piece[0].number - 1), piece[0].previous_sync_hash)
            end.open_path(account, base, since, list_commitments(piece))
            return Done(f"history opened up to block {piece[-1].number}")
    return None
