"""One Solana chain's history as a sequencer sees it: blocks are brought, executed and paid by the program's calls.

Takes who brings and who pays; gives what the chain says, at `confirmed`. What it keeps is what waits: payouts that the
program refuses to pay at present, which are tried again from time to time and hold up nothing.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from solders.pubkey import Pubkey

from zklink.l1.transport.receipts import Receipt
from zklink.primitives.base58 import decode_base58
from zklink.protocol.bridge_hashes import ZERO_HASH, Tip, compute_owed_hash
from zklink.protocol.errors import L1Error
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.bridge_calls import encode_member
from zklink.sequencer.decision import Action, ChainView, Execute, Import
from zklink.sequencer.horizon import Horizon
from zklink.sequencer.sealed_block import SealedBlock
from zklink.sequencer.submitter import FinalView, Sent
from zklink.solana.client.acts import read_acts
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.client.importing import BlockAccount, Evidence, Importer, read_blocks
from zklink.solana.client.node import CONFIRMED
from zklink.solana.client.paying import Payer
from zklink.solana.client.program import Program
from zklink.solana.client.sending import Sender
from zklink.solana.interface import accounts
from zklink.solana.interface.instructions import IMPORT_BLOCK

AGAIN_SECONDS: Final = 30.0
"""Between two tries to pay what waits."""
WEI_PER_LAMPORT: Final = 10**9
"""What a lamport counts where costs are in wei: 10^18 wei and 10^9 lamports are a coin."""
MOST_ACCOUNTS: Final = 100
"""Accounts that one question of a node can name."""


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
        self._waiting: dict[BlockNumber, tuple[Pubkey, frozenset[int]]] = {}
        self._others: dict[BlockNumber, Pubkey] = {}
        """Accounts of blocks that somebody else has brought."""
        self._tried_at = clock()

    @property
    def chain(self) -> ChainId:
        return self._chain

    def view(self, horizon: Horizon) -> ChainView:
        """Raises RpcUnavailable also while the node is behind. What waits is tried again here, if it is time."""
        self._pay_waiting()
        reading = self._bridge.read(CONFIRMED)
        tip = reading.tip
        return ChainView(self._chain, tip, self._find_owed(tip, horizon), reading.is_frozen)

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

    def _settle(self, number: BlockNumber, key: Pubkey) -> None:
        """Execute, pay, and give the rent back if nothing waits."""
        self._importer.execute(key)
        waiting = self._payer.pay_all(key)
        self._waiting.pop(number, None)
        if waiting:
            self._waiting[number] = key, frozenset(each.index for each in waiting)
        elif number not in self._others and self._read([key])[0] is not None:
            self._importer.close(key)

    def _pay_waiting(self) -> None:
        now = self._clock()
        if self._waiting and now - self._tried_at >= AGAIN_SECONDS:
            self._tried_at = now
            for number, (key, _) in tuple(self._waiting.items()):
                self._settle(number, key)

    def _find_owed(self, tip: Tip, horizon: Horizon) -> dict[BlockNumber, bytes]:
        """Blocks that are not executed, and those with payouts that nobody has tried to pay. A block that somebody else
        has brought is looked for while the bridge has unexecuted ones beyond those that are known.
        """
        blocks = horizon.blocks[: max(tip.number - horizon.start, 0)]
        found = self._read_all(blocks)
        if tip.unpaid > sum(each.fields["stage"] == accounts.IMPORTED for each in found.values()):
            self._find_others()
            found = self._read_all(blocks)
        words = {block.number: block.payout_words(self._chain) for block in blocks}
        return {number: compute_owed_hash(words[number]) for number, each in found.items() if self._is_owed(each)}

    def _read_all(self, blocks: Sequence[SealedBlock]) -> dict[BlockNumber, BlockAccount]:
        """The accounts of these blocks that are there."""
        found: dict[BlockNumber, BlockAccount] = {}
        for at in range(0, len(blocks), MOST_ACCOUNTS):
            part = blocks[at : at + MOST_ACCOUNTS]
            shown = zip(part, self._read(map(self._place, part)), strict=True)
            found |= {block.number: each for block, each in shown if each is not None}
        return found

    def _find_others(self) -> None:
        """The accounts from which the bridge has lately imported blocks."""
        acts = read_acts(self._bridge.node, self._program, self._bridge.address, most=MOST_ACCOUNTS)
        keys = {act.places["block"] for act in acts if act.name == IMPORT_BLOCK.name}
        for each in self._read([Pubkey.from_string(key) for key in keys]):
            if each is not None and each.fields["writer"] != bytes(self._sender.payer.pubkey()):
                self._others[BlockNumber(each.fields["number"])] = each.key

    def _is_owed(self, found: BlockAccount) -> bool:
        number, stage = BlockNumber(found.fields["number"]), found.fields["stage"]
        _, waiting = self._waiting.get(number, (None, frozenset[int]()))
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
