"""Adapters: real bridges behind the broker's port, and real circuits behind the node's prover. Takes clients and keys,
gives ports. Never decides to send.
"""

import time
from collections.abc import Mapping, Sequence
from threading import Semaphore
from typing import Any, Final

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from zklink.broker.records import FillState, Repayment
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_events import BridgeEvent, PayoutDeferred, PayoutFilled, PayoutPaid
from zklink.l1.contracts.event_codec import decode_events, event_topic
from zklink.l1.contracts.token import TokenClient
from zklink.l1.transport.receipts import Receipt
from zklink.node.parts import NodeConfig
from zklink.node.ports import Proved
from zklink.operations.payout import Payout
from zklink.protocol.ids import FILL_LEAD_SECONDS, Amount, BlockNumber, Lane, TokenId
from zklink.prover.port import Prover
from zklink.transition.block_frame import LaneBlock
from zklink.witness.block_inputs import compute_block_inputs

EXECUTED_FILLER: Final = 1
"""The answer of a bridge's `filler`, read as a number, for a payout that was executed."""

PAID: Final = (PayoutPaid, PayoutDeferred)
"""The events of a payment; of a payout that was filled first what the fill is repaid."""

GAS_RESERVE_WEI: Final = 10**17
"""Native coin that a broker keeps for its own transactions, in wei."""

FILL_GAS_LIMIT: Final = 300_000
"""The gas limit of a fill, several times what it usually takes: recipients of coin, and tokens, run code of their own
at the broker's expense.
"""


class CircuitProver:
    """A BlockProver on the two circuits of the blocks' preset, one for each lane. At most `proofs_at_once` proofs are
    made at a time, and one witness: who comes next computes its witness meanwhile, and then waits.
    """

    def __init__(self, provers: Mapping[Lane, Prover], proofs_at_once: int = NodeConfig().proofs_at_once) -> None:
        self._provers = provers
        self._proofs, self._witnesses = Semaphore(proofs_at_once), Semaphore(1)

    def prove(self, block: LaneBlock) -> Proved:
        prover = self._provers[block.lane]
        with self._witnesses:
            start = time.perf_counter()
            witness = prover.compute_witness(compute_block_inputs(block))
            witness_seconds = time.perf_counter() - start
        with self._proofs:
            start = time.perf_counter()
            proof = prover.prove_witness(witness)
            return Proved(tuple(proof.evm()), witness_seconds, time.perf_counter() - start)


class BridgeFillPort:
    """A broker's FillPort on one bridge, whose events start at `from_block`. `repay_to` is where this broker, and no
    other one, is repaid: by it the bridge knows its fills.
    """

    def __init__(
        self, bridge: BridgeClient, broker: LocalAccount, from_block: int, repay_to: str | None = None
    ) -> None:
        self._bridge, self._broker, self._from_block = bridge, broker, from_block
        self._repay_to = to_checksum_address(repay_to or broker.address)

    def fill_state(self, key: bytes) -> FillState:
        filled = self._bridge.filler(key)
        if filled is None:
            return FillState.OPEN
        if int(filled.repay_to, 16) == EXECUTED_FILLER:
            return FillState.EXECUTED
        return FillState.MINE if filled.repay_to == self._repay_to else FillState.OTHERS

    def gas_price(self) -> int:
        return self._bridge.client.gas_price()

    def head(self) -> int:
        return self._bridge.client.head().number

    def find_repayment(self, key: bytes, from_block: int) -> Repayment | None:
        paid = [e for e in self._events(key, from_block, PAID) if isinstance(e, PAID)]
        if not paid:
            return None
        found = next((event for event in paid if event.receiver == self._repay_to), paid[0])
        amount = Amount(found.l1_amount // self._bridge.tokens.token_scale(found.token_id))
        is_ours = found.receiver == self._repay_to
        return Repayment(found.receiver, amount, is_ours, self._read_lead(key, found) if is_ours else 0)

    def _read_lead(self, key: bytes, paid: PayoutPaid | PayoutDeferred) -> int:
        """Seconds between the fill and the payment; FILL_LEAD_SECONDS where the node does not show the fill."""
        filled = [e for e in self._events(key, 0, (PayoutFilled,)) if isinstance(e, PayoutFilled)]
        if not filled:
            return FILL_LEAD_SECONDS
        times = [self._bridge.client.block(event.log.block_number).timestamp for event in (filled[-1], paid)]
        return times[1] - times[0]

    def _events(self, key: bytes, from_block: int, kinds: Sequence[type[Any]]) -> list[BridgeEvent]:
        """The events of a payout."""
        client, topics = self._bridge.client, [event_topic(kind) for kind in kinds]
        first = max(from_block, self._from_block)
        logs = client.logs(self._bridge.address, first, client.head().number, [topics, key])
        return decode_events(self._bridge.chain_id, logs)

    def l1_amount(self, token: TokenId, amount: Amount) -> int:
        return amount * self._bridge.tokens.token_scale(token)

    def spendable(self, token: TokenId) -> int:
        client = self._token(token)
        held = client.balance(self._broker.address)
        if client.is_native:
            return max(0, held - GAS_RESERVE_WEI)
        return min(held, client.allowance(self._broker.address, self._bridge.address))

    def fill(self, payout: Payout, l1_amount: int, block: BlockNumber) -> Receipt:
        value = l1_amount if self._token(payout.token).is_native else 0
        return self._bridge.fill(self._broker, payout.words(), value, FILL_GAS_LIMIT, self._repay_to)

    def _token(self, token: TokenId) -> TokenClient:
        return TokenClient(self._bridge.client, self._bridge.tokens.token_config(token).token)
