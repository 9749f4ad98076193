"""Blocks that a sequencer or an attacker writes for a stand, as calls of its histories: sealed and proven whatever they
say, with the evidence of watchers that is handed in.

Takes requests, payouts and facts; gives calls. Follows what each primary has really accepted.
"""

from typing import Any

from tests.support.lines import Line, Link
from tests.support.star_stand import HERE, PRIMARY, SEQUENCER, Stand
from zklink.lab.conformance import AWAY, HOME
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.bridge_blocks import AcceptCall, FullBlock, ImportCall, build_block
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.facts import Accepted, QueueFact
from zklink.protocol.ids import SLICE_COUNT, BlockNumber, Lane


class StarBlocks:
    """The blocks of a system and of the copy beside it."""

    def __init__(self, stand: Stand, copy: Stand | None) -> None:
        self.stand, self.copy = stand, copy
        self.lines = {each.primary: _open_line(each) for each in (stand, copy) if each is not None}
        self.proposed: list[Link] = []

    def stand_at(self, chain: str) -> Stand:
        """The system whose primary a chain is."""
        if chain == self.stand.primary:
            return self.stand
        assert self.copy is not None, "this stand has no copy"
        return self.copy

    def accept(self, chain: str, request: SwapRequest, payout: Payout, fact: QueueFact, watchers: bytes) -> Any:
        """The primary's call for a block that consumes a request of home and has one payout."""
        stand = self.stand_at(chain)
        link = self._draft(stand, request, payout)
        seal = stand.groups.seal(link.number, link.sync_hash)
        call = AcceptCall(link.number, (link.full,), (fact,), seal, watchers, True)
        return stand.history(chain).functions.accept(*call.abi())

    def serve(self, request: SwapRequest) -> BlockNumber:
        """The sequencer's block for a request of the primary itself, for which nobody vouches: the primary has it."""
        link = self._draft(self.stand, request, Payout.paid(request, request.amount))
        seal = self.stand.groups.seal(link.number, link.sync_hash)
        call = AcceptCall(link.number, (link.full,), (), seal, b"", True)
        accept = self.stand.history(AWAY).functions.accept(*call.abi())
        sent = self.stand.world.send(AWAY, accept, SEQUENCER.address, "the sequencer's block")
        assert sent.is_done, sent.reason()
        return link.number

    def import_up_to(self, last: BlockNumber, watchers: bytes) -> Any:
        """Home's call for blocks up to one; for those it has, the call that brought the last of them."""
        line, number = self._line(AWAY), _tip(self.stand, HOME).number
        first = number + 1 if number < last else last
        acc = self.stand.groups.acc(last, line.sync_hash(last))
        blocks = tuple(link.member(HERE) for link in line.links[first - 1 : last])
        call = ImportCall(BlockNumber(first), blocks, (), acc.validators, watchers, True)
        return self.stand.history(HOME).functions.import_blocks(*call.abi())

    def forge_refund(self, request: SwapRequest, watchers: bytes) -> Any:
        """Home's call for a block that nobody has accepted."""
        line = self._line(AWAY).branch(_tip(self.stand, HOME).number)
        (link,) = line.append(_compose(self.stand, line, request, Payout.refunded(request)))
        acc = self.stand.groups.acc(link.number, link.sync_hash)
        call = ImportCall(link.number, (link.member(HERE),), (), acc.validators, watchers, True)
        return self.stand.history(HOME).functions.import_blocks(*call.abi())

    def accepted_digest(self, number: BlockNumber) -> bytes:
        """What both groups sign of a block that the primary has."""
        return Accepted(number, self._line(AWAY).sync_hash(number)).digest(self.stand.deployment_hash)

    def _draft(self, stand: Stand, request: SwapRequest, payout: Payout) -> Link:
        line = self._line(stand.primary)
        (link,) = line.branch(line.height).append(_compose(stand, line, request, payout))
        self.proposed.append(link)
        return link

    def _line(self, primary: str) -> Line:
        """The blocks that a primary has, as it has taken them."""
        line, tip = self.lines[primary], _tip(self.stand_at(primary), primary)
        if tip.number > line.height:
            line.links += [link for link in self.proposed if link.sync_hash == tip.sync_hash][:1]
        assert line.sync_hash() == tip.sync_hash, "the primary has a block that is not known"
        return line


def _open_line(stand: Stand) -> Line:
    return Line(stand.groups, stand.deployment.genesis.root, PRIMARY, (HERE,))


def _tip(stand: Stand, chain: str) -> Tip:
    return Tip.from_abi(stand.history(chain).functions.tip().call())


def _compose(stand: Stand, line: Line, request: SwapRequest, payout: Payout) -> FullBlock:
    """A block of the primary's time, or of the request's if that is later."""
    slices: list[tuple[int, ...]] = [()] * SLICE_COUNT
    for chain, words in ((request.source, request.words()), (payout.chain, payout.words())):
        slices[chain] += words
    time = max(stand.world.chain(stand.primary).head_timestamp(), request.queued_at)
    block = build_block(Lane.SWAP, time, tuple(map(len, slices)), line.root() + 1, 1_000 + line.height)
    return FullBlock(block, tuple(slices))
