"""Executes the worked example of docs/protocol.md: its values follow from its inputs, by the page and by the core."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.spec.example import compute_example
from tests.support.upholds import upholds
from zklink.operations.swap import SwapRequest
from zklink.protocol.chain import (
    StoredBlock,
    compute_inputs_hash,
    compute_payouts_hash,
    next_queue_hash,
    next_sync_hash,
)
from zklink.protocol.commitment import pack_counts
from zklink.protocol.domain import ChainEntry, compute_chains_hash, compute_deployment_hash, compute_swap_domain
from zklink.protocol.ids import AddressFormat, Amount, BlockNumber, ChainId, RecordKind, RequestId, TokenId
from zklink.protocol.messages import SyncMessage, compute_digest
from zklink.protocol.presets import MINIMAL
from zklink.state.genesis import Genesis, compute_genesis_hash
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State
from zklink.transition.block import Block, apply_block

PAGE = Path(__file__).resolve().parents[2] / "docs" / "protocol.md"
SECTION = "## 10. Worked example"


def _read_page() -> tuple[dict[str, Any], dict[str, int]]:
    section = PAGE.read_text().split(SECTION)[1]
    inputs = json.loads(_fenced(section, "json"))
    lines = (line.split() for line in _fenced(section, "text").splitlines())
    return inputs, {name: int(value, 16) for name, value in lines}


def _fenced(section: str, language: str) -> str:
    match = re.search(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    assert match, f"the example has no {language} block"
    return match.group(1)


INPUTS, VALUES = _read_page()
CHAINS = tuple(
    ChainEntry(
        ChainId(entry["chain_id"]),
        entry["evm_chain_id"],
        AddressFormat(entry["address_format"]),
        bytes.fromhex(entry["bridge"][2:]),
    )
    for entry in INPUTS["chains"]
)
REQUESTS = tuple(
    SwapRequest(
        source=ChainId(int(request["source"])),
        destination=ChainId(int(request["destination"])),
        request_id=RequestId(int(request["request_id"])),
        token_in=TokenId(int(request["token_in"])),
        token_out=TokenId(int(request["token_out"])),
        amount=Amount(int(request["amount"])),
        min_out=Amount(int(request["min_out"])),
        operator_fee=Amount(int(request["operator_fee"])),
        fill_fee=Amount(int(request["fill_fee"])),
        deadline=int(request["deadline"]),
        queued_at=int(request["queued_at"]),
        recipient=bytes.fromhex(request["recipient"][2:]),
        sender=bytes.fromhex(request["sender"][2:]),
    )
    for request in INPUTS["requests"]
)


def _genesis() -> Genesis:
    tokens = {
        TokenId(int(token)): TokenRow(tuple(map(int, row[:8])), int(row[8])) for token, row in INPUTS["tokens"].items()
    }
    pools = {}
    for pair, numbers in INPUTS["pools"].items():
        lower, higher = map(int, pair.split("-"))
        pools[TokenId(lower), TokenId(higher)] = Pool(*map(int, numbers))
    return Genesis(tokens, pools)


def _deployment_hash(state: State) -> bytes:
    primary, vk_hash = ChainId(INPUTS["primary_chain"]), bytes.fromhex(INPUTS["vk_hash"][2:])
    return compute_deployment_hash(state.root, primary, MINIMAL.slots, MINIMAL.token_limit, vk_hash, CHAINS)


def _number(digest: bytes) -> int:
    return int.from_bytes(digest, "big")


def _compute_with_the_core() -> dict[str, int]:
    genesis = _genesis()
    state = genesis.state(MINIMAL)
    deployment_hash = _deployment_hash(state)
    values = {"genesis_root": state.root}
    for entry in CHAINS:
        values[f"genesis_hash[{entry.chain_id}]"] = _number(compute_genesis_hash(genesis.reserves_of(entry.chain_id)))
    values["chains_hash"] = _number(compute_chains_hash(CHAINS))
    values["deployment_hash"] = _number(deployment_hash)
    domain = values["domain"] = compute_swap_domain(deployment_hash)
    block = apply_block(state, REQUESTS, BlockNumber(INPUTS["number"]), INPUTS["timestamp"], domain, MINIMAL)
    values |= _block_values(block)
    return values | _chain_values(block, deployment_hash)


def _block_values(block: Block) -> dict[str, int]:
    values: dict[str, int] = {}
    for index, (request, payout) in enumerate(block.slots):
        values |= {f"slot[{index}].w{i}": word for i, word in enumerate(request.words())}
        values |= {f"slot[{index}].p{i}": word for i, word in enumerate(payout.words())}
        if payout.kind == RecordKind.SWAP_PAID:
            values[f"slot[{index}].fill_key"] = _number(payout.fill_key(block.header.domain))
    values |= {f"h{i}": element for i, element in enumerate(block.header.elements())}
    values |= {f"slice_hash[{k}]": _number(digest) for k, digest in enumerate(block.slice_hashes)}
    values |= {f"V[{k}]": value for k, value in enumerate(block.evaluations)}
    return values | {
        "C": block.commitment,
        "block_hash": _number(block.block_hash),
        "z": block.z,
        "V_header": block.header_value,
        "block_commitment": _number(block.block_commitment),
        "lambda": block.lambda_,
        "y": block.y,
    }


def _chain_values(block: Block, deployment_hash: bytes) -> dict[str, int]:
    inputs_hash = compute_inputs_hash(block.inputs)
    sync_hash = next_sync_hash(deployment_hash, block.block_commitment)
    message = SyncMessage(ChainId(INPUTS["primary_chain"]), block.header.number, sync_hash)
    values = {
        "inputs_hash": _number(inputs_hash),
        "sync_hash": _number(sync_hash),
        "acc_digest": _number(compute_digest(message, deployment_hash)),
    }
    for entry in CHAINS:
        k = entry.chain_id
        queue_hash = deployment_hash
        consumed = [request.words() for request, _ in block.slots if request.source == k]
        for words in consumed:
            queue_hash = next_queue_hash(queue_hash, words)
        payouts_hash = compute_payouts_hash([payout.words() for _, payout in block.slots if payout.chain == k])
        stored = StoredBlock(
            number=block.header.number,
            timestamp=block.header.timestamp,
            counts=pack_counts(block.header.counts),
            root=block.header.new_root,
            request_count=len(consumed),
            payouts_hash=payouts_hash,
            inputs_hash=inputs_hash,
            sync_hash=sync_hash,
        )
        values[f"queue_hash[{k}]"] = _number(queue_hash)
        values[f"payouts_hash[{k}]"] = _number(payouts_hash)
        values[f"stored_block[{k}]"] = _number(stored.hash())
    return values


@upholds("DAT-1")
class TestWorkedExample:
    """The page, its plain reading and the Python core give the same numbers."""

    def test_page__plain_reading__gives_its_values(self) -> None:
        assert compute_example(INPUTS) == VALUES

    def test_page__python_core__gives_its_values(self) -> None:
        assert _compute_with_the_core() == VALUES

    def test_page__outcomes__are_one_paid_and_one_refunded(self) -> None:
        kinds = [VALUES[f"slot[{slot}].p0"] >> 240 for slot in (0, 1)]
        assert kinds == [RecordKind.SWAP_PAID, RecordKind.SWAP_REFUNDED]
        text = PAGE.read_text().split(SECTION)[1]
        assert f"`out = floor(250000000000 * g / (1000000000 * 10000 + g)) = {VALUES['slot[0].p0'] % 2**112}`" in text


@pytest.mark.parametrize("name", ["fill_fee", "min_out", "sender", "request_id"])
def test_compute_example__another_input__gives_other_values(name: str) -> None:
    inputs = json.loads(json.dumps(INPUTS))
    inputs["requests"][0][name] = str(int(inputs["requests"][0][name], 0) + 1)
    assert compute_example(inputs) != VALUES
