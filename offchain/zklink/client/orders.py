"""Requests at a bridge's doors: everything that can be known is looked at, and then the calls that it takes.

Takes a checked chain and what an account wants; gives a Plan: an approval if one is needed, and the request with the
price of the door. The chain itself says what a door costs, which contract a token is, what the account has and has
approved. Never sends anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eth_utils import to_checksum_address

from zklink.client.book import is_program
from zklink.client.contract_calls import BRIDGE, REGISTRY, TOKEN, encode_call
from zklink.client.outgoing import COIN, Step
from zklink.client.session import Place, Session
from zklink.client.wallet import Wallet
from zklink.l1.contracts.bridge_structs import (
    NATIVE,
    NO_ADDRESS,
    WEI_PER_GWEI,
    DepositOrder,
    Permit,
    PriceState,
    SwapOrder,
    evm_address,
)
from zklink.protocol.chain_sets import make_chain_set
from zklink.protocol.errors import ContractUntrue, RecipientIsToken, SwapImpossible, TokensShort
from zklink.protocol.ids import AccountId, ChainId, Door, TokenId

PRICE_SECONDS: Final = 600
"""A price covers a rise that counts within this time, so that a call may take a while to be mined."""
TOKEN_CONFIG: Final = "uint16 address uint8 uint112 uint112 uint8"
BOUNDLESS: Final = 2**255
"""An allowance from here on is meant for any number of requests."""
PRICE_STATE: Final = "uint256 uint256 uint256 uint256 uint256"


@dataclass(frozen=True, slots=True)
class ChainToken:
    """A token as a chain's registry has it: `scale` L1 units make a layer-2 unit; requests of less than `least_l1` L1
    units are refused.
    """

    address: str
    scale: int
    least_l1: int = 0

    @property
    def is_native(self) -> bool:
        return self.address == NATIVE


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be sent, in this order; the last step is the request. `l1_amount` is taken from the account in the
    token's L1 units, `fee_wei` is what the door costs.
    """

    place: Place
    l1_amount: int
    fee_wei: int
    steps: tuple[Step, ...]


async def find_token(place: Place, session: Session, token_id: TokenId) -> ChainToken:
    """A token on a chain, by the registry there. Raises ContractUntrue if the node names another contract, and
    SwapImpossible if the token is not there.
    """
    config = await place.rpc.read(place.registry, REGISTRY["token_config"], TOKEN_CONFIG, token_id)
    (scale,) = await place.rpc.read(place.registry, REGISTRY["token_scale"], "uint256", token_id)
    address, info = to_checksum_address(config[1]), (await session.book()).find_token(token_id)
    said = next((contract.address for contract in info.contracts if contract.chain == place.id), NO_ADDRESS)
    if to_checksum_address(said) != address:
        raise ContractUntrue(place.name, f"the contract of {info.symbol}", said, address)
    if address == NO_ADDRESS or not scale:
        raise SwapImpossible("token_not_on_source", f"{info.symbol} is not registered on {place.name}")
    return ChainToken(address, scale, config[3] * scale)


async def find_price(place: Place, kind: int) -> int:
    """What a door costs now and within ten minutes, in wei; `kind` is a chain for swaps to it, else a Door."""
    state = PriceState(*await place.rpc.read(place.registry, REGISTRY["price_state"], PRICE_STATE, kind))
    now = (await place.rpc.head()).timestamp
    return max(state.at(now), state.at(now + PRICE_SECONDS)) * WEI_PER_GWEI


async def plan_swap(session: Session, place: Place, sender: str, order: SwapOrder, permit: Permit | None) -> Plan:
    """The calls of a swap. Raises TokensShort, RecipientIsToken, ContractUntrue, SwapImpossible."""
    await check_recipient(session, order.destination, order.recipient)
    price = await find_price(place, int(order.destination))
    return await _plan(session, place, sender, ("swap", order.token_in, order.l1_amount), order, price, permit)


async def plan_deposit(session: Session, place: Place, sender: str, order: DepositOrder, permit: Permit | None) -> Plan:
    """The calls of a deposit. Raises as `plan_swap`."""
    price = await find_price(place, int(Door.DEPOSIT))
    return await _plan(session, place, sender, ("deposit", order.token_id, order.l1_amount), order, price, permit)


async def plan_full_exit(
    session: Session,
    place: Place,
    owner: Wallet,
    account: AccountId,
    token_id: TokenId,
    others: Sequence[ChainId],
    second: bytes,
) -> Plan:
    """The call of a full exit, which the other chains pay to `second`. Raises TokensShort, RecipientIsToken,
    ContractUntrue, SwapImpossible.
    """
    for chain in others:
        await check_recipient(session, chain, second)
    await find_token(place, session, token_id)
    fee, burnt = await place.rpc.read(place.bridge, BRIDGE["quote_full_exit"], "uint256 uint256")
    value = max(fee * WEI_PER_GWEI, await find_price(place, int(Door.FULL_EXIT))) + burnt * WEI_PER_GWEI
    await _check_coin(place, owner.address, value)
    mask = make_chain_set([place.id, *others])
    data = encode_call(BRIDGE["full_exit"], account, token_id, second, mask)
    return Plan(place, 0, value, (Step("full_exit", place.bridge, data, value),))


async def plan_key_request(place: Place, owner: str, account: AccountId, public_key_hash: int) -> Plan:
    """The call that asks for a key. Raises TokensShort."""
    price = await find_price(place, int(Door.KEY_REQUEST))
    await _check_coin(place, owner, price)
    data = encode_call(BRIDGE["set_key"], account, public_key_hash)
    return Plan(place, 0, price, (Step("set_key", place.bridge, data, price),))


async def check_recipient(session: Session, chain: ChainId, recipient: bytes) -> None:
    """Raise RecipientIsToken if the recipient is a token's contract; of a chain whose node is known."""
    if any(recipient[:12]) or is_program((await session.book()).find_chain(int(chain))):
        return
    if not await session.has_chain(chain):
        return
    place, address = await session.place(chain), evm_address(recipient)
    (is_token,) = await place.rpc.read(place.registry, REGISTRY["is_token"], "bool", address)
    if is_token:
        raise RecipientIsToken(place.name, address)


def check_least(place: Place, token: ChainToken, l1_amount: int) -> None:
    """Raise SwapImpossible for less than the chain takes."""
    if l1_amount < token.least_l1:
        raise SwapImpossible("below_minimum", f"{place.name} takes no less than {token.least_l1} of the token's units")


async def _plan(
    session: Session,
    place: Place,
    sender: str,
    wanted: tuple[str, TokenId, int],
    order: SwapOrder | DepositOrder,
    price_wei: int,
    permit: Permit | None,
) -> Plan:
    door, token_id, l1_amount = wanted
    token = await find_token(place, session, token_id)
    check_least(place, token, l1_amount)
    steps: list[Step] = []
    if not token.is_native:
        await _check_tokens(place, token, sender, l1_amount)
        if permit is None:
            steps += await _plan_approval(session, place, token, sender, l1_amount)
    value = price_wei + (l1_amount if token.is_native else 0)
    await _check_coin(place, sender, value)
    arguments: Sequence[object] = [order.abi(sender)] if permit is None else [order.abi(sender), permit.abi()]
    name = door if permit is None else f"{door}_with_permit"
    steps.append(Step(door, place.bridge, encode_call(BRIDGE[name], *arguments), value))
    return Plan(place, l1_amount, price_wei, tuple(steps))


async def _check_coin(place: Place, sender: str, value: int) -> None:
    found = await place.rpc.balance(sender)
    if found < value:
        raise TokensShort(place.name, COIN, sender, value, found)


async def _check_tokens(place: Place, token: ChainToken, sender: str, l1_amount: int) -> None:
    (found,) = await place.rpc.read(token.address, TOKEN["balanceOf"], "uint256", sender)
    if found < l1_amount:
        raise TokensShort(place.name, token.address, sender, l1_amount, found)


async def _plan_approval(session: Session, place: Place, token: ChainToken, sender: str, l1_amount: int) -> list[Step]:
    """What lets the bridge take the amount, if it may not yet; a token that changes no allowance (USDT) has it set to
    zero first. An allowance may be that of a request that is not mined yet: those of the account are waited for, and
    the allowance is read after them, for one may be mined between two questions.
    """
    allowed = await _read_allowance(place, token, sender)
    if 0 < allowed < BOUNDLESS:
        await session.wait_earlier(place, sender)
        allowed = await _read_allowance(place, token, sender)
    if allowed >= l1_amount:
        return []
    amounts = [0, l1_amount] if allowed else [l1_amount]
    return [Step("approve", token.address, encode_call(TOKEN["approve"], place.bridge, amount)) for amount in amounts]


async def _read_allowance(place: Place, token: ChainToken, sender: str) -> int:
    (allowed,) = await place.rpc.read(token.address, TOKEN["allowance"], "uint256", sender, place.bridge)
    return int(allowed)
