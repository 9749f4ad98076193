"""One Solana chain's history as a sequencer sees it: blocks are brought, executed and paid by the program's calls.

Takes who brings and who pays; gives what the chain says, at `confirmed`. What it keeps is what waits: payouts that the
program refuses to pay at present. They are tried again, more and more seldom, and hold up nothing, however many a
stranger makes: at most one block is tried a view, and no failure of it ends the view.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from solders.pubkey import Pubkey

from zklink.l1.transport.receipts import Receipt
from zklink.l1.transport.redaction import redact
from zklink.primitives.base58 import decode_base58
from zklink.protocol.bridge_hashes import ZERO_HASH, Tip, compute_owed_hash
from zklink.protocol.errors import L1Error
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.bridge_calls import encode_member
from zklink.sequencer.decision import Action, ChainView, Execute, Import
from zklink.sequencer.horizon import Horizon
from zklink.sequencer.sealed_block import SealedBlock
from zklink.sequencer.submitter import FinalView, Sent
from zklink.solana.client.acts import list_signatures, read_listed
from zklink.solana.client.bridge import BridgeReading, SolanaBridge
from zklink.solana.client.importing import BlockAccount, Evidence, Importer, read_blocks
from zklink.solana.client.node import CONFIRMED
from zklink.solana.client.paying import Payer
from zklink.solana.client.program import Program
from zklink.solana.client.sending import Sender
from zklink.solana.interface import accounts
from zklink.solana.interface.instructions import IMPORT_BLOCK

log = logging.getLogger(__name__)

AGAIN_SECONDS: Final = 30.0
"""From the first try to pay what waits to the second; each further pause is twice as long. Also after a search in vain
for blocks that others have brought.
"""
LONGEST_PAUSE_SECONDS: Final = 3_600.0
WEI_PER_LAMPORT: Final = 10**9
"""What a lamport counts where costs are in wei: 10^18 wei and 10^9 lamports are a coin."""
MOST_ACCOUNTS: Final = 100
"""Accounts that one question of a node can name."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Payouts of a block that cannot be paid now, when they are due again, and after which pause."""

    key: Pubkey
    payouts: frozenset[int]
    due: float
    pause: float


class ProgramGate:
    """The ChainGate of a Solana member. The sender pays for every call and lends the rent of blocks' accounts."""

    def __init__(
        self,
        chain: ChainId,
        bridge: SolanaBridge,
        program: Program,
        sender: Sender,
        deployment_hash: bytes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chain, self._bridge, self._program, self._sender, self._clock = chain, bridge, program, sender, clock
        self._importer = Importer(bridge, program, sender)
        self._payer = Payer(program, sender, deployment_hash)
        self._waiting: dict[BlockNumber, _Waiting] = {}
        self._others: dict[BlockNumber, Pubkey] = {}
        """Accounts of blocks that somebody else has brought."""
        self._searched_at = clock() - AGAIN_SECONDS
        self._before: str | None = None
        """Where the next search goes on, from the newest transaction to older ones."""
        self._sought: set[BlockNumber] = set()
        """What was missing when the search began at the newest transaction."""
        self._gone: set[BlockNumber] = set()
        """Blocks with payouts and without an account: closed here, or searched for in vain in all of the history."""

    @property
    def chain(self) -> ChainId:
        return self._chain

    def view(self, horizon: Horizon) -> ChainView:
        """Raises RpcUnavailable also while the node is behind. What waits is tried again here, if it is time."""
        self._pay_waiting()
        reading = self._bridge.read(CONFIRMED)
        tip = reading.tip
        return ChainView(self._chain, tip, self._find_owed(reading, horizon), reading.is_frozen)

    def final(self) -> FinalView | None:
        """A member is never asked."""
        return None

    def send(self, actions: Sequence[Action], horizon: Horizon) -> Sequence[Sent]:
        return [self._act(action, horizon) for action in actions]

    def _act(self, action: Action, horizon: Horizon) -> Sent:
        """One action, a call after the other. A receipt stands for all of them."""
        before = self._sender.paid
        try:
            match action:
                case Import(blocks):
                    for number in blocks:
                        self._bring(action, number, horizon)
                case Execute(number):
                    self._settle(number, self._place(horizon.block(number)))
                case _:
                    raise AssertionError(f"{action} is none of a member's")
        except L1Error as error:
            return Sent(action, None, error)
        return Sent(action, self._receipt(self._sender.paid - before))

    def _bring(self, action: Import, number: BlockNumber, horizon: Horizon) -> None:
        evidence = action.evidence
        later = horizon.commitments(number, evidence.fact.number)
        member = encode_member(number, self._chain, horizon)
        self._importer.bring(number, member, Evidence(evidence.validators, evidence.watchers, later))
        self._settle(number, self._place(horizon.block(number)))

    def _settle(self, number: BlockNumber, key: Pubkey, pause: float = AGAIN_SECONDS) -> None:
        """Execute, pay, and take the rent back: all of it if nothing waits, else what the waiting payouts do not need.
        They are due again after `pause` seconds.
        """
        self._importer.execute(key)
        waiting = self._payer.pay_all(key)
        self._waiting.pop(number, None)
        if waiting:
            payouts = frozenset(each.index for each in waiting)
            self._waiting[number] = _Waiting(key, payouts, self._clock() + pause, pause)
        [left] = [None] if number in self._others else self._read([key])
        if left is not None and (not waiting or not left.is_shrunk):
            self._importer.close(key)
        if left is not None and not waiting:
            self._gone.add(number)

    def _pay_waiting(self) -> None:
        """Try the block that has been due for longest, if one is."""
        number = min(self._waiting, key=lambda each: self._waiting[each].due, default=None)
        if number is None or self._clock() < self._waiting[number].due:
            return
        tried = self._waiting[number]
        pause = min(2 * tried.pause, LONGEST_PAUSE_SECONDS)
        self._waiting[number] = replace(tried, due=self._clock() + pause, pause=pause)
        try:
            self._settle(number, tried.key, pause)
        except L1Error as error:
            log.warning("payouts of block %d wait: %s", number, redact(str(error)))

    def _find_owed(self, reading: BridgeReading, horizon: Horizon) -> dict[BlockNumber, bytes]:
        """Blocks that are not executed, and those with payouts that nobody has tried to pay."""
        tip = reading.tip
        blocks = horizon.blocks[: max(tip.number - horizon.start, 0)]
        named = self._note_places(reading, blocks)
        found = self._read_all(blocks)
        self._gone |= named - found.keys()
        if self._is_lacking(tip, blocks, found) and self._clock() - self._searched_at >= AGAIN_SECONDS:
            found = self._search(tip, blocks, found)
        words = {block.number: block.payout_words(self._chain) for block in blocks}
        return {number: compute_owed_hash(words[number]) for number, each in found.items() if self._is_owed(each)}

    def _note_places(self, reading: BridgeReading, blocks: Sequence[SealedBlock]) -> set[BlockNumber]:
        """Take over where the newest blocks were imported from, which the bridge says itself; gives these blocks."""
        named = set[BlockNumber]()
        for block in blocks[-accounts.BLOCK_PLACES :]:
            place = reading.block_place(block.number)
            if place is None:
                continue
            named.add(block.number)
            if place == bytes(self._importer.account_of(block.number, block.block.inputs.commitment)):
                self._others.pop(block.number, None)
            else:
                self._others[block.number] = Pubkey(place)
        return named

    def _is_lacking(self, tip: Tip, blocks: Sequence[SealedBlock], found: Mapping[BlockNumber, BlockAccount]) -> bool:
        """Whether somebody else may have brought a block whose account is not known: the bridge has more unexecuted
        ones than are known, or one with payouts has no account, though it was not closed here.
        """
        return tip.unpaid > _count_unpaid(found) or bool(self._list_missing(blocks, found) - self._gone)

    def _list_missing(
        self, blocks: Sequence[SealedBlock], found: Mapping[BlockNumber, BlockAccount]
    ) -> set[BlockNumber]:
        return {block.number for block in blocks if block.number not in found and block.payout_words(self._chain)}

    def _search(
        self, tip: Tip, blocks: Sequence[SealedBlock], found: Mapping[BlockNumber, BlockAccount]
    ) -> dict[BlockNumber, BlockAccount]:
        """The accounts that are known after a look at a page of the bridge's history."""
        missing, is_last = self._list_missing(blocks, found), False
        if self._before is None:
            self._sought = missing
        try:
            is_last = self._find_others(blocks[0].timestamp if blocks else 0)
        except L1Error as error:  # a history that the node does not show is no reason to bring no block
            log.warning("blocks that others have brought are not to be seen: %s", redact(str(error)))
        known = self._read_all(blocks)
        if is_last:
            self._gone = (self._gone | self._sought) & self._list_missing(blocks, known)
        if self._is_lacking(tip, blocks, known):
            self._searched_at = self._clock()
        else:
            self._before = None
        return known

    def _read_all(self, blocks: Sequence[SealedBlock]) -> dict[BlockNumber, BlockAccount]:
        """The accounts of these blocks that are there."""
        found: dict[BlockNumber, BlockAccount] = {}
        for at in range(0, len(blocks), MOST_ACCOUNTS):
            part = blocks[at : at + MOST_ACCOUNTS]
            shown = zip(part, self._read(map(self._place, part)), strict=True)
            found |= {block.number: each for block, each in shown if each is not None}
        return found

    def _find_others(self, since: int) -> bool:
        """The accounts from which the bridge has imported blocks, without those that are gone: a lost fork may have
        taken them; says whether there is no older page. A search reads one page of the bridge's history, and the next
        one goes on behind it until the time `since`: who brought a block may have hidden it behind other transactions.
        """
        node, place = self._bridge.node, self._bridge.address
        page = list_signatures(node, place, before=self._before, most=MOST_ACCOUNTS)
        is_last = len(page) < MOST_ACCOUNTS or (page[-1]["blockTime"] or since) < since
        self._before = None if is_last else str(page[-1]["signature"])
        acts = read_listed(node, self._program, place, page)
        named = {act.places["block"] for act in acts if act.name == IMPORT_BLOCK.name}
        known = [*self._others.values(), *map(Pubkey.from_string, named)]
        keys, own = list(dict.fromkeys(known)), bytes(self._sender.payer.pubkey())
        parts = (self._read(keys[at : at + MOST_ACCOUNTS]) for at in range(0, len(keys), MOST_ACCOUNTS))
        found = [each for part in parts for each in part if each is not None and each.fields["writer"] != own]
        self._others = {
            BlockNumber(each.fields["number"]): each.key for each in found if each.fields["stage"] != accounts.WRITING
        }
        return is_last

    def _is_owed(self, found: BlockAccount) -> bool:
        number, stage = BlockNumber(found.fields["number"]), found.fields["stage"]
        waiting = self._waiting[number].payouts if number in self._waiting else frozenset[int]()
        unpaid = {index for index in range(found.fields["payouts"]) if not found.is_paid(index)}
        return stage == accounts.IMPORTED or (stage == accounts.EXECUTED and not unpaid <= waiting)

    def _place(self, block: SealedBlock) -> Pubkey:
        own = self._importer.account_of(block.number, block.block.inputs.commitment)
        return self._others.get(block.number, own)

    def _read(self, keys: Iterable[Pubkey]) -> list[BlockAccount | None]:
        return read_blocks(self._sender.node, self._program, list(keys))

    def _receipt(self, lamports: int) -> Receipt | None:
        """The last call of an action, which has cost so many lamports; None if nothing was sent. Lamports stand for
        gas, and one for 10^9 wei: both make the same coin.
        """
        last = self._sender.last
        if last is None or not lamports:
            return None
        return Receipt(decode_base58(last.tx_id, 64), last.height, ZERO_HASH, True, lamports, WEI_PER_LAMPORT, None, ())


def _count_unpaid(found: Mapping[BlockNumber, BlockAccount]) -> int:
    """Those that wait for their execution."""
    return sum(each.fields["stage"] == accounts.IMPORTED for each in found.values())
