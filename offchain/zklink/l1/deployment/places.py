"""Where a deployment's bridge is a program: the published record's line for one Solana chain. Never asks a chain."""

from dataclasses import dataclass

from zklink.primitives.base58 import decode_base58
from zklink.protocol.domain import ChainEntry
from zklink.protocol.ids import AddressFormat, ChainId

CAIP2_LETTERS = 32
"""Letters of a genesis hash that name a cluster in CAIP-2."""


@dataclass(frozen=True, slots=True)
class ProgramDeployment:
    """The program on one Solana chain, all addresses in base58. `genesis` is the hash of the cluster's genesis,
    `bridge` what the program derives for its bridge. Before the slot `from_block` nothing of the deployment is there.
    """

    chain_id: ChainId
    name: str
    genesis: str
    program: str
    bridge: str
    from_block: int

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


def read_program(item: dict[str, object]) -> ProgramDeployment:
    """A program from its JSON. Raises KeyError, TypeError, ValueError."""
    found = ProgramDeployment(
        chain_id=ChainId(int(str(item["chain_id"]))),
        name=str(item["name"]),
        genesis=str(item["genesis"]),
        program=str(item["program"]),
        bridge=str(item["bridge"]),
        from_block=int(str(item["from_block"])),
    )
    for address in (found.program, found.bridge, found.genesis):
        decode_base58(address, 32)
    return found
