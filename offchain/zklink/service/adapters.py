"""Adapters: real bridges behind the ports of broker, relayer, committee and consents, and real circuits behind the
node's prover. Takes clients and keys, gives ports. Never decides to send.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.broker.records import FillState
from zklink.l1.contracts.bridge import BridgeClient, BridgeViews
from zklink.l1.contracts.bridge_events import BlockAccepted, Frozen, PayoutDeferred, PayoutPaid
from zklink.l1.contracts.bridge_structs import evm_address
from zklink.l1.contracts.event_codec import decode_events, event_topic
from zklink.l1.contracts.registries import KeyRegistryClient
from zklink.l1.contracts.token import TokenClient
from zklink.l1.transport.client import Request, check_receipts
from zklink.l1.transport.receipts import Receipt
from zklink.node.ports import Asked, Proved
from zklink.operations.payout import Payout
from zklink.protocol.ids import Amount, BlockNumber, ChainId, Lane, TokenId
from zklink.protocol.messages import MessageKind, SyncMessage
from zklink.prover.port import Prover
from zklink.relayer.member import Acceptance, Standing
from zklink.sequencer.chain_checks import is_evm_address
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

EFFECT_GAS: Final = 100_000
"""Gas added to the estimate for a message: if a proof is mined just before it, the message has more to do than
estimated.
"""


class CircuitProver:
    """A BlockProver on the two circuits of the blocks' preset, one for each lane."""

    def __init__(self, provers: Mapping[Lane, Prover]) -> None:
        self._provers = provers

    def prove(self, block: LaneBlock) -> Proved:
        prover, start = self._provers[block.lane], time.perf_counter()
        witness = prover.compute_witness(compute_block_inputs(block))
        computed = time.perf_counter()
        proof = prover.prove_witness(witness)
        return Proved(tuple(proof.evm()), computed - start, time.perf_counter() - computed)


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


class BridgeAcceptances:
    """A committee member's AcceptanceSource on one bridge, whose events start at `from_block`."""

    def __init__(self, bridge: BridgeClient, from_block: int) -> None:
        self._bridge, self._from_block = bridge, from_block
        self._last: tuple[tuple[int, int], Sequence[Acceptance]] | None = None
        self._at: tuple[int, Standing] | None = None

    def confirmed_height(self) -> int:
        return self._bridge.client.confirmed_height()

    def acceptances(self, first_block: int, last_block: int) -> Sequence[Acceptance]:
        key = first_block, last_block
        last = self._last
        if last is None or last[0] != key:  # members of a local committee ask one after the other
            last = self._last = key, self._read(max(first_block, self._from_block), last_block)
        return last[1]

    def forget(self) -> None:
        self._last = self._at = None

    def standing(self, height: int) -> Standing:
        if height < self._from_block:
            return Standing(BlockNumber(0), b"", is_frozen=False)
        if self._at is None or self._at[0] != height:
            accepted = BlockNumber(self._bridge.status(block=height).accepted)
            sync_hash = self._bridge.sync_hash(accepted, block=height)
            self._at = height, Standing(accepted, sync_hash, self._bridge.is_frozen(block=height))
        return self._at[1]

    def sync_hash(self, number: BlockNumber, height: int) -> bytes:
        return self._bridge.sync_hash(number, block=height)

    def _read(self, first_block: int, last_block: int) -> Sequence[Acceptance]:
        topics = [[event_topic(BlockAccepted), event_topic(Frozen)]]
        logs = self._bridge.client.logs(self._bridge.address, first_block, last_block, topics)
        kinds = {BlockAccepted: MessageKind.ACC, Frozen: MessageKind.FRZ}
        return [
            Acceptance(event.number, event.sync_hash, event.log.block_number, kinds[type(event)])
            for event in decode_events(self._bridge.chain_id, logs)
            if isinstance(event, BlockAccepted | Frozen)
        ]


class BridgeDestination:
    """A relayer's Destination on one bridge."""

    def __init__(self, bridge: BridgeClient, relayer: LocalAccount) -> None:
        self._bridge, self._relayer = bridge, relayer

    def accepted(self) -> BlockNumber:
        return BlockNumber(self._bridge.status().accepted)

    def acknowledged(self, source: ChainId) -> BlockNumber:
        return BlockNumber(self._bridge.acknowledged(source))

    def is_message_known(self, message: SyncMessage) -> bool:
        return self._bridge.is_message_known(message.source_chain, message.number, message.sync_hash)

    def is_freeze_known(self, source: ChainId) -> bool:
        return self._bridge.ledger.frozen_at(source) is not None

    def receive_messages(self, messages: Sequence[tuple[SyncMessage, bytes]]) -> Sequence[Receipt]:
        requests = []
        for message, evidence in messages:
            packed = (int(message.kind), message.source_chain, message.number, message.sync_hash)
            call = self._bridge.encode("receive_message", packed, evidence)
            requests.append(Request(call, extra_gas=EFFECT_GAS))
        return check_receipts(self._bridge.client.send_all(self._relayer, requests))


class ChainConsents:
    """A ConsentSource on a bridge and the registry of keys of its chain."""

    def __init__(self, bridge: BridgeViews, registry: KeyRegistryClient, deployment_hash: bytes) -> None:
        self._bridge, self._registry, self._deployment_hash = bridge, registry, deployment_hash

    def is_recorded(self, owner: bytes, operation: Asked) -> bool:
        height = self._bridge.client.confirmed_height()
        if height < 0 or not is_evm_address(owner):
            return False
        return self._registry.is_authorised(
            self._deployment_hash,
            evm_address(owner),
            operation.account,
            operation.nonce,
            operation.public_key_hash,
            block=height,
        )
