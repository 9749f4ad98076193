"""Reads evidence back out of the calls by which a member imported blocks: anybody can show another member the same.

Takes a transaction's input and the member's event; gives the fact that the call showed, with its evidence. Never
decides whether the evidence is good (contracts/Groups.vy does): once END stands, a member does not read it.
"""

from functools import lru_cache
from typing import Final

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_events import BlocksImported
from zklink.l1.contracts.histories import MEMBER_HISTORY
from zklink.l1.published.abi_reader import SELECTOR_BYTES, Calldata, Function, Limits
from zklink.protocol.bridge_hashes import fold
from zklink.protocol.errors import CallRefused
from zklink.protocol.facts import Accepted
from zklink.protocol.ids import BlockNumber
from zklink.protocol.limits import MAX_BLOCKS, MAX_CLAIMS, MAX_EVIDENCE_BYTES, MAX_LATER, MAX_WORDS_BYTES

LIMITS: Final[Limits] = {
    "blocks": (MAX_BLOCKS,),
    "claims": (MAX_CLAIMS,),
    "later": (MAX_LATER,),
    "validators": (MAX_EVIDENCE_BYTES,),
    "watchers": (MAX_EVIDENCE_BYTES,),
    "words": (MAX_WORDS_BYTES,),
}
"""The lengths that contracts/interfaces/IMemberHistory.vyi declares."""


@lru_cache(maxsize=1)
def import_function() -> Function:
    """`import_blocks` as a member's history reads it."""
    return Function.of(load_contract(MEMBER_HISTORY).abi, "import_blocks", LIMITS)


def decode_import_evidence(data: bytes, event: BlocksImported) -> tuple[Accepted, bytes, bytes]:
    """The fact that an input shows to a member, and the evidence of validators and watchers. Raises CallRefused if it
    is no call of `import_blocks`, or one of other blocks than the event's.
    """
    function = import_function()
    if data[:SELECTOR_BYTES] != function.selector:
        raise CallRefused("the selector", int.from_bytes(data[:SELECTOR_BYTES], "big"), 0)
    first, blocks, _, later, validators, watchers, _, _ = function.read(Calldata(data))
    if first + len(blocks) - 1 != event.last:
        raise CallRefused("the last block", first + len(blocks) - 1, event.last)
    later = tuple(map(bytes, later))
    place = Accepted(BlockNumber(event.last + len(later)), fold(event.sync_hash, later))
    return place, bytes(validators), bytes(watchers)
