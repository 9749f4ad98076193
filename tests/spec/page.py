"""The worked example, docs/protocol-example.md, as data: inputs and values of each block, and the core's objects."""

import json
import re
from pathlib import Path
from typing import Any

from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.swap import SwapRequest
from zklink.operations.transfer import Transfer
from zklink.protocol.domain import ChainEntry
from zklink.protocol.ids import AccountId, AddressFormat, Amount, ChainId, ChainSet, Nonce, RequestId, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State

PAGE = Path(__file__).resolve().parents[2] / "docs" / "protocol-example.md"
TEXT = PAGE.read_text()


def _read_page() -> list[tuple[dict[str, Any], dict[str, int]]]:
    """Each block's inputs and values."""
    inputs = [json.loads(text) for text in _fenced("json")]
    values = [{name: int(value, 16) for name, value in map(str.split, text.splitlines())} for text in _fenced("text")]
    return list(zip(inputs, values, strict=True))


def _fenced(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


(INPUTS, VALUES), (ACCOUNT_INPUTS, ACCOUNT_VALUES), (EXIT_INPUTS, EXIT_VALUES) = _read_page()
CHAINS = tuple(
    ChainEntry(
        ChainId(entry["chain_id"]),
        entry["evm_chain_id"],
        AddressFormat(entry["address_format"]),
        bytes.fromhex(entry["bridge"][2:]),
    )
    for entry in INPUTS["chains"]
)


def _numbers(texts: dict[str, str]) -> dict[str, int]:
    return {name: int(text, 0) for name, text in texts.items()}


def _address(number: int) -> bytes:
    return number.to_bytes(32, "big")


def read_request(texts: dict[str, str]) -> SwapRequest:
    """A request of the first block."""
    n = _numbers(texts)
    return SwapRequest(
        source=ChainId(n["source"]),
        destination=ChainId(n["destination"]),
        request_id=RequestId(n["request_id"]),
        token_in=TokenId(n["token_in"]),
        token_out=TokenId(n["token_out"]),
        amount=Amount(n["amount"]),
        min_out=Amount(n["min_out"]),
        operator_fee=Amount(n["operator_fee"]),
        fill_fee=Amount(n["fill_fee"]),
        deadline=n["deadline"],
        queued_at=n["queued_at"],
        recipient=_address(n["recipient"]),
        refund_to=_address(n["refund_to"]),
        native_fee_gwei=n["native_fee_gwei"],
        via=TokenId(n["via"]),
    )


def read_state() -> State:
    """The state before the first block."""
    state = State(MINIMAL)
    for token, row in INPUTS["tokens"].items():
        *reserves, fees = map(int, row)
        state.set_token(TokenId(int(token)), TokenRow(tuple(reserves), fees))
    for pair, numbers in INPUTS["pools"].items():
        lower, higher = map(int, pair.split("-"))
        state.set_pool(TokenId(lower), TokenId(higher), Pool(*map(int, numbers)))
    for number, entry in INPUTS["accounts"].items():
        account = AccountId(int(number))
        state.set_owner(account, bytes.fromhex(entry["owner"][2:]))
        state.set_nonce(account, Nonce(int(entry["nonce"])))
        state.set_public_key_hash(account, int(entry["public_key_hash"], 16))
        for token, amount in entry["balances"].items():
            state.set_balance(account, TokenId(int(token)), Amount(int(amount)))
    state.check_conservation()
    return state


def read_operations() -> tuple[DepositRequest, Transfer, PoolSwap]:
    """What the second block does, in order."""
    d, t, s = (_numbers(ACCOUNT_INPUTS[name]) for name in ("deposit", "transfer", "pool_swap"))
    deposit = DepositRequest(
        ChainId(d["source"]),
        RequestId(d["request_id"]),
        TokenId(d["token"]),
        Amount(d["amount"]),
        _address(d["owner"]),
        _address(d["refund_to"]),
        d["queued_at"],
        AccountId(d["account"]),
        bool(d["by_owner"]),
        d["native_fee_gwei"],
    )
    transfer = Transfer(
        AccountId(t["account"]),
        Nonce(t["nonce"]),
        t["valid_until"],
        TokenId(t["token"]),
        Amount(t["amount"]),
        Amount(t["fee"]),
        _address(t["recipient"]),
    )
    swap = PoolSwap(
        AccountId(s["account"]),
        Nonce(s["nonce"]),
        s["valid_until"],
        TokenId(s["token_a"]),
        TokenId(s["token_b"]),
        Amount(s["limit_a"]),
        Amount(s["limit_b"]),
        Amount(s["fee"]),
        TokenId(s["fee_token"]),
    )
    return deposit, transfer, swap


def read_full_exits() -> tuple[FullExitRequest, FullExitRequest]:
    """What the third block serves: in the ledger slots, and in the pool slot."""
    one, other = (_read_full_exit(_numbers(EXIT_INPUTS[name])) for name in ("full_exit", "share_exit"))
    return one, other


def _read_full_exit(n: dict[str, int]) -> FullExitRequest:
    return FullExitRequest(
        source=ChainId(n["source"]),
        request_id=RequestId(n["request_id"]),
        account=AccountId(n["account"]),
        token=TokenId(n["token"]),
        owner=_address(n["owner"]),
        second=_address(n["second"]),
        mask=ChainSet(n["mask"]),
        queued_at=n["queued_at"],
        native_fee_gwei=n["native_fee_gwei"],
    )
