"""Adapters: real bridges behind the broker's port, and real circuits behind the node's prover. Takes clients and keys,
gives ports. Never decides to send.
"""

import time
from collections.abc import Mapping
from threading import Semaphore
from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.broker.records import FillState
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_events import PayoutDeferred, PayoutPaid
from zklink.l1.contracts.event_codec import decode_events, event_topic
from zklink.l1.contracts.token import TokenClient
from zklink.l1.transport.receipts import Receipt
from zklink.node.parts import NodeConfig
from zklink.node.ports import Proved
from zklink.operations.payout import Payout
from zklink.protocol.ids import Amount, Lane, TokenId
from zklink.prover.port import Prover
from zklink.transition.block_frame import LaneBlock
from zklink.witness.block_inputs import compute_block_inputs

EXECUTED_FILLER: Final = 1
"""The answer of a bridge's `filler`, read as a number, for a payout that was executed."""

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
    """A broker's FillPort on one bridge, whose events start at `from_block`."""

    def __init__(self, bridge: BridgeClient, broker: LocalAccount, from_block: int) -> None:
        self._bridge, self._broker, self._from_block = bridge, broker, from_block

    def fill_state(self, key: bytes) -> FillState:
        filler = self._bridge.filler(key)
        if filler is None:
            return FillState.OPEN
        if int(filler, 16) == EXECUTED_FILLER:
            return FillState.EXECUTED
        return FillState.MINE if filler == self._broker.address else FillState.OTHERS

    def gas_price(self) -> int:
        client = self._bridge.client
        return int(client.ask("eth_gasPrice", lambda: client.w3.eth.gas_price))

    def head(self) -> int:
        return self._bridge.client.head().number

    def is_repaid(self, key: bytes, from_block: int) -> bool | None:
        client, kinds = self._bridge.client, [event_topic(PayoutPaid), event_topic(PayoutDeferred)]
        first = max(from_block, self._from_block)
        logs = client.logs(self._bridge.address, first, client.head().number, [kinds, key])
        found = [e for e in decode_events(self._bridge.chain_id, logs) if isinstance(e, PayoutPaid | PayoutDeferred)]
        return found[-1].receiver == self._broker.address if found else None

    def l1_amount(self, token: TokenId, amount: Amount) -> int:
        return amount * self._bridge.tokens.token_scale(token)

    def spendable(self, token: TokenId) -> int:
        client = self._token(token)
        held = client.balance(self._broker.address)
        if client.is_native:
            return max(0, held - GAS_RESERVE_WEI)
        return min(held, client.allowance(self._broker.address, self._bridge.address))

    def fill(self, payout: Payout, l1_amount: int) -> Receipt:
        value = l1_amount if self._token(payout.token).is_native else 0
        return self._bridge.fill(self._broker, payout.words(), value, FILL_GAS_LIMIT)

    def _token(self, token: TokenId) -> TokenClient:
        return TokenClient(self._bridge.client, self._bridge.tokens.token_config(token).token)
