"""Hyperlane: its Mailbox, its Merkle tree hook and its multisig module on every chain of a world.

Takes a world and a committee of validators; from then on what is dispatched on one chain is processed on the other, by
the courier and under its faults. Contracts are those of npm's `@hyperlane-xyz/core`, unchanged.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from eth_hash.auto import keccak
from web3.contract import Contract

from zklink.lab.accounts import funded_account
from zklink.lab.chain import LocalChain
from zklink.lab.committee import Committee
from zklink.lab.contracts import Build, deploy
from zklink.lab.errors import ContractUnusable
from zklink.lab.messages import Message
from zklink.lab.networks.npm import Package, fetch_package
from zklink.lab.sending import set_up
from zklink.lab.world import LabWorld

CORE: Final = Package(
    "@hyperlane-xyz/core", "5.8.0", "8ccd47e03631309d18a4678950d62812ccdec4e7e3113c10420c300b0ff2fa92"
)
OWNER: Final = funded_account(0).address
_FACTORIES: Final = "dist/factories/contracts"
_ETHEREUM_PREFIX: Final = b"\x19Ethereum Signed Message:\n32"
_ABI: Final = re.compile(r"const _abi = (\[.*?\n\]);", re.DOTALL)
_CODE: Final = re.compile(r'const _bytecode = "(0x[0-9a-f]+)";')
_KEY: Final = re.compile(r"^(\s*)(\w+):", re.MULTILINE)
_LAST_COMMA: Final = re.compile(r",(\s*[\]}])")


@dataclass(frozen=True, slots=True)
class Side:
    """One chain's contracts. The domain is the chain's id."""

    chain: LocalChain
    mailbox: Contract
    hook: Contract
    module: str

    @property
    def domain(self) -> int:
        """Hyperlane's number of the chain."""
        return self.chain.spec.evm_chain_id


@dataclass(slots=True)
class Hyperlane:
    """The network in a world. `sides` are its contracts by chain."""

    world: LabWorld
    committee: Committee
    sides: dict[str, Side] = field(default_factory=dict)
    _checkpoints: dict[bytes, tuple[bytes, int]] = field(default_factory=dict)

    @classmethod
    def open(cls, world: LabWorld, committee: Committee, *, confirmations: int = 1) -> Self:
        """Deploy it on every chain, and let the courier carry between all of them. Raises PackageUnavailable."""
        network = cls(world, committee)
        folder = fetch_package(CORE)
        for chain in world.chains:
            network.sides[chain.name] = network._deploy(chain, folder)
        for source in network.sides.values():
            for destination in network.sides.values():
                if source is not destination:
                    network._carry(source, destination, confirmations)
        return network

    def mailbox(self, chain: str) -> Contract:
        """A chain's mailbox: contracts call `dispatch` of it, and it calls `handle` of theirs."""
        return self.sides[chain].mailbox

    def _deploy(self, chain: LocalChain, folder: Path) -> Side:
        members, threshold = list(self.committee.members), self.committee.threshold
        mailbox = deploy(chain, _read(folder, "Mailbox"), chain.spec.evm_chain_id)
        hook = deploy(chain, _read(folder, "hooks/MerkleTreeHook"), mailbox.address)
        free = deploy(chain, _read(folder, "hooks/PausableHook"))
        multisig = "isms/multisig/StaticMultisigIsm.sol/StaticMessageIdMultisigIsmFactory"
        factory = deploy(chain, _read(folder, multisig))
        self._send(chain, factory.functions.deploy(members, threshold))
        module = str(factory.functions.getAddress(members, threshold).call())
        self._send(chain, mailbox.functions.initialize(OWNER, module, free.address, hook.address))
        return Side(chain, mailbox, hook, module)

    def _send(self, chain: LocalChain, call: Any) -> None:
        set_up(chain, call, OWNER, "Hyperlane's deployment", self.world.story)

    def _carry(self, source: Side, destination: Side, confirmations: int) -> None:
        def digest(message: Message) -> bytes:
            return self._digest(source, bytes(message.args["message"]))

        def deliver(message: Message) -> Any:
            said = bytes(message.args["message"])
            return destination.mailbox.functions.process(self._metadata(source, said, message.signatures), said)

        self.world.courier.carry(
            source.chain,
            source.mailbox,
            "Dispatch",
            destination.chain,
            deliver,
            confirmations=confirmations,
            committee=self.committee,
            digest=digest,
            only=lambda args: bool(args["destination"] == destination.domain),
        )

    def _digest(self, source: Side, said: bytes) -> bytes:
        """What validators sign: a checkpoint of the tree that has the message, with its id."""
        root, index = bytes(source.hook.functions.root().call()), int(source.hook.functions.count().call()) - 1
        identity = keccak(said)
        self._checkpoints[identity] = root, index
        domain = keccak(source.domain.to_bytes(4, "big") + _word(source.hook.address) + b"HYPERLANE")
        return keccak(_ETHEREUM_PREFIX + keccak(domain + root + index.to_bytes(4, "big") + identity))

    def _metadata(self, source: Side, said: bytes, signatures: tuple[bytes, ...]) -> bytes:
        root, index = self._checkpoints[keccak(said)]
        return _word(source.hook.address) + root + index.to_bytes(4, "big") + b"".join(signatures)


def _word(address: str) -> bytes:
    return bytes(12) + bytes.fromhex(address.removeprefix("0x"))


def _read(folder: Path, name: str) -> Build:
    """A contract from the JavaScript that typechain writes of it. Raises ContractUnusable."""
    file = folder / _FACTORIES / f"{name}__factory.js"
    text = file.read_text() if file.is_file() else ""
    abi, code = _ABI.search(text), _CODE.search(text)
    if abi is None or code is None:
        raise ContractUnusable(str(file), "it is no factory of typechain")
    described = _LAST_COMMA.sub(r"\1", _KEY.sub(r'\1"\2":', abi[1]))
    return Build(file.name.partition("__")[0], json.loads(described), code[1])
