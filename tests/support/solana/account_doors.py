"""The doors of the account lane: each call, and the request that should stand in the queue after it."""

from typing import Any

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.support.solana.founding import CAKE, SOL, SOLANA, SRM
from tests.support.solana.machine import SYSTEM, associated
from tests.support.solana.site import DESTINATION, Site
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.protocol.ids import AccountId, Amount, ChainSet, Lane, RequestId, TokenId
from zklink.solana.interface import accounts, instructions

HERE = ChainSet(1 << SOLANA - 1)
ALL = ChainSet(0b111)


def queued(site: Site, request_id: int) -> dict[str, Any]:
    """The account queue's place of a request."""
    layout = accounts.ACCOUNT_ENTRY
    at = accounts.QUEUE_HEAD.size + request_id % accounts.ACCOUNT_ENTRIES * layout.size
    return layout.unpack(site.machine.data(site.account_queue)[at : at + layout.size])


def plant(site: Site, **changes: Any) -> None:
    """Change what the bridge keeps."""
    data = accounts.BRIDGE.pack(**(site.state() | changes))
    site.machine.put(site.bridge, site.id, data, site.machine.lamports(site.bridge))


def deposit(site: Site, places: dict[str, Pubkey] | None = None, **changes: Any) -> DepositRequest:
    """The user deposits, for itself if no other owner is named."""
    user = site.user.pubkey()
    values: dict[str, Any] = {
        "token": SRM,
        "account": 0,
        "l1_amount": 5_000_000,
        "fee": 0,
        "owner": bytes(user),
        "refund_to": bytes(user),
    } | changes
    refusal = values.pop("refusal", None)
    token = TokenId(values["token"])
    both = {
        "sender": user,
        "bridge": site.bridge,
        "account_queue": site.account_queue,
        "token": site.token(token),
        "source": user if token == SOL else associated(user, site.mints.get(token, SYSTEM)),
        "sol": site.sol,
        "system_program": SYSTEM,
        **site.token_places(token),
    }
    site.call(instructions.DEPOSIT, both | (places or {}), site.user, refusal=refusal, **values)
    return DepositRequest(
        SOLANA,
        last_id(site),
        token,
        Amount(values["l1_amount"] // {CAKE: 1_000}.get(token, 1)),
        values["owner"],
        values["refund_to"],
        site.machine.now(),
        AccountId(values["account"]),
        values["owner"] == bytes(user),
        values["fee"],
    )


def full_exit(
    site: Site, places: dict[str, Pubkey] | None = None, owner: Keypair | None = None, **changes: Any
) -> FullExitRequest:
    """Somebody, the user if nobody is named, asks for a full exit; the user pays. `burnt` is part of the coin."""
    who = owner or site.user
    values: dict[str, Any] = {"account": 1, "token": SRM, "mask": ALL, "coin": 0, "second": DESTINATION} | changes
    refusal, burnt = values.pop("refusal", None), values.pop("burnt", 0)
    both = _places(site, who) | (places or {})
    site.call(instructions.FULL_EXIT, both, who, site.user, refusal=refusal, **values)
    return FullExitRequest(
        SOLANA,
        last_id(site),
        AccountId(values["account"]),
        TokenId(values["token"]),
        bytes(who.pubkey()),
        values["second"],
        ChainSet(values["mask"]),
        site.machine.now(),
        values["coin"] - burnt,
    )


def ask_key(
    site: Site, places: dict[str, Pubkey] | None = None, owner: Keypair | None = None, **changes: Any
) -> KeyRequest:
    """Somebody, the user if nobody is named, asks for a new key; the user pays."""
    who = owner or site.user
    values: dict[str, Any] = {"account": 1, "fee": 0, "public_key_hash": 2**250 + 5} | changes
    refusal = values.pop("refusal", None)
    both = _places(site, who) | (places or {})
    site.call(instructions.KEY_REQUEST, both, who, site.user, refusal=refusal, **values)
    owner_name, key = bytes(who.pubkey()), values["public_key_hash"]
    account = AccountId(values["account"])
    return KeyRequest(SOLANA, last_id(site), account, owner_name, key, site.machine.now(), values["fee"])


def last_id(site: Site) -> RequestId:
    """The last request of the account lane."""
    return RequestId(site.state()["totals"][Lane.ACCOUNT - 1])


def set_price(site: Site, kind: int, price: int) -> None:
    """The governor sets a price, and an hour passes."""
    governor = {"governor": site.governor.pubkey(), "bridge": site.bridge}
    site.call(instructions.SET_PRICE, governor, site.governor, kind=kind, price=price)
    site.machine.set_time(site.machine.now() + 3_600)


def _places(site: Site, owner: Keypair) -> dict[str, Pubkey]:
    return {
        "owner": owner.pubkey(),
        "payer": site.user.pubkey(),
        "bridge": site.bridge,
        "account_queue": site.account_queue,
        "sol": site.sol,
        "system_program": SYSTEM,
    }
