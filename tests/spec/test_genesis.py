"""The published genesis: what it says, how it is written, and what cannot be one."""

import json
from typing import Any

import pytest

from zklink.primitives.merkle import SparseMerkleTree
from zklink.primitives.poseidon import poseidon
from zklink.protocol.errors import GenesisInvalid, UnknownPreset
from zklink.protocol.ids import OPERATOR_ACCOUNT
from zklink.protocol.presets import MINIMAL, PRESETS
from zklink.state.genesis_state import Genesis

OPERATOR = bytes(12) + b"\x0f" * 20
VALID = Genesis("minimal", OPERATOR)


def test_root__minimal__is_one_account_in_empty_trees() -> None:
    roots = [SparseMerkleTree(depth, 0).root for depth in (MINIMAL.token_depth, MINIMAL.order_depth)]
    accounts = SparseMerkleTree(MINIMAL.account_depth, poseidon([0, 0, 0, *roots]))
    accounts.set(0, poseidon([int.from_bytes(OPERATOR, "big"), 0, 0, *roots]))
    tokens = SparseMerkleTree(MINIMAL.token_depth, poseidon([0] * 9))
    pools = SparseMerkleTree(MINIMAL.pool_depth, poseidon([0] * 5))
    assert VALID.root == poseidon([accounts.root, tokens.root, pools.root])


def test_root__every_preset_and_operator__differs() -> None:
    # compact and main share their trees
    names = [name for name in PRESETS if name != "compact"]
    roots = {Genesis(name, operator).root for name in names for operator in (OPERATOR, b"\x01" * 32)}
    assert len(roots) == 2 * len(names)


@pytest.mark.parametrize("name", PRESETS)
def test_state__any_preset__has_the_operators_account_only(name: str) -> None:
    state = Genesis(name, OPERATOR).state()
    assert [account for account, _ in state.accounts()] == [OPERATOR_ACCOUNT]
    assert state.account(OPERATOR_ACCOUNT).owner == OPERATOR
    assert state.next_account_id() == 1
    assert not [*state.tokens(), *state.pools()]
    state.check_conservation()


def test_to_json__any_genesis__reads_back() -> None:
    assert Genesis.from_json(VALID.to_json()) == VALID


@pytest.mark.parametrize("operator", [bytes(32), OPERATOR[:31], b"", bytes(20)])
def test_state__no_operator__is_refused(operator: bytes) -> None:
    with pytest.raises(GenesisInvalid):
        Genesis("minimal", operator).state()


def test_state__unknown_preset__is_refused() -> None:
    with pytest.raises(UnknownPreset):
        Genesis("huge", OPERATOR).state()


@pytest.mark.parametrize(
    "change",
    [
        {"preset": "huge"},
        {"preset": 1},
        {"operator": OPERATOR.hex()},
        {"operator": "0x"},
        {"operator": "0x" + bytes(32).hex()},
        {"operator": "0x" + OPERATOR.hex()[:-1]},
        {"operator": "0x" + "zz" * 32},
        {"operator": 5},
        {"tokens": []},
    ],
    ids=str,
)
def test_from_json__malformed__is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(GenesisInvalid):
        Genesis.from_json(json.dumps(json.loads(VALID.to_json()) | change))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "1"])
def test_from_json__not_a_genesis__is_refused(text: str) -> None:
    with pytest.raises(GenesisInvalid):
        Genesis.from_json(text)
