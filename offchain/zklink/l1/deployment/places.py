"""The published record's line for one chain: its contracts, or its program on Solana; and how names are written there.
Never asks a chain.
"""

from dataclasses import dataclass
from typing import Final

from eth_utils import to_checksum_address

from zklink.l1.contracts.bridge_structs import NATIVE, NO_ADDRESS, universal_address
from zklink.primitives.base58 import decode_base58, encode_base58
from zklink.protocol.addresses import find_bound_chain
from zklink.protocol.domain import ChainEntry
from zklink.protocol.ids import AddressFormat, ChainId

CONTRACTS: Final = ("bridge", "registry", "history", "groups", "end", "exodus", "timelock", "entry", "resolver")
"""Names in the record of a chain with contracts."""

CAIP2_LETTERS: Final = 32
"""Letters of a genesis hash that name a cluster in CAIP-2."""

NATIVE_MINT: Final = "So11111111111111111111111111111111111111112"
"""What stands for SOL among the mints of a Solana chain."""


@dataclass(frozen=True, slots=True)
class ChainDeployment:
    """The contracts on one chain; `timelock` is NO_ADDRESS where an account governs, `permit2` where there is none.
    Events start at `from_block`. Entry and resolver stand beside the bridge: no contract here relies on them.
    """

    chain_id: ChainId
    name: str
    evm_chain_id: int
    blocks_per_day: int
    timelock: str
    bridge: str
    history: str
    groups: str
    end: str
    exodus: str
    registry: str
    swap_verifier: str
    account_verifier: str
    exit_verifier: str
    permit2: str
    entry: str
    resolver: str
    from_block: int

    @property
    def caip2(self) -> str:
        """The chain's name in CAIP-2."""
        return f"eip155:{self.evm_chain_id}"

    @property
    def addresses(self) -> dict[str, str]:
        """What of the deployment stands there, by name. The last two stand beside the bridge; `permit2` follows where
        there is one.
        """
        found = {name: str(getattr(self, name)) for name in CONTRACTS}
        return found if self.permit2 == NO_ADDRESS else {**found, "permit2": self.permit2}

    def show_address(self, universal: bytes) -> str:
        """A universal address as people write it there; one that is no EVM address stays as 32 bytes."""
        return f"0x{universal.hex()}" if any(universal[:12]) else str(to_checksum_address(universal[12:]))

    def is_coin(self, contract: str) -> bool:
        """Whether a token's contract means the chain's own coin."""
        return contract == NATIVE

    def name_coin(self, coin: int) -> str:
        """The chain's own coin in CAIP-19, by its type in SLIP-0044."""
        return f"{self.caip2}/slip44:{coin}"

    def name_asset(self, contract: str, coin: int) -> str:
        """A token's contract in CAIP-19, or the chain's own coin, whose type in SLIP-0044 is `coin`."""
        if self.is_coin(contract):
            return self.name_coin(coin)
        return f"{self.caip2}/erc20:{to_checksum_address(contract)}"

    @property
    def table_entry(self) -> ChainEntry:
        """Its line of the chain table."""
        return ChainEntry(self.chain_id, self.evm_chain_id, AddressFormat.EVM, universal_address(self.bridge))


@dataclass(frozen=True, slots=True)
class ProgramDeployment:
    """The program on one Solana chain, all addresses in base58. `genesis` is the hash of the cluster's genesis,
    `bridge` what the program derives for its bridge. Before the slot `from_block` nothing of the deployment is there.
    `timelock` is the program whose derived address governs, empty where a key does.
    """

    chain_id: ChainId
    name: str
    genesis: str
    program: str
    bridge: str
    from_block: int
    timelock: str = ""

    @property
    def table_entry(self) -> ChainEntry:
        """Its line of the chain table. Raises ValueError for what is no address."""
        return ChainEntry(self.chain_id, self.genesis_number, AddressFormat.BYTES32, decode_base58(self.bridge, 32))

    @property
    def genesis_number(self) -> int:
        """The genesis hash as the number that the chain table has of it."""
        return int.from_bytes(decode_base58(self.genesis, 32), "big")

    @property
    def caip2(self) -> str:
        """The cluster's name in CAIP-2."""
        return f"solana:{self.genesis[:CAIP2_LETTERS]}"

    @property
    def addresses(self) -> dict[str, str]:
        """What of the deployment stands there, by name."""
        found = {"bridge": self.bridge, "program": self.program}
        return {**found, "timelock": self.timelock} if self.timelock else found

    def show_address(self, universal: bytes) -> str:
        """A universal address as people write it there; an EVM address stays as 32 bytes."""
        return encode_base58(universal) if find_bound_chain(universal) is None else f"0x{universal.hex()}"

    def is_coin(self, contract: str) -> bool:
        """Whether a token's mint means SOL."""
        return contract == NATIVE_MINT

    def name_coin(self, coin: int) -> str:
        """SOL in CAIP-19, by its type in SLIP-0044."""
        return f"{self.caip2}/slip44:{coin}"

    def name_asset(self, contract: str, coin: int) -> str:
        """A mint in CAIP-19, or SOL, whose type in SLIP-0044 is `coin`."""
        return self.name_coin(coin) if self.is_coin(contract) else f"{self.caip2}/token:{contract}"


Place = ChainDeployment | ProgramDeployment
"""A chain of a deployment: contracts on an EVM chain, or a program."""


def read_program(item: dict[str, object]) -> ProgramDeployment:
    """A program from its JSON. Raises KeyError, TypeError, ValueError."""
    found = ProgramDeployment(
        chain_id=ChainId(int(str(item["chain_id"]))),
        name=str(item["name"]),
        genesis=str(item["genesis"]),
        program=str(item["program"]),
        bridge=str(item["bridge"]),
        from_block=int(str(item["from_block"])),
        timelock=str(item.get("timelock", "")),
    )
    for address in (found.program, found.bridge, found.genesis, *filter(None, (found.timelock,))):
        decode_base58(address, 32)
    return found
