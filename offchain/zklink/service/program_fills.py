"""A broker's port to a program on Solana: what of a payout is known there, what the broker holds, and its fills.

Takes the program and the broker's sender; gives states, repayments and receipts. A fill is an account that payment
closes: what was there once is told by the history of its address.
"""

from dataclasses import dataclass
from typing import Final

from zklink.broker.policy import FILL_GAS
from zklink.broker.records import FillState, Repayment
from zklink.l1.transport.receipts import Receipt
from zklink.operations.payout import Payout
from zklink.primitives.base58 import decode_base58
from zklink.protocol.bridge_hashes import ZERO_HASH
from zklink.protocol.errors import RpcUnavailable
from zklink.protocol.ids import Amount, BlockNumber, TokenId
from zklink.sequencer.program_gate import WEI_PER_LAMPORT
from zklink.solana.client.acts import Act, ActReader
from zklink.solana.client.node import CONFIRMED
from zklink.solana.client.paying import HOLDING_AMOUNT, Payer, read_token
from zklink.solana.client.program import SYSTEM, Program
from zklink.solana.client.sending import Sender
from zklink.solana.interface import accounts, addresses, instructions

FILL_LAMPORTS: Final = 10_000
"""What a fill costs the broker. The rent of its account comes back when the payout is paid."""
RESERVE_LAMPORTS: Final = 50_000_000
"""Lamports that a broker keeps for its own transactions and for the rent of its fills."""


class ProgramFillPort:
    """A broker's FillPort on one program; the sender's payer fills, and is repaid in its own associated accounts."""

    def __init__(self, program: Program, sender: Sender, deployment_hash: bytes) -> None:
        self._program, self._sender, self._node = program, sender, sender.node
        self._payer = Payer(program, sender, deployment_hash)
        self._acts = ActReader(sender.node, program)

    def fill_state(self, key: bytes) -> FillState:
        place = self._place(key)
        _, [found] = self._node.accounts([place], CONFIRMED)
        if found is not None and found.owner == str(self._program.id):
            is_mine = accounts.FILL.unpack(found.data)["payer"] == bytes(self._sender.payer.pubkey())
            return FillState.MINE if is_mine else FillState.OTHERS
        acts, is_whole = self._acts.read(place)
        is_paid = any(act.name == instructions.PAY.name for act in acts)
        if not is_paid and not is_whole:
            raise self._unread(place)
        return FillState.EXECUTED if is_paid else FillState.OPEN

    def l1_amount(self, token: TokenId, amount: Amount) -> int:
        return amount * read_token(self._node, self._program, token).scale

    def spendable(self, token: TokenId) -> int:
        known, owner = read_token(self._node, self._program, token), self._sender.payer.pubkey()
        _, [found] = self._node.accounts([str(known.holding(owner))], CONFIRMED)
        if found is None:
            return 0
        if known.program == SYSTEM:
            return max(0, found.lamports - RESERVE_LAMPORTS)
        return int.from_bytes(found.data[HOLDING_AMOUNT], "little")

    def gas_price(self) -> int:
        """So that FILL_GAS of it are what a fill costs here, in wei of a coin of 10^18."""
        return -(-FILL_LAMPORTS * WEI_PER_LAMPORT // FILL_GAS)

    def head(self) -> int:
        return self._node.slot(CONFIRMED)

    def find_repayment(self, key: bytes, from_block: int) -> Repayment | None:
        done, is_whole = self._acts.read(self._place(key))
        filled = next((act for act in done if act.name == instructions.FILL.name), None)
        paid = next((act for act in done if act.name == instructions.PAY.name and _does_repay(act, filled)), None)
        if paid is None or paid.slot < from_block:
            return None
        if filled is None:
            if not is_whole:
                raise self._unread(self._place(key))
            return Repayment(paid.places["destination"], Amount(0), False, 0)
        lead, payout = max(0, self._read_executed(paid.places["block"]) - filled.time), _payout_of(filled)
        amount = Amount(payout.amount - payout.fill_fee + payout.compute_earned_fee(lead))
        is_ours = filled.places["broker"] == str(self._sender.payer.pubkey())
        return Repayment(filled.places["repay_to"], amount, is_ours, lead)

    def _read_executed(self, block: str) -> int:
        """When a block was executed: until then its fills earn. Raises RpcUnavailable if the node does not show it."""
        acts, _ = self._acts.read(block)
        executed = next((act.time for act in acts if act.name == instructions.EXECUTE.name), None)
        if executed is None:
            raise RpcUnavailable(self._node.name, "getSignaturesForAddress", 1, f"no execution of {block} is shown")
        return executed

    def fill(self, payout: Payout, l1_amount: int, block: BlockNumber) -> Receipt:
        receipt = self._payer.fill(payout, block)
        tx_hash = decode_base58(receipt.tx_id, 64)
        return Receipt(tx_hash, receipt.height, ZERO_HASH, True, receipt.fee, WEI_PER_LAMPORT, None, ())

    def _unread(self, place: str) -> RpcUnavailable:
        """Strangers have named the account in more transactions than one look reads; the next looks go on."""
        detail = f"the history of {place} is not read to its end yet"
        return RpcUnavailable(self._node.name, "getSignaturesForAddress", 1, detail)

    def _place(self, key: bytes) -> str:
        return str(self._program.derive(addresses.fill_seeds(key)))


@dataclass(frozen=True, slots=True)
class ProgramStore:
    """The Store of a mint, or of SOL without what the broker keeps for its transactions."""

    port: ProgramFillPort
    token: TokenId

    def held(self) -> int:
        return self.port.spendable(self.token) // self.port.l1_amount(self.token, Amount(1))

    def is_approved(self) -> bool:
        """The broker signs each fill itself."""
        return True

    def approve(self) -> None:
        """There is nothing to approve."""


def _payout_of(filled: Act) -> Payout:
    """What a fill has paid ahead."""
    return Payout.from_words([int.from_bytes(word, "big") for word in filled.values["payout"]])


def _does_repay(paid: Act, filled: Act | None) -> bool:
    """Whether a payment is the broker's part: it is paid where the fill says, and the recipient's rest may be apart."""
    return filled is None or paid.places["repay_to"] == filled.places["repay_to"]
