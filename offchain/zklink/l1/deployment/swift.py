"""What the owner of a chain's timelock may do at once: the functions that admit nothing and wait by themselves, or
answer an alarm of days. Takes a chain's addresses, gives the list that its timelock's constructor takes.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from eth_utils import keccak

from zklink.l1.contract_artifacts import ContractArtifact, load_contract
from zklink.l1.contracts.ends import MEMBER_END, PRIMARY_END
from zklink.l1.transport.arguments import spell_type

SWIFT: Final[Mapping[str, tuple[str, ...]]] = {
    "Groups": ("announce_members", "remove_member"),
    "Registry": ("pause_token", "tighten_token_limits"),
    PRIMARY_END: ("void_freeze",),
    MEMBER_END: ("raise_end", "deny_end", "void_end"),
}
"""Functions by contract. Groups wait by themselves before announced members have a word; the windows of an end are too
short for a timelock.
"""


def list_swift(contracts: Mapping[str, str], is_primary: bool) -> list[tuple[str, bytes]]:
    """Addresses and selectors; `contracts` are a chain's addresses by the names of ChainDeployment's fields."""
    homes = {"groups": "Groups", "registry": "Registry", "end": PRIMARY_END if is_primary else MEMBER_END}
    return [(contracts[name], selector) for name, home in homes.items() for selector in _selectors(home)]


def _selectors(contract: str) -> Iterator[bytes]:
    artifact = load_contract(contract)
    return (read_selector(artifact, function) for function in SWIFT[contract])


def read_selector(artifact: ContractArtifact, function: str) -> bytes:
    """The four bytes that a call of a function begins with; KeyError if there is none of that name."""
    entries = {entry["name"]: entry for entry in artifact.abi if entry["type"] == "function"}
    inputs = ",".join(spell_type(item) for item in entries[function]["inputs"])
    return keccak(text=f"{function}({inputs})")[:4]
