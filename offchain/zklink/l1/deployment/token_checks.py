"""What can be known about a token's contract before it is registered: whether it is a registered one under another
address, and which habits its code shows. Takes a chain's client and addresses. Only reads.

A contract can hide anything: what is found here warns, and what is not found proves nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from eth_utils import keccak, to_checksum_address

from zklink.l1.contracts.bridge_structs import NATIVE, NO_ADDRESS
from zklink.l1.contracts.token import TokenClient
from zklink.l1.transport.client import ChainClient
from zklink.protocol.errors import CallReverted, TokenUnfit
from zklink.protocol.ids import NO_CLASS, TokenClass, TokenId

HABITS: Final[Mapping[TokenClass, tuple[str, ...]]] = {
    TokenClass.REBASING: ("sharesOf(address)", "scaledBalanceOf(address)", "getSharesByPooledEth(uint256)"),
    TokenClass.FEE_ON_TRANSFER: ("basisPointsRate()", "transferFeeBasisPoints()", "_taxFee()"),
    TokenClass.CALLS_HOLDERS: ("granularity()", "defaultOperators()"),
    TokenClass.CAN_BE_BLOCKED: (
        "paused()",
        "isBlacklisted(address)",
        "isBlackListed(address)",
        "getBlackListStatus(address)",
    ),
    TokenClass.UPGRADABLE: ("implementation()", "upgradedAddress()"),
}
"""Views that tokens of a class are known to have: each answers at least one word."""

IMPLEMENTATION_SLOT: Final = int.from_bytes(keccak(text="eip1967.proxy.implementation"), "big") - 1
BEACON_SLOT: Final = int.from_bytes(keccak(text="eip1967.proxy.beacon"), "big") - 1
"""Where proxies keep what they run (ERC-1967)."""


@dataclass(frozen=True, slots=True)
class Face:
    """What a token's contract says of itself; the total supply tells two tokens of one symbol apart."""

    symbol: str
    decimals: int
    total_supply: int


def read_face(client: ChainClient, address: str) -> Face:
    """Raises CallReverted, RpcUnavailable."""
    token = TokenClient(client, address)
    return Face(token.symbol(), token.decimals(), token.total_supply())


def find_twin(client: ChainClient, address: str, registered: Mapping[TokenId, str]) -> TokenId | None:
    """A registered token that says exactly the same of itself: most likely one token behind two addresses. `registered`
    are the contracts of this chain by id. A contract that says nothing has no twin. Raises RpcUnavailable.
    """
    try:
        face = read_face(client, address)
    except CallReverted:
        return None
    for token_id, other in registered.items():
        if other in (NATIVE, NO_ADDRESS):
            continue
        try:
            if to_checksum_address(other) != to_checksum_address(address) and read_face(client, other) == face:
                return token_id
        except CallReverted:
            continue
    return None


def guess_class(client: ChainClient, address: str) -> TokenClass:
    """The classes that a contract's views and slots speak for. Raises RpcUnavailable."""
    found = NO_CLASS
    for bit, views in HABITS.items():
        if any(_answers(client, address, view) for view in views):
            found |= bit
    if any(_slot(client, address, slot) for slot in (IMPLEMENTATION_SLOT, BEACON_SLOT)):
        found |= TokenClass.UPGRADABLE
    return found


def check_token(
    client: ChainClient, symbol: str, address: str, said: TokenClass, registered: Mapping[TokenId, str]
) -> Iterator[str]:
    """Warnings for people: classes that the contract speaks for and that nobody has said. Raises TokenUnfit for one
    without code or with a twin, RpcUnavailable.
    """
    if address in (NATIVE, NO_ADDRESS):
        return
    name = client.profile.name
    if not client.code(address):
        raise TokenUnfit(name, symbol, f"there is no contract at {address}")
    twin = find_twin(client, address, registered)
    if twin is not None:
        raise TokenUnfit(name, symbol, f"{address} says the same of itself as token {twin} at {registered[twin]}")
    for bit in guess_class(client, address) & ~said:
        yield f"{symbol} on {name}: its contract looks {_WORDS[bit]}, and its class does not say so"


_WORDS: Final[Mapping[TokenClass, str]] = {
    TokenClass.REBASING: "rebasing",
    TokenClass.FEE_ON_TRANSFER: "able to take a fee on transfers",
    TokenClass.CALLS_HOLDERS: "as if it called its holders",
    TokenClass.CAN_BE_BLOCKED: "able to block holders or to pause",
    TokenClass.UPGRADABLE: "upgradable",
}


def _answers(client: ChainClient, address: str, view: str) -> bool:
    """Whether a view answers a word, given nobody or nothing as its argument."""
    data = keccak(text=view)[:4] + bytes(0 if view.endswith("()") else 32)
    try:
        return len(client.call(to_checksum_address(address), data, view)) >= 32
    except CallReverted:
        return False


def _slot(client: ChainClient, address: str, slot: int) -> bool:
    checksum = to_checksum_address(address)
    return any(client.ask("eth_getStorageAt", lambda: bytes(client.w3.eth.get_storage_at(checksum, slot))))
