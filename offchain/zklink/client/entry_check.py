"""Whether the entry contract that a node names is one: takes a checked chain, gives where the entry stands.

Nothing on a chain vouches for an entry, and the deployment's hash does not name it. A false one could take whatever is
signed for it. So the client believes its code alone: all of it is the entry's of this version, and the values that its
constructor fixed are this bridge, its registry and its chain. Only asks the chain.
"""

from typing import Final

from eth_utils import to_checksum_address

from zklink.client.session import Place
from zklink.l1.contracts.bridge_structs import NO_ADDRESS
from zklink.l1.contracts.entry import EntryPlace
from zklink.primitives.keccak import keccak256
from zklink.protocol.errors import ContractUntrue

ENTRY_CODE_BYTES: Final = 7_891
ENTRY_CODE_HASH: Final = bytes.fromhex("bf3cf1de60c5c3c7a8535576ec2111ad57e02430398f986a28290fbad13c7b53")
"""Length and Keccak-256 of the code of `contracts/Entry.vy`, which a test compiles; behind it stand four words: bridge,
registry, Permit2, and the protocol's id of the chain.
"""

_WORD: Final = 32
_WORDS: Final = 4


async def find_entry(place: Place) -> EntryPlace:
    """The entry beside a chain's bridge. Raises ContractUntrue unless its code is an entry's for this bridge."""
    said = place.info.contracts.get("entry", NO_ADDRESS)
    code = await place.rpc.code(said)
    program, values = code[:ENTRY_CODE_BYTES], code[ENTRY_CODE_BYTES:]
    if keccak256(program) != ENTRY_CODE_HASH or len(values) != _WORDS * _WORD:
        raise ContractUntrue(place.name, "the entry", said, "that other code stands there")
    bridge, registry, permit2, chain = (values[start : start + _WORD] for start in range(0, len(values), _WORD))
    found = tuple(to_checksum_address(word[12:]) for word in (bridge, registry))
    if found != (place.bridge, place.registry) or int.from_bytes(chain, "big") != place.id:
        raise ContractUntrue(place.name, f"the entry of {place.bridge}", said, f"that it is one of {found[0]}")
    return EntryPlace(
        place.rpc.evm_chain_id, to_checksum_address(said), place.bridge, to_checksum_address(permit2[12:])
    )
