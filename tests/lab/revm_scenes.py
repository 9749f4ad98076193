"""A chain on revm, and what its tests send and read through web3."""

from typing import Any

from eth_abi import encode
from web3 import Web3
from web3.types import RPCEndpoint

from tests.lab.scenes import PAYEE, PAYER
from zklink.lab.accounts import funded_account
from zklink.lab.revm.chain import RevmChain
from zklink.lab.revm.rpc import RevmRpc
from zklink.lab.revm.state import Account, Address, Changes

CHAIN, START, GWEI = 77, 1_800_000_000, 10**9
COUNTER = Address("0x" + "c0" * 20)
COUNTER_CODE = bytes.fromhex("5f546001015f555f545f5260aa60bb60205fa260205ff3")
"""Adds one to slot 0, logs it under the topics 0xbb and 0xaa, and returns it."""

REFUSER = Address("0x" + "de" * 20)
REFUSER_CODE = bytes.fromhex("6064600a5f3960645ffd08c379a0") + encode(["string"], ["no!"])
"""Reverts with the reason `no!`."""


def open_chain() -> tuple[RevmChain, Web3]:
    """A chain with both contracts, and web3 in front of it."""
    chain = RevmChain(CHAIN, START)
    chain.change(Changes({COUNTER: Account(0, 1, COUNTER_CODE), REFUSER: Account(0, 1, REFUSER_CODE)}))
    return chain, Web3(RevmRpc(chain))


def transfer(
    chain: RevmChain, nonce: int, *, sender: int = 0, fee: int = 3 * GWEI, tip: int = 0, wei: int = 1
) -> bytes:
    """A signed transfer of native coins."""
    return sign(chain, nonce, PAYEE, sender=sender, fee=fee, tip=tip, wei=wei, gas=21_000)


def count(chain: RevmChain, nonce: int) -> bytes:
    """A signed call of the counter."""
    return sign(chain, nonce, COUNTER, gas=100_000)


def sign(
    chain: RevmChain,
    nonce: int,
    to: str,
    *,
    sender: int = 0,
    fee: int = 3 * GWEI,
    tip: int = 0,
    wei: int = 0,
    gas: int = 100_000,
) -> bytes:
    """A signed transaction."""
    fields: dict[str, Any] = {
        "type": 2,
        "chainId": chain.evm_chain_id,
        "nonce": nonce,
        "to": Web3.to_checksum_address(to),
        "value": wei,
        "gas": gas,
        "maxFeePerGas": fee,
        "maxPriorityFeePerGas": tip,
    }
    return bytes(funded_account(sender).sign_transaction(fields).raw_transaction)


def ask(w3: Web3, method: str, *parameters: object) -> Any:
    """The whole answer to a request."""
    return w3.provider.make_request(RPCEndpoint(method), list(parameters))


def nonce_of(chain: RevmChain) -> int:
    """The payer's next."""
    return chain.state.account(Address(PAYER.lower())).nonce
