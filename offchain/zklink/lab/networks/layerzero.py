"""LayerZero: its endpoint and a message library on every chain of a world.

Takes a world; from then on a packet that is sent on one chain is verified on the other, and then received, by the
courier and under its faults. Contracts are those of npm's `@layerzerolabs/lz-evm-protocol-v2`, unchanged; its
SimpleMessageLib believes the courier as a live one believes its verifiers.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from eth_hash.auto import keccak
from web3 import Web3
from web3.contract import Contract

from zklink.lab.accounts import funded_account
from zklink.lab.chain import LocalChain
from zklink.lab.contracts import deploy, read_artifact
from zklink.lab.courier import CARRIER
from zklink.lab.messages import Message
from zklink.lab.networks.npm import Package, fetch_package
from zklink.lab.sending import Sent, set_up
from zklink.lab.world import LabWorld

PROTOCOL: Final = Package(
    "@layerzerolabs/lz-evm-protocol-v2", "3.0.168", "4f8fcf8173a0ff841a6e9f6891662eeaea6a44b2af410298b921a43169f6485c"
)
OWNER: Final = funded_account(0).address


@dataclass(frozen=True, slots=True)
class Packet:
    """What an endpoint sends, as its library encodes it (version 1)."""

    nonce: int
    source: int
    sender: bytes
    destination: int
    receiver: str
    guid: bytes
    message: bytes

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """From the event's bytes: version 1, nonce 8, source 4, sender 32, destination 4, receiver 32, guid 32."""
        number = int.from_bytes
        return cls(
            number(raw[1:9], "big"),
            number(raw[9:13], "big"),
            raw[13:45],
            number(raw[45:49], "big"),
            Web3.to_checksum_address(raw[61:81]),
            raw[81:113],
            raw[113:],
        )

    @property
    def payload_hash(self) -> bytes:
        """What the destination's endpoint keeps of it."""
        return keccak(self.guid + self.message)


@dataclass(frozen=True, slots=True)
class Side:
    """One chain's contracts. The endpoint's id is the chain's."""

    chain: LocalChain
    endpoint: Contract
    library: Contract

    @property
    def eid(self) -> int:
        """LayerZero's number of the chain."""
        return self.chain.spec.evm_chain_id


@dataclass(slots=True)
class LayerZero:
    """The network in a world. `sides` are its contracts by chain."""

    world: LabWorld
    sides: dict[str, Side] = field(default_factory=dict)
    _packets: dict[bytes, Packet] = field(default_factory=dict)
    _later: dict[bytes, Sent] = field(default_factory=dict)

    @classmethod
    def open(cls, world: LabWorld, *, confirmations: int = 1) -> Self:
        """Deploy it on every chain, and let the courier carry between all of them. Raises PackageUnavailable."""
        network = cls(world)
        folder = fetch_package(PROTOCOL) / "artifacts" / "contracts"
        for chain in world.chains:
            network.sides[chain.name] = network._deploy(chain, folder)
        for destination in network.sides.values():
            for source in network.sides.values():
                if source is not destination:
                    network._connect(source, destination, confirmations)
            network._receive(destination)
        return network

    def endpoint(self, chain: str) -> Contract:
        """A chain's endpoint: contracts call `send` of it, and it calls `lzReceive` of theirs."""
        return self.sides[chain].endpoint

    def _deploy(self, chain: LocalChain, folder: Path) -> Side:
        endpoint = deploy(
            chain, read_artifact(folder / "EndpointV2.sol/EndpointV2.json"), chain.spec.evm_chain_id, OWNER
        )
        built = read_artifact(folder / "messagelib/SimpleMessageLib.sol/SimpleMessageLib.json")
        library = deploy(chain, built, endpoint.address, OWNER)
        self._send(chain, library.functions.setWhitelistCaller(CARRIER))
        self._send(chain, endpoint.functions.registerLibrary(library.address))
        return Side(chain, endpoint, library)

    def _send(self, chain: LocalChain, call: Any) -> None:
        set_up(chain, call, OWNER, "LayerZero's deployment", self.world.story)

    def _connect(self, source: Side, destination: Side, confirmations: int) -> None:
        self._send(
            source.chain, source.endpoint.functions.setDefaultSendLibrary(destination.eid, source.library.address)
        )
        self._send(
            destination.chain,
            destination.endpoint.functions.setDefaultReceiveLibrary(source.eid, destination.library.address, 0),
        )

        def verify(message: Message) -> Any:
            packet = Packet.decode(bytes(message.args["encodedPayload"]))
            self._packets[packet.payload_hash] = packet
            return destination.library.functions.validatePacket(bytes(message.args["encodedPayload"]))

        self.world.courier.carry(
            source.chain,
            source.endpoint,
            "PacketSent",
            destination.chain,
            verify,
            confirmations=confirmations,
            only=lambda args: Packet.decode(bytes(args["encodedPayload"])).destination == destination.eid,
        )

    def _receive(self, side: Side) -> None:
        """What is verified on a chain is then received there: a way of its own, from the chain to itself."""

        def receive(message: Message) -> Any:
            return self._receive_call(side, self._packets[bytes(message.args["payloadHash"])])

        way = self.world.courier.carry(side.chain, side.endpoint, "PacketVerified", side.chain, receive).way
        self.world.each_round(lambda: self._receive_later(side, way))

    def _receive_later(self, side: Side, way: str) -> None:
        """A packet is refused until those before it are verified; live executors wait for them, too."""
        for message, _ in self.world.courier.refused(way):
            packet = self._packets[bytes(message.args["payloadHash"])]
            path, sent = (packet.receiver, packet.source, packet.sender), self._later.get(packet.payload_hash)
            if sent is not None and sent.tx_hash in side.chain.waiting():
                continue
            calls = side.endpoint.functions
            is_due = calls.inboundNonce(*path).call() >= packet.nonce
            if is_due and bytes(calls.inboundPayloadHash(*path, packet.nonce).call()) == packet.payload_hash:
                call = self._receive_call(side, packet)
                text = f"{message} is brought again"
                self._later[packet.payload_hash] = self.world.send(side.chain.name, call, CARRIER, text)

    def _receive_call(self, side: Side, packet: Packet) -> Any:
        origin = (packet.source, packet.sender, packet.nonce)
        return side.endpoint.functions.lzReceive(origin, packet.receiver, packet.guid, packet.message, b"")
