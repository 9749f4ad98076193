"""Blocks read back out of the inputs of calls, and the calls that contracts make inside a transaction."""

from dataclasses import replace

import pytest

from tests.l1.fake_node import POLICY, FakeNode
from tests.support.commits import PRIMARY, SLICES, Validator
from zklink.devnet.profiles import POLYGON
from zklink.devnet.system import LocalSystem
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.published.commit_calldata import History, decode_commit_calls, read_input
from zklink.l1.transport.client import ABSENT_ANSWERS, ChainClient
from zklink.l1.transport.traces import NodeTracer, collect_inputs
from zklink.protocol.block_preimage import compute_preimage
from zklink.protocol.bridge_blocks import CommitBlock, stored_block_abi
from zklink.protocol.errors import CalldataUnreadable, TraceUnavailable, WrongWordCount
from zklink.protocol.ids import Lane

BRIDGE = "0x" + "Ab" * 20


def test_decode_commit_calls__inside_another_call__is_found(system: LocalSystem) -> None:
    validator = Validator(system, PRIMARY)
    draft = validator.draft(Lane.ACCOUNT, SLICES)
    block = CommitBlock.from_abi(draft.commit_args(PRIMARY))
    call = validator.bridge.encode("commit_blocks", stored_block_abi(validator.history[0]), [block.abi()]).data
    for data in (call, b"\x01\x02\x03" + call, bytes(100) + call + bytes(7), call[:4] + call):
        (found,) = decode_commit_calls(data)
        assert (found.last, found.blocks) == (validator.history[0], (block,))
    assert list(decode_commit_calls(call[:100])) == []


def test_read_input__no_such_transaction__says_so(system: LocalSystem) -> None:
    bridge, pauses = system.bridges[POLYGON.chain_id], list[float]()
    patient = BridgeClient(ChainClient(POLYGON, bridge.client.w3, sleep=pauses.append), bridge.address)
    with pytest.raises(CalldataUnreadable, match="does not have"):
        read_input(patient, b"\x07" * 32)
    assert len(pauses) == ABSENT_ANSWERS - 1  # one `null` is not believed


def test_compute_preimage__claims_missing__refused(system: LocalSystem) -> None:
    validator = Validator(system, POLYGON.chain_id)
    block = CommitBlock.from_abi(validator.draft(Lane.ACCOUNT, SLICES).commit_args(POLYGON.chain_id))
    deployment_hash = system.deployment.deployment_hash
    place = History(deployment_hash, PRIMARY).place(POLYGON.chain_id, Lane.ACCOUNT, 1, 5, bytes(32))
    assert len(compute_preimage(block, place).values) == 9
    for change in ({"slice_hashes": block.slice_hashes[:-1]}, {"evaluations": (*block.evaluations, 1)}):
        with pytest.raises(WrongWordCount):
            compute_preimage(replace(block, **change), place)


def test_decode_commit_calls__padding_of_a_signature_not_zero__read_as_the_contract_reads_it(
    system: LocalSystem,
) -> None:
    validator = Validator(system, PRIMARY)
    block = CommitBlock.from_abi(validator.draft(Lane.ACCOUNT, SLICES).commit_args(PRIMARY))
    signed = replace(block, signatures=(bytes(range(1, 66)),))
    call = validator.bridge.encode("commit_blocks", stored_block_abi(validator.history[0]), [signed.abi()])
    dirty = bytearray(call.data)
    dirty[-1] = 7  # the last byte pads the signature
    (read,) = decode_commit_calls(bytes(dirty))
    assert read.blocks == (signed,)


def test_collect_inputs__calls_in_calls__those_to_the_contract() -> None:
    inner = {"to": BRIDGE.lower(), "input": "0x02"}
    trace = {
        "to": "0x" + "11" * 20,
        "input": "0xff",
        "calls": [{"to": BRIDGE, "input": "0x01", "calls": [inner]}, {"type": "CREATE", "input": "0x03"}],
    }
    assert sorted(collect_inputs(trace, BRIDGE)) == [b"\x01", b"\x02"]


@pytest.mark.parametrize("answer", ["the method debug_traceTransaction does not exist", "historical state unavailable"])
def test_node_tracer__the_node_refuses__says_what_the_node_said(answer: str) -> None:
    node = FakeNode()
    node.fail("debug_traceTransaction", *[answer] * POLICY.retry.attempts)
    with pytest.raises(TraceUnavailable, match=answer):
        NodeTracer(node.client()).inputs_to(b"\x07" * 32, BRIDGE)


def test_node_tracer__in_process_chain__says_that_it_does_not_trace(system: LocalSystem) -> None:
    with pytest.raises(TraceUnavailable, match="polygon"):
        NodeTracer(system.bridges[POLYGON.chain_id].client).inputs_to(b"\x07" * 32, BRIDGE)
