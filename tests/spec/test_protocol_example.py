"""Executes docs/protocol-example.md: its values follow from its inputs, by the protocol page and by the core."""

import json
from typing import Any

import pytest

from tests.spec.example import Sheet, compute_example
from tests.spec.example_account import compute_account_example
from tests.spec.example_exit import compute_exit_example
from tests.spec.page import (
    ACCOUNT_INPUTS,
    ACCOUNT_VALUES,
    CHAINS,
    EXIT_INPUTS,
    EXIT_VALUES,
    INPUTS,
    TEXT,
    VALUES,
    read_full_exits,
    read_operations,
    read_request,
    read_state,
)
from tests.support.upholds import upholds
from zklink.operations.signed import sign
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.bridge_hashes import compute_owed_hash, next_queue_hash, next_sync_hash
from zklink.protocol.domain import (
    compute_chains_hash,
    compute_deployment_hash,
    compute_exit_domain,
    compute_lane_domain,
)
from zklink.protocol.facts import Accepted, QueueFact, Queues, Seal
from zklink.protocol.ids import (
    BlockNumber,
    ChainId,
    Kind,
    Lane,
)
from zklink.protocol.presets import MINIMAL
from zklink.protocol.words import LEDGER_MESSAGE_LAYOUTS
from zklink.transition.account_block import AccountBlock, apply_account_block
from zklink.transition.block_frame import SealedFrame
from zklink.transition.swap_block import SwapBlock, apply_block

KEY = PrivateKey.from_seed(b"\x01" * 32)
"""Account 1's."""


def _deployment_hash(root: int) -> bytes:
    return compute_deployment_hash(
        genesis_root=root,
        primary_chain=ChainId(INPUTS["primary_chain"]),
        token_limit=MINIMAL.token_limit,
        account_limit=MINIMAL.account_limit,
        swap_vk_hash=bytes.fromhex(INPUTS["swap_vk_hash"][2:]),
        account_vk_hash=bytes.fromhex(INPUTS["account_vk_hash"][2:]),
        exit_vk_hash=bytes.fromhex(INPUTS["exit_vk_hash"][2:]),
        chains=CHAINS,
    )


def _number(digest: bytes) -> int:
    return int.from_bytes(digest, "big")


def _compute_with_the_core() -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Each block's values."""
    state = read_state()
    deployment_hash = _deployment_hash(state.root)
    swap_domain, account_domain = (compute_lane_domain(deployment_hash, lane) for lane in Lane)
    values = {
        "genesis_root": state.root,
        "chains_hash": _number(compute_chains_hash(CHAINS)),
        "deployment_hash": _number(deployment_hash),
        "swap_domain": swap_domain,
        "account_domain": account_domain,
        "exit_domain": compute_exit_domain(deployment_hash),
    }
    requests = [read_request(texts) for texts in INPUTS["requests"]]
    number, timestamp = BlockNumber(INPUTS["number"]), INPUTS["timestamp"]
    block = apply_block(state, requests, number, timestamp, swap_domain, MINIMAL)
    values |= _slot_values(block, deployment_hash) | _frame_values(block)
    chain_values, sync_hash = _chain_values(block, deployment_hash)
    values |= chain_values
    deposit, transfer, swap = read_operations()
    account_block = apply_account_block(
        state,
        [deposit, sign(transfer, account_domain, KEY), sign(swap, account_domain, KEY)],
        BlockNumber(ACCOUNT_INPUTS["number"]),
        ACCOUNT_INPUTS["timestamp"],
        account_domain,
        MINIMAL,
    )
    account_values = _account_slot_values(account_block, account_domain) | _frame_values(account_block)
    line = Line(deployment_hash, sync_hash)
    account_values |= line.add(account_block, with_payouts=False)
    full_exit, share_exit = read_full_exits()
    exit_block = apply_account_block(
        state,
        [full_exit, full_exit, share_exit],
        BlockNumber(EXIT_INPUTS["number"]),
        EXIT_INPUTS["timestamp"],
        account_domain,
        MINIMAL,
    )
    state.check_conservation()
    exit_values = _exit_slot_values(exit_block, deployment_hash) | _frame_values(exit_block)
    return values, account_values, exit_values | line.add(exit_block, with_payouts=True)


def _slot_values(block: SwapBlock, deployment_hash: bytes) -> dict[str, int]:
    values: dict[str, int] = {}
    for index, (request, payout) in enumerate(block.slots):
        values |= {f"slot[{index}].w{i}": word for i, word in enumerate(request.words())}
        values |= {f"slot[{index}].p{i}": word for i, word in enumerate(payout.words())}
        if payout.kind == Kind.SWAP_PAID:
            values[f"slot[{index}].fill_key"] = _number(payout.fill_key(deployment_hash))
    return values


def _account_slot_values(block: AccountBlock, domain: int) -> dict[str, int]:
    """Without m0, m1 and m2, which only M shows."""
    deposit, transfer, swap = read_operations()
    slots = [slot.elements() for slot in block.slots()]
    values = {f"deposit.r{i}": word for i, word in enumerate(deposit.words())}
    return values | {
        "deposit.d0": slots[0][5],
        "transfer.M": transfer.message(domain),
        "transfer.d0": slots[1][4],
        "transfer.d1": slots[1][5],
        "pool_swap.M": swap.message(domain),
        "pool_swap.d0": slots[2][4],
        "pool_swap.d1": slots[2][5],
    }


def _exit_slot_values(block: AccountBlock, deployment_hash: bytes) -> dict[str, int]:
    values: dict[str, int] = {}
    for index, slot in enumerate(block.ledger):
        elements = slot.elements()
        named = {f"r{i}": elements[i] for i in range(4)} | {"d0": elements[5]}
        named |= {f"p{i}": elements[6 + i] for i in range(3)}
        assert slot.payout is not None
        named["payout_key"] = _number(slot.payout.fill_key(deployment_hash))
        values |= {f"serving[{index}].{name}": value for name, value in named.items()}
    *request, d0, d1 = block.pool[0].elements()
    values |= {f"share_exit.r{i}": word for i, word in enumerate(request)}
    return values | {"share_exit.d0": d0, "share_exit.d1": d1}


def _frame_values(frame: SealedFrame) -> dict[str, int]:
    values = {f"h{i}": element for i, element in enumerate(frame.header.elements())}
    values |= {f"slice_hash[{k}]": _number(digest) for k, digest in enumerate(frame.slice_hashes)}
    values |= {f"V[{k}]": value for k, value in enumerate(frame.evaluations)}
    return values | {
        "C": frame.commitment,
        "block_hash": _number(frame.block_hash),
        "z": frame.z,
        "V_header": frame.header_value,
        "block_commitment": _number(frame.block_commitment),
        "lambda": frame.lambda_,
        "y": frame.y,
    }


def _chain_values(block: SwapBlock, deployment_hash: bytes) -> tuple[dict[str, int], bytes]:
    sync_hash = next_sync_hash(deployment_hash, block.block_commitment)
    member = next(entry.chain_id for entry in CHAINS if entry.chain_id != INPUTS["primary_chain"])
    values, facts = {"sync_hash": _number(sync_hash)}, dict[ChainId, QueueFact]()
    for entry in CHAINS:
        k = entry.chain_id
        queue_hash = deployment_hash
        consumed = [request.words() for request, _ in block.slots if request.source == k]
        for words in consumed:
            queue_hash = next_queue_hash(queue_hash, words)
        facts[k] = QueueFact(k, Lane.SWAP, len(consumed), queue_hash)
        owed = [word for _, payout in block.slots if payout.chain == k for word in payout.words()]
        values[f"queue_hash[{k}]"] = _number(queue_hash)
        values[f"owed_hash[{k}]"] = _number(compute_owed_hash(owed))
    number = block.header.number
    values["seal_digest"] = _number(Seal(number, sync_hash).digest(deployment_hash))
    values["acc_digest"] = _number(Accepted(number, sync_hash).digest(deployment_hash))
    values["que_digest"] = _number(Queues((facts[member],)).digest(deployment_hash))
    return values, sync_hash


class Line:
    """The account lane of the example's chains, block after block."""

    def __init__(self, deployment_hash: bytes, sync_hash: bytes) -> None:
        self.sync_hash = sync_hash
        self.queues = {entry.chain_id: deployment_hash for entry in CHAINS}

    def add(self, block: AccountBlock, *, with_payouts: bool) -> dict[str, int]:
        """What the chains keep of a block; without payouts it has none."""
        self.sync_hash = next_sync_hash(self.sync_hash, block.block_commitment)
        values = {"sync_hash": _number(self.sync_hash)}
        for k in self.queues:
            for request in block.requests(k):
                self.queues[k] = next_queue_hash(self.queues[k], request.words())
            values[f"queue_hash[{k}]"] = _number(self.queues[k])
            owed = [word for payout in block.payouts(k) for word in payout.words()]
            if with_payouts:
                values[f"owed_hash[{k}]"] = _number(compute_owed_hash(owed))
            else:
                assert not owed
        return values


def _read_plainly(
    inputs: dict[str, Any], account_inputs: dict[str, Any], exit_inputs: dict[str, Any]
) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    sheet, state = compute_example(inputs)
    first: dict[str, int] = sheet.values
    second: dict[str, int] = compute_account_example(account_inputs, sheet, state).values
    third: Sheet = compute_exit_example(exit_inputs, sheet, state, first["account_domain"])
    return first, second, third.values


@upholds("DAT-1")
class TestWorkedExample:
    """The page, its plain reading and the Python core give the same numbers."""

    def test_page__plain_reading__gives_its_values(self) -> None:
        assert _read_plainly(INPUTS, ACCOUNT_INPUTS, EXIT_INPUTS) == (VALUES, ACCOUNT_VALUES, EXIT_VALUES)

    def test_page__python_core__gives_its_values(self) -> None:
        values, account_values, exit_values = _compute_with_the_core()
        assert values == VALUES
        assert exit_values == EXIT_VALUES
        assert account_values == {name: ACCOUNT_VALUES[name] for name in ACCOUNT_VALUES if ".m" not in name}

    def test_page__outcomes__are_one_paid_and_one_refunded(self) -> None:
        kinds = [VALUES[f"slot[{slot}].p0"] >> 240 for slot in (0, 1)]
        assert kinds == [Kind.SWAP_PAID, Kind.SWAP_REFUNDED]
        out = VALUES["slot[0].p0"] % 2**112
        assert f"`out = floor(250000000000 * g / (1000000000 * 10000 + g)) = {out}`" in TEXT

    def test_page__signed_words__are_those_of_the_layouts(self) -> None:
        m0 = LEDGER_MESSAGE_LAYOUTS[0].unpack(ACCOUNT_VALUES["transfer.m0"])
        assert (m0["kind"], m0["account"], m0["nonce"], m0["fee"]) == (Kind.TRANSFER, 1, 4, 1 << 11 | 1200)


@pytest.mark.parametrize("name", ["fill_fee", "min_out", "refund_to", "native_fee_gwei", "request_id"])
def test_compute_example__another_input__gives_other_values(name: str) -> None:
    inputs = json.loads(json.dumps(INPUTS))
    inputs["requests"][0][name] = str(int(inputs["requests"][0][name], 0) + 1)
    assert compute_example(inputs)[0].values != VALUES


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("deposit", "refund_to"),
        ("deposit", "native_fee_gwei"),
        ("deposit", "account"),
        ("transfer", "recipient"),
        ("pool_swap", "fee"),
    ],
)
def test_compute_account_example__another_input__gives_other_values(operation: str, name: str) -> None:
    inputs = json.loads(json.dumps(ACCOUNT_INPUTS))
    inputs[operation][name] = str(int(inputs[operation][name], 0) + 10_000)
    assert _read_plainly(INPUTS, inputs, EXIT_INPUTS)[1] != ACCOUNT_VALUES


@pytest.mark.parametrize("request_", ["full_exit", "share_exit"])
@pytest.mark.parametrize("name", ["second", "mask", "native_fee_gwei", "request_id"])
def test_compute_exit_example__another_input__gives_other_values(request_: str, name: str) -> None:
    inputs = json.loads(json.dumps(EXIT_INPUTS))
    inputs[request_][name] = str(int(inputs[request_][name], 0) ^ 4)
    assert _read_plainly(INPUTS, ACCOUNT_INPUTS, inputs)[2] != EXIT_VALUES
