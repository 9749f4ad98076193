"""Transactions without a signature: from the funded accounts, which the chain signs for, and from impersonated ones.

Takes what `eth_sendTransaction` takes; fills in what is not said.
"""

from typing import Any, Final

from eth_account.signers.local import LocalAccount

from zklink.lab.accounts import funded_accounts
from zklink.lab.revm.calls import estimate_gas
from zklink.lab.revm.chain import RevmChain
from zklink.lab.revm.engine import Message
from zklink.lab.revm.rpc_errors import SERVER_ERROR, RpcRefused, describe_failure
from zklink.lab.revm.rpc_format import Json, read_address, read_bytes, read_number
from zklink.lab.revm.state import Address
from zklink.lab.revm.transactions import build_unsigned

TIP: Final = 10**9
"""The tip that is suggested, wei per gas."""


class Unlocked:
    """The accounts that a chain sends for."""

    def __init__(self, chain: RevmChain) -> None:
        self._chain = chain
        self._keys: dict[str, LocalAccount] = {account.address.lower(): account for account in funded_accounts()}
        self._impersonated: set[Address] = set()

    def impersonate(self, address: Any) -> bool:
        """From now on send for this account, whoever has its key."""
        self._impersonated.add(read_address(address))
        return True

    def stop(self, address: Any) -> bool:
        """No longer."""
        self._impersonated.discard(read_address(address))
        return True

    def send(self, asked: Json) -> bytes:
        """Send a transaction; gives its hash. Raises RpcRefused, TransactionRefused."""
        chain, sender = self._chain, read_address(asked.get("from"))
        key = self._keys.get(sender)
        if key is None and sender not in self._impersonated:
            raise RpcRefused(SERVER_ERROR, "unknown account")
        to = read_address(asked["to"]) if asked.get("to") else None
        value, data = read_number(asked.get("value") or 0), read_bytes(asked.get("data") or asked.get("input"))
        tip = read_number(_first(asked, "maxPriorityFeePerGas", "gasPrice", TIP))
        max_fee = read_number(_first(asked, "maxFeePerGas", "gasPrice", 2 * chain.next_base_fee + tip))
        nonce = asked.get("nonce")
        if nonce is None:
            nonce = chain.pool.count_nonce(sender, chain.state.account(sender).nonce)
        if asked.get("gas") is None:
            gas, outcome = estimate_gas(chain, Message(sender, to, data, value, chain.gas_limit))
            if not outcome.is_success:
                raise describe_failure(outcome)
        else:
            gas = read_number(asked["gas"])
        parts = (read_number(nonce), to, value, data, gas, max_fee, min(tip, max_fee))
        if key is None:
            return chain.send(build_unsigned(sender, *parts, chain.evm_chain_id))
        return chain.send_raw(_sign(key, *parts, chain.evm_chain_id))


def _first(asked: Json, name: str, other: str, default: int) -> Any:
    return next((asked[key] for key in (name, other) if asked.get(key) is not None), default)


def _sign(
    key: LocalAccount, nonce: int, to: Address | None, value: int, data: bytes, gas: int, fee: int, tip: int, chain: int
) -> bytes:
    signed = key.sign_transaction(
        {
            "type": 2,
            "chainId": chain,
            "nonce": nonce,
            "to": bytes.fromhex(to[2:]) if to else b"",
            "value": value,
            "data": data,
            "gas": gas,
            "maxFeePerGas": fee,
            "maxPriorityFeePerGas": tip,
        }
    )
    return bytes(signed.raw_transaction)
