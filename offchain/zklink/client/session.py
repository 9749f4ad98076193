"""What all parts of a client share: the transport, the node's API, the deployment's book, and a checked way to each
chain.

Takes addresses; gives what was learned and checked once. A chain's node must serve the chain of the deployment, and the
bridge there must name the deployment. Never signs.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from eth_utils import to_checksum_address

from zklink.client.api_caller import ApiCaller
from zklink.client.api_methods import AsyncApi
from zklink.client.book import Book, ChainRef, find_evm_chain_id, is_program, open_book
from zklink.client.chain_rpc import ChainRpc
from zklink.client.contract_calls import BRIDGE
from zklink.client.patience import Patience
from zklink.client.transport import Transport
from zklink.protocol.errors import ContractUntrue, NodeOfChainMissing, StillWaiting
from zklink.protocol.ids import ChainId
from zklink.schema.api.chains import ChainInfo

TURN_SECONDS: Final = 0.05
EARLIER_SECONDS: Final = 300.0
"""How long an account's earlier transactions are waited for."""


@dataclass(frozen=True, slots=True)
class Place:
    """A chain of the deployment that was asked who it is: its node, its bridge, and the bridge's registry."""

    info: ChainInfo
    rpc: ChainRpc
    bridge: str
    registry: str

    @property
    def id(self) -> ChainId:
        return ChainId(self.info.chain)

    @property
    def name(self) -> str:
        return self.info.name


@dataclass(slots=True)
class Session:
    """One client's connections. `urls` are addresses of chains' nodes by name or id; `expected` is the deployment hash
    that the caller knows from elsewhere, None to take the node's.
    """

    transport: Transport
    url: str
    urls: Mapping[ChainRef, str]
    expected: bytes | None = None
    poll_seconds: float = 1.0
    caller: ApiCaller = field(init=False)
    api: AsyncApi = field(init=False)
    _book: Book | None = field(init=False, default=None)
    _places: dict[ChainId, Place] = field(init=False, default_factory=dict)
    _busy: set[tuple[ChainId, str]] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.caller = ApiCaller(self.transport, self.url)
        self.api = AsyncApi(self.caller)

    async def book(self) -> Book:
        """The deployment, read and checked at the first use. Raises DeploymentUntrue and what the API refuses."""
        if self._book is None:
            deployment, trust = await self.api.deployment(), await self.api.trust()
            chains, tokens = (await self.api.chains()).chains, (await self.api.tokens()).tokens
            self._book = open_book(deployment, chains, tokens, trust.verification_keys, self.expected)
        return self._book

    async def has_chain(self, ref: ChainRef) -> bool:
        """Whether the client has the address of a node of this chain. Raises NameUnknown."""
        return self._find_url((await self.book()).find_chain(ref)) is not None

    async def place(self, ref: ChainRef) -> Place:
        """A chain, checked at the first use. Raises NodeOfChainMissing, WrongChain, ContractUntrue, NameUnknown."""
        book = await self.book()
        info = book.find_chain(ref)
        found = self._places.get(ChainId(info.chain))
        if found is None:
            found = await self._open_place(book, info)
            self._places[found.id] = found
        return found

    @asynccontextmanager
    async def turn(self, place: Place, address: str) -> AsyncIterator[None]:
        """An account's turn on a chain: no other request of it is looked at or approved meanwhile, for two that are
        sent at once would both count on what is there for one.
        """
        mine = place.id, address
        while mine in self._busy:
            await self.transport.sleep(TURN_SECONDS)
        self._busy.add(mine)
        try:
            yield
        finally:
            self._busy.discard(mine)

    async def wait_earlier(self, place: Place, address: str) -> None:
        """Wait until every transaction of an account is mined: allowances and nonces of permits are then as the next
        one finds them. Raises StillWaiting.
        """
        patience = Patience(self.transport, EARLIER_SECONDS)
        while (left := await place.rpc.next_nonce(address) - await place.rpc.mined_nonce(address)) > 0:
            if patience.is_over:
                what = f"earlier transactions of {address} on {place.name}"
                raise StillWaiting(what, EARLIER_SECONDS, f"{left} are not mined")
            await patience.tick(self.poll_seconds)

    async def _open_place(self, book: Book, info: ChainInfo) -> Place:
        url = self._find_url(info)
        if url is None:
            raise NodeOfChainMissing(info.name)
        if is_program(info):
            raise ContractUntrue(info.name, info.contracts["bridge"], "a contract", "that it is a program's")
        rpc = ChainRpc(self.transport, info.name, url, find_evm_chain_id(info))
        await rpc.check_chain_id()
        bridge = to_checksum_address(info.contracts["bridge"])
        (said,) = await rpc.read(bridge, BRIDGE["deployment_hash"], "bytes32")
        if said != book.deployment_hash:
            expected = f"a bridge of deployment 0x{book.deployment_hash.hex()}"
            raise ContractUntrue(info.name, bridge, expected, f"that it is of deployment 0x{said.hex()}")
        parts = await rpc.read(bridge, BRIDGE["parts"], "address address address address")
        return Place(info, rpc, bridge, to_checksum_address(parts[0]))

    async def find_url(self, ref: ChainRef) -> str:
        """The address of a chain's node. Raises NodeOfChainMissing, NameUnknown."""
        info = (await self.book()).find_chain(ref)
        url = self._find_url(info)
        if url is None:
            raise NodeOfChainMissing(info.name)
        return url

    def _find_url(self, info: ChainInfo) -> str | None:
        return next((self.urls[ref] for ref in (info.name, info.chain, info.caip2) if ref in self.urls), None)
