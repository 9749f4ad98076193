"""Two requests of one account that are sent at once, or one before the other is mined: neither counts on the other's
allowance. And what the chain takes no less of is not sent.
"""

import asyncio
import json
from typing import Any

import pytest

from tests.api.signed_orders import COIN, USD, Signer
from tests.client.wire import Wire
from tests.scenarios.pipeline import BSC, POLYGON
from zklink import AsyncClient, Wallet
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge_structs import DepositOrder, universal_address
from zklink.l1.contracts.token import TokenClient
from zklink.protocol.errors import StillWaiting, SwapImpossible
from zklink.protocol.ids import Lane

BOTH = ["deposit", "swap"]


def open_user(wire: Wire) -> Signer:
    """Somebody with dollars, coin, and no allowance."""
    user = Signer(wire.scene.pipeline.system, POLYGON, BSC)
    user.client.transfer(wire.scene.pipeline.system.world.roles.deployer, user.account.address, 10 * COIN)
    return user


async def request(client: AsyncClient, wallet: Wallet, way: str, *, with_permit: bool = False) -> str:
    if way == "deposit":
        return (await client.accounts.deposit(wallet, "polygon", "USDC", "10", with_permit=with_permit)).tx_hash
    quote = await client.quote("polygon", "USDC", "10", "bsc", "USDC")
    return (await client.swap(wallet, quote, with_permit=with_permit)).tx_hash


def count_requests(user: Signer) -> int:
    bridge = user.system.bridges[POLYGON]
    return sum(bridge.request_counts(lane).total for lane in Lane)


@pytest.mark.parametrize("second", BOTH)
@pytest.mark.parametrize("first", BOTH)
def test_requests__two_of_one_account_at_once__each_has_its_own_allowance(wire: Wire, first: str, second: str) -> None:
    user, ask, rest = open_user(wire), wire.send, wire.sleep
    wallet, before = Wallet.from_account(user.account), count_requests(user)

    async def send(verb: str, url: str, params: Any, body: bytes | None) -> Any:
        await asyncio.sleep(0)  # the other one goes on here
        return await ask(verb, url, params, body)

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0)
        await rest(seconds)

    async def run() -> None:
        async with wire.open_async() as client:
            await asyncio.gather(request(client, wallet, first), request(client, wallet, second))

    wire.send, wire.sleep = send, sleep  # type: ignore[method-assign]
    asyncio.run(run())
    assert count_requests(user) == before + 2
    assert user.system.token(POLYGON, USDC).allowance(wallet.address, user.place.bridge) == 0


class Pool:
    """A deposit of an account waits to be mined: the chain counts it, and has it after so many seconds."""

    def __init__(self, wire: Wire, user: Signer, seconds: float, *, with_permit: bool = False) -> None:
        self.wire, self.user, self.seconds, self.is_mined = wire, user, seconds, False
        self.with_permit = with_permit
        self._original = wire.send
        wire.send = self.send  # type: ignore[method-assign]

    async def send(self, verb: str, url: str, params: Any, body: bytes | None) -> Any:
        asked = json.loads(body or b"{}")
        if not self.is_mined and self.wire.seconds >= self.seconds:
            self.is_mined = True
            self._mine()
        reply = await self._original(verb, url, params, body)
        if asked.get("method") == "eth_getTransactionCount" and asked["params"][1] == "pending" and not self.is_mined:
            answer = json.loads(reply.body)
            answer["result"] = hex(int(answer["result"], 16) + 1)
            reply = type(reply)(reply.status, json.dumps(answer).encode())
        return reply

    def _mine(self) -> None:
        bridge, account = self.user.system.bridges[POLYGON], self.user.account
        order = DepositOrder(USDC, 10 * USD, universal_address(account.address))
        if self.with_permit:
            token, deadline = TokenClient(self.user.client, self.user.token), bridge.client.head().timestamp + 600
            bridge.deposit_with_permit(account, order, token.sign_permit(account, bridge.address, 10 * USD, deadline))
        else:
            bridge.deposit(account, order)


@pytest.mark.parametrize("way", BOTH)
def test_requests__one_with_a_permit_is_not_mined_yet__the_next_permit_has_the_nonce_after_it(
    wire: Wire, way: str
) -> None:
    """A second permit of one nonce is worth nothing: the request would be mined in vain."""
    user = open_user(wire)
    before, pool = count_requests(user), Pool(wire, user, wire.seconds + 5.0, with_permit=True)

    async def run() -> None:
        async with wire.open_async() as client:
            await request(client, Wallet.from_account(user.account), way, with_permit=True)

    asyncio.run(run())
    assert pool.is_mined and count_requests(user) == before + 2
    assert user.system.token(POLYGON, USDC).allowance(user.account.address, user.place.bridge) == 0


@pytest.mark.parametrize("way", BOTH)
def test_requests__one_is_not_mined_yet__its_allowance_is_not_taken_for_the_next(wire: Wire, way: str) -> None:
    user, before = open_user(wire), 0
    system = wire.scene.pipeline.system
    system.token(POLYGON, USDC).approve(user.account, user.place.bridge, 10 * USD)
    before, pool = count_requests(user), Pool(wire, user, wire.seconds + 5.0)

    async def run() -> None:
        async with wire.open_async() as client:
            await request(client, Wallet.from_account(user.account), way)

    asyncio.run(run())
    assert pool.is_mined and count_requests(user) == before + 2
    assert system.token(POLYGON, USDC).allowance(user.account.address, user.place.bridge) == 0


@pytest.mark.parametrize("way", BOTH)
def test_requests__one_is_mined_between_two_questions__its_allowance_is_not_taken_for_the_next(
    wire: Wire, way: str
) -> None:
    user, ask, asked = open_user(wire), wire.send, list[str]()
    system = wire.scene.pipeline.system
    system.token(POLYGON, USDC).approve(user.account, user.place.bridge, 10 * USD)
    before = count_requests(user)

    async def send(verb: str, url: str, params: Any, body: bytes | None) -> Any:
        if "eth_getTransactionCount" in str(body) and not asked:  # the allowance was read, and now it is used up
            asked.append(url)
            order = DepositOrder(USDC, 10 * USD, universal_address(user.account.address))
            system.bridges[POLYGON].deposit(user.account, order)
        return await ask(verb, url, params, body)

    async def run() -> None:
        async with wire.open_async() as client:
            await request(client, Wallet.from_account(user.account), way)

    wire.send = send  # type: ignore[method-assign]
    asyncio.run(run())
    assert asked and count_requests(user) == before + 2
    assert system.token(POLYGON, USDC).allowance(user.account.address, user.place.bridge) == 0


def test_deposit__an_earlier_transaction_is_never_mined__says_so_and_sends_nothing(wire: Wire) -> None:
    user = open_user(wire)
    wire.scene.pipeline.system.token(POLYGON, USDC).approve(user.account, user.place.bridge, 10 * USD)
    Pool(wire, user, float("inf"))
    with pytest.raises(StillWaiting, match="earlier transactions"):
        wire.open(poll_seconds=60.0).accounts.deposit(Wallet.from_account(user.account), "polygon", "USDC", "10")
    assert "polygon eth_sendRawTransaction" not in wire.sent


def test_deposit__less_than_the_chain_takes__says_how_much_and_sends_nothing(wire: Wire) -> None:
    user = open_user(wire)
    with pytest.raises(SwapImpossible, match="takes no less than") as refused:
        wire.open().accounts.deposit(Wallet.from_account(user.account), "polygon", "USDC", 1)
    assert refused.value.why_not == "below_minimum" and "polygon eth_sendRawTransaction" not in wire.sent
