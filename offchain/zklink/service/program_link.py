"""A chain whose bridge is a program on Solana, as the parts of a node take it (`ChainLink`)."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from solders.keypair import Keypair

from zklink.api.live_view import LiveView
from zklink.api.program_reader import ProgramReader
from zklink.history.read_model import History
from zklink.l1.deployment.places import ProgramDeployment
from zklink.l1.deployment.records import TokenPlan
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.meters import NodeMeter
from zklink.l1.transport.redaction import redact
from zklink.l1.watcher import QueuePlace
from zklink.node.watch import Seen, Sighting
from zklink.operations.swap import SwapRequest
from zklink.primitives.base58 import decode_base58
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.errors import HistoryDisagrees, L1Error, RequestRewritten
from zklink.protocol.ids import Lane, RequestId, TokenId
from zklink.sequencer.program_gate import ProgramGate
from zklink.service.program_fills import ProgramFillPort, ProgramStore
from zklink.signers.solana_reader import SolanaReader
from zklink.solana.client.acts import name_swaps
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.client.node import CONFIRMED, Level, SolanaNode
from zklink.solana.client.program import Program
from zklink.solana.client.requests import SolanaRequests
from zklink.solana.client.sending import Sender

log = logging.getLogger(__name__)

ACTS_FOR_EACH = 4
"""Transactions of a queue that are looked at for each request: some of them failed."""


@dataclass(frozen=True, slots=True)
class ProgramLink:
    """One chain's program at a node. `payer` pays for what the node sends and lends the rent of blocks, None if it
    sends nothing; `broker` fills from its own accounts, by default the payer. `price` is what a compute unit is paid
    beside the fee, in millionths of a lamport. `make_node` gives each asker a node of its own, for a node remembers
    what it has shown.
    """

    profile: ChainProfile
    place: ProgramDeployment
    deployment_hash: bytes
    make_node: Callable[[], SolanaNode]
    payer: Keypair | None
    broker: Keypair | None = None
    price: int = 0
    level: Level = CONFIRMED
    pause: Callable[[float], None] = field(default=time.sleep)
    clock: Callable[[], float] = field(default=time.monotonic)

    @property
    def program(self) -> Program:
        """What is called."""
        return Program(decode_base58(self.place.program, 32))

    def bridge(self) -> SolanaBridge:
        """The bridge at a node of its own."""
        addresses = decode_base58(self.place.program, 32), decode_base58(self.place.bridge, 32)
        return SolanaBridge(self.make_node(), *addresses)

    def check(self) -> None:
        bridge = self.bridge()
        bridge.node.check_genesis(self.place.genesis_number)
        found = bridge.read().deployment_hash
        if found != self.deployment_hash:
            detail = f"the bridge at {self.place.bridge} belongs to deployment 0x{found.hex()}"
            raise HistoryDisagrees(self.profile.name, 0, f"{detail}, not to 0x{self.deployment_hash.hex()}")

    def check_nodes(self) -> None:
        self.make_node().check_each(self.place.genesis_number)

    def meters(self) -> tuple[NodeMeter, ...]:
        return self.make_node().pool.meters

    def standing(self) -> "ProgramStanding":
        return ProgramStanding(self.profile.name, self.bridge())

    def reader(self) -> SolanaReader:
        return SolanaReader(self.bridge())

    def watch(self, place: QueuePlace | None) -> "ProgramWatch":
        counts = dict.fromkeys(Lane, 0) if place is None else place.counts
        hashes = dict.fromkeys(Lane, self.deployment_hash) if place is None else place.hashes
        bridge = self.bridge()
        return ProgramWatch(SolanaReader(bridge), SolanaRequests(bridge, counts, hashes), self.program)

    def gate(self) -> ProgramGate:
        bridge = self.bridge()
        sender = self._sender(bridge.node, self.payer)
        return ProgramGate(self.profile.chain_id, bridge, self.program, sender, self.deployment_hash, self.clock)

    def fill_port(self) -> ProgramFillPort:
        sender = self._sender(self.make_node(), self.broker or self.payer)
        return ProgramFillPort(self.program, sender, self.deployment_hash)

    def store(self, token: TokenPlan) -> ProgramStore:
        return ProgramStore(self.fill_port(), token.token_id)

    def api_reader(
        self, tokens: Iterable[TokenId], history: History, live: LiveView, clock: Callable[[], float]
    ) -> ProgramReader:
        place = self.profile.chain_id, self.bridge(), self.program, self.deployment_hash
        return ProgramReader(*place, tokens, history, live, clock)

    def asker(self) -> Callable[..., Any]:
        """Passes a stranger's question on, once, at nodes whose failures there count for nobody else."""
        pool = self.make_node().pool.apart()

        def ask(method: str, *parameters: Any) -> Any:
            return pool.first(lambda way: way.call(lambda result: result, method, *parameters))

        return ask

    def broker_names(self) -> frozenset[bytes]:
        own = self.broker or self.payer
        return frozenset() if own is None else frozenset({bytes(own.pubkey())})

    def _sender(self, node: SolanaNode, payer: Keypair | None) -> Sender:
        if payer is None:
            raise AssertionError(f"nobody pays on {self.profile.name}: its settings are a signer's")
        return Sender(node, payer, level=self.level, price=self.price, pause=self.pause)


@dataclass(frozen=True, slots=True)
class ProgramStanding:
    """The Standing of a Solana chain, at `confirmed`."""

    name: str
    bridge: SolanaBridge

    def tip(self) -> Tip:
        return self.bridge.read(CONFIRMED).tip

    def final(self) -> None:
        """It is never the primary."""

    def count(self, lane: Lane) -> int:
        return self.bridge.read(CONFIRMED).total(lane)

    def queue_hash(self, lane: Lane, count: int) -> bytes:
        return self.bridge.read_queues(CONFIRMED).queue_hash(lane, count)


class ProgramWatch:
    """The Watch of a Solana chain. Its head is at `confirmed`, its requests are finalized."""

    def __init__(self, reader: SolanaReader, requests: SolanaRequests, program: Program) -> None:
        self._reader, self._requests, self._program = reader, requests, program
        self._last: int | None = None

    def look(self) -> Sighting:
        head = self._reader.newest()
        if head.number == self._last:
            return Sighting(head, ())
        try:
            found = self._requests.poll()
        except RequestRewritten:
            return Sighting(head, (), self._rewind())
        self._last = head.number
        hashes = self._find_hashes([request for request in found if isinstance(request, SwapRequest)])
        slot = self._requests.slot
        seen = [
            Seen(each, slot, hashes.get(each.request_id, b"") if isinstance(each, SwapRequest) else b"")
            for each in found
        ]
        return Sighting(head, tuple(seen))

    def _find_hashes(self, requests: list[SwapRequest]) -> dict[RequestId, bytes]:
        """The transactions of requests, as far as the node shows them: nothing rests on it."""
        if not requests:
            return {}
        try:
            acts = self._requests.read_acts(self._program, Lane.SWAP, ACTS_FOR_EACH * len(requests))
        except L1Error as error:
            log.warning("transactions of swaps are not to be seen: %s", redact(str(error)))
            return {}
        return {id: decode_base58(act.signature, 64) for id, act in name_swaps(acts, requests).items()}

    def find_place(self, counts: Mapping[Lane, int]) -> QueuePlace:
        hashes = {lane: self._requests.hash_after(lane, count) for lane, count in counts.items()}
        return QueuePlace(self._requests.slot, counts, hashes)

    def _rewind(self) -> dict[Lane, RequestId]:
        last = {lane: self._requests.last_request_id(lane) for lane in Lane}
        kept = self._requests.rewind()
        return {lane: RequestId(kept[lane] + 1) for lane in Lane if kept[lane] < last[lane]}
