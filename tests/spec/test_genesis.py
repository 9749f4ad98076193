"""The published genesis: what it says, how it is written, and what cannot be one."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from tests.strategies import geneses
from zklink.primitives.keccak import keccak256
from zklink.protocol.errors import GenesisInvalid, TokenOutOfRange
from zklink.protocol.ids import CUSTODY_LIMIT, MAX_CHAINS, Amount, ChainId, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.state.genesis import Genesis, compute_genesis_hash
from zklink.state.rows import Pool, TokenRow

ONE, TWO = TokenId(1), TokenId(2)
VALID = Genesis(
    {ONE: TokenRow((60, 40, 0, 0, 0, 0, 0, 0), 0), TWO: TokenRow((0, 0, 250, 0, 0, 0, 0, 0), 0)},
    {(ONE, TWO): Pool(100, 250, 158, 30)},
)


def _token(**change: Any) -> Genesis:
    return replace(VALID, tokens={**VALID.tokens, ONE: replace(VALID.tokens[ONE], **change)})


def _pool(**change: Any) -> Genesis:
    return replace(VALID, pools={(ONE, TWO): replace(VALID.pools[ONE, TWO], **change)})


@given(geneses())
@settings(max_examples=300, deadline=None)
def test_to_json__any_genesis__reads_back(genesis: Genesis) -> None:
    assert Genesis.from_json(genesis.to_json()) == genesis


@given(geneses())
@settings(max_examples=300, deadline=None)
def test_reserves_of__all_chains__are_all_reserves(genesis: Genesis) -> None:
    lists = {ChainId(k): genesis.reserves_of(ChainId(k)) for k in range(1, MAX_CHAINS + 1)}
    for chain, reserves in lists.items():
        assert reserves == sorted(reserves)
        assert all(amount == genesis.tokens[token].reserve(chain) > 0 for token, amount in reserves)
    total = sum(amount for reserves in lists.values() for _, amount in reserves)
    assert total == sum(sum(row.reserves) for row in genesis.tokens.values())


def test_compute_genesis_hash__two_tokens__is_count_and_pairs() -> None:
    reserves = [(ONE, Amount(60)), (TWO, Amount(250))]
    data = b"".join(number.to_bytes(32, "big") for number in (2, 1, 60, 2, 250))
    assert compute_genesis_hash(reserves) == keccak256(data)
    assert compute_genesis_hash([]) == keccak256(bytes(32))


@pytest.mark.parametrize(
    "genesis",
    [
        _token(fees=1),
        _token(reserves=(-1, 101, 0, 0, 0, 0, 0, 0)),
        _token(reserves=(CUSTODY_LIMIT + 1, 0, 0, 0, 0, 0, 0, 0)),
        _token(reserves=(100,)),
        _token(reserves=(61, 40, 0, 0, 0, 0, 0, 0)),
        _pool(reserve_lower=0),
        _pool(reserve_higher=0),
        _pool(reserve_higher=249),
        _pool(lp_supply=0),
        _pool(fee=10_000),
        _pool(fee=-1),
        replace(VALID, tokens={TokenId(0): VALID.tokens[ONE]}),
        replace(VALID, pools={(TWO, ONE): VALID.pools[ONE, TWO]}),
        replace(VALID, pools={(ONE, ONE): VALID.pools[ONE, TWO]}),
        replace(VALID, pools={}),
    ],
)
def test_state__impossible_genesis__is_refused(genesis: Genesis) -> None:
    with pytest.raises(GenesisInvalid):
        genesis.state(MINIMAL)


def test_state__token_beyond_the_preset__is_refused() -> None:
    with pytest.raises(TokenOutOfRange):
        Genesis({TokenId(16): VALID.tokens[ONE]}, {}).state(MINIMAL)


def _drop_pools(data: Any) -> None:
    del data["pools"]


def _repeat_token(data: Any) -> None:
    data["tokens"].append(data["tokens"][0])


def _number_amount(data: Any) -> None:
    data["tokens"][0]["reserves"]["1"] = 60


def _signed_amount(data: Any) -> None:
    data["tokens"][0]["reserves"]["1"] = "-60"


def _chain_nine(data: Any) -> None:
    data["tokens"][0]["reserves"]["9"] = "1"


def _text_token(data: Any) -> None:
    data["tokens"][0]["token_id"] = "1"


def _fractional_fee(data: Any) -> None:
    data["pools"][0]["fee"] = 30.5


@pytest.mark.parametrize(
    "spoil",
    [_drop_pools, _repeat_token, _number_amount, _signed_amount, _chain_nine, _text_token, _fractional_fee],
)
def test_from_json__malformed__is_refused(spoil: Callable[[Any], None]) -> None:
    data = json.loads(VALID.to_json())
    spoil(data)
    with pytest.raises(GenesisInvalid):
        Genesis.from_json(json.dumps(data))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"tokens": 1, "pools": []}'])
def test_from_json__not_a_genesis__is_refused(text: str) -> None:
    with pytest.raises(GenesisInvalid):
        Genesis.from_json(text)
