"""What must be right about a signed order before a relayer spends anything on it: what can be seen without asking a
chain (`check_form`), and then what the chain says (`check_on_chain`).

Takes an order and where it goes; raises RelayRefused with a code of `zklink.schema.api.oif`. Sends nothing.

Whoever signs pays nothing, so everything that a stranger can make up for nothing is refused before a chain is asked:
another entry, another relayer, a signature that is not the owner's. An order that names no relayer could be brought by
anybody before this one, which would pay for a call in vain. So could an owner with code: what it has signed may be good
when it is asked, and not when the call is mined.
"""

from dataclasses import dataclass
from typing import Final

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import to_checksum_address
from web3.types import TxParams, Wei

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import NO_ADDRESS
from zklink.l1.contracts.entry import (
    EntryPlace,
    TypedData,
    build_authorization_data,
    build_permit2_data,
    compute_order_nonce,
)
from zklink.l1.contracts.entry_client import EntryClient
from zklink.l1.contracts.permits import compute_separator
from zklink.l1.contracts.token import TokenClient
from zklink.l1.transport.client import Call, ChainClient
from zklink.protocol.errors import CallReverted, L1Error, RelayRefused, RpcRefused, TransactionRejected
from zklink.relayer.records import SignedSwap, Way
from zklink.relayer.terms import TAKEN_PERCENT, RelayTerms

MINING_SECONDS: Final = 120
"""An order must be good for so long: its transaction has to be mined before."""
PLAIN_SIGNATURE_BYTES: Final = 65
MOST_GAS: Final = 1_000_000
"""A call that asks for more is not what a swap takes."""
BUMPED: Final = 2
"""A transaction that is not mined is sent again with a higher fee: so many times the present price is risked."""


@dataclass(frozen=True, slots=True)
class RelayPlace:
    """A chain as its relayer sees it: the bridge, and the entry and the token contracts of the deployment's record."""

    bridge: BridgeClient
    entry: EntryClient
    place: EntryPlace

    @property
    def client(self) -> ChainClient:
        return self.bridge.client


@dataclass(frozen=True, slots=True)
class Cost:
    """The call that brings an order, and what it costs; `head` is (number, time) of the block at which it was tried."""

    call: Call
    value_wei: int
    gas: int
    risk_wei: int
    head: tuple[int, int]


def check_form(place: RelayPlace, signed: SignedSwap, token: str, relayer: str) -> None:
    """Raise RelayRefused for an order of another place or relayer, or that its owner has not signed."""
    if to_checksum_address(signed.entry) != place.entry.address:
        raise RelayRefused("wrong_entry", f"the entry of this chain is {place.entry.address}")
    if to_checksum_address(signed.token) != to_checksum_address(token):
        raise RelayRefused("wrong_token", f"what is signed belongs to another contract than the order's token, {token}")
    if signed.way is Way.PERMIT2:
        _check_permit2(place.place.permit2, str(signed.domain["verifyingContract"]))
    if to_checksum_address(signed.relay.relayer) != relayer:
        raise RelayRefused("wrong_relayer", f"the order must name {relayer} as its relayer")
    nonce = compute_order_nonce(place.place, signed.order, signed.owner, signed.relay)
    if (signed.value, signed.nonce) != (signed.total, nonce):
        raise RelayRefused("wrong_order", "amount or nonce of what is signed are not those of the order")
    data = build_signed_data(place.place, signed, token)
    if len(signed.signature) != PLAIN_SIGNATURE_BYTES or _recover(data, signed.signature) != signed.owner:
        raise RelayRefused("bad_signature", f"this is no signature of {signed.owner}")


def _check_permit2(permit2: str, named: str) -> None:
    if permit2 == NO_ADDRESS:
        raise RelayRefused("wrong_permit2", "the entry of this chain knows no Permit2")
    if to_checksum_address(named) != permit2:
        raise RelayRefused("wrong_permit2", f"the entry of this chain knows the Permit2 at {permit2} alone")


def build_signed_data(place: EntryPlace, signed: SignedSwap, token: str) -> TypedData:
    """What the owner of an order must have signed. The last second of Permit2 is the one before `valid_before`."""
    order, owner, relay, end = signed.order, signed.owner, signed.relay, signed.valid_before
    if signed.way is Way.AUTHORIZATION:
        return build_authorization_data(place, signed.domain, order, owner, relay, end)
    return build_permit2_data(place, token, order, owner, relay, int.from_bytes(signed.nonce, "big"), end - 1)


def check_on_chain(place: RelayPlace, signed: SignedSwap, token: TokenClient, terms: RelayTerms, relayer: str) -> Cost:
    """What it takes to bring the order now. Raises RelayRefused."""
    client, order = place.client, signed.order
    try:
        head = client.head()
        if head.timestamp + MINING_SECONDS >= min(signed.valid_before, order.deadline):
            raise RelayRefused("expired", f"an order must be good for {MINING_SECONDS} s when it comes")
        if _has_code(client, signed.owner):
            raise RelayRefused("contract_owner", "only plain accounts can be served: a contract can take back its word")
        _check_permission(place, signed, token)
        if (found := token.balance(signed.owner)) < signed.total:
            raise RelayRefused("short_balance", f"the order takes {signed.total}, and its owner has {found}")
        value = place.bridge.quote_order(order).value
        call = _encode(place, signed, relayer)
        gas = client.estimate_gas(relayer, call, value)
        if gas > MOST_GAS:
            raise RelayRefused("refused_by_chain", f"the call takes {gas} gas")
        price = client.gas_price()
        chain, scale = place.bridge.chain_id, place.bridge.tokens.token_scale(order.token_in)
        least = terms.compute_fee(chain, order.token_in, gas * price + value, TAKEN_PERCENT) * scale
        if signed.relay.relayer_fee < least:
            raise RelayRefused("fee_low", f"bringing it takes a fee of {least} now")
        return Cost(call, value, gas, gas * price * BUMPED, (head.number, head.timestamp))
    except CallReverted as error:
        raise RelayRefused("refused_by_chain", error.reason or "no reason given") from error
    except (TransactionRejected, RpcRefused) as error:
        raise RelayRefused("exhausted", "the relayer's account cannot pay for it at present") from error
    except L1Error as error:
        raise RelayRefused("unavailable", "the chain's node does not answer at present") from error


def _check_permission(place: RelayPlace, signed: SignedSwap, token: TokenClient) -> None:
    """Raise RelayRefused unless the token uses the domain that was signed, or lets Permit2 take the amount."""
    if signed.way is Way.AUTHORIZATION:
        if token.domain_separator() != compute_separator(signed.domain):
            raise RelayRefused("wrong_token", "this is not the domain (EIP-712) that the token uses")
    elif (found := token.allowance(signed.owner, place.place.permit2)) < signed.total:
        raise RelayRefused("short_allowance", f"the order takes {signed.total}, and Permit2 may take {found}")


def _encode(place: RelayPlace, signed: SignedSwap, relayer: str) -> Call:
    """The call that brings an order; the relayer itself gets the fee."""
    owner, end = to_checksum_address(signed.owner), signed.valid_before
    permission: tuple[object, ...] = (end, signed.signature)
    if signed.way is Way.PERMIT2:
        permission = (int.from_bytes(signed.nonce, "big"), end - 1, signed.signature)
    return place.entry.encode(signed.way.value, signed.order.abi(owner), signed.relay.abi(), owner, permission, relayer)


def try_order(client: ChainClient, relayer: str, call: Call, value_wei: int, gas: int) -> None:
    """Make a call on the newest block, without sending it. Raises CallReverted, RpcRefused, RpcUnavailable."""
    assert call.to is not None
    transaction: TxParams = {
        "from": to_checksum_address(relayer),
        "to": to_checksum_address(call.to),
        "data": call.data,
        "value": Wei(value_wei),
        "gas": gas,
    }
    client.ask(call.label, lambda: client.w3.eth.call(transaction))


def _recover(data: TypedData, signature: bytes) -> str:
    try:
        signable = encode_typed_data(dict(data.domain), dict(data.types), dict(data.message))
        return str(Account.recover_message(signable, signature=signature))
    except Exception:  # eth_keys and eth_account have no common error for what is no signature
        return ""


def _has_code(client: ChainClient, address: str) -> bool:
    checksum = to_checksum_address(address)
    return bool(client.ask("eth_getCode", lambda: bytes(client.w3.eth.get_code(checksum))))
