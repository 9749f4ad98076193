"""Chains read for recovery: blocks as they were given, also when the chain is rewritten or read again later."""

from dataclasses import replace
from typing import Any

import pytest
from hexbytes import HexBytes

from tests.support.chains import send_deposit
from tests.support.commits import PRIMARY, SLICES, Validator
from tests.support.drafts.draft import DATA
from zklink.devnet.profiles import BSC, POLYGON
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_events import BlockCommitted, BridgeEvent
from zklink.l1.published.abi_reader import SELECTOR_BYTES, WORD_BYTES
from zklink.l1.published.commit_calldata import Commits, History, read_input
from zklink.operations.deposit import DepositRequest
from zklink.protocol.block_preimage import (
    BlockPlace,
    compute_opened_commitment,
    compute_opened_sync_hash,
    compute_preimage,
)
from zklink.protocol.bridge_blocks import BlockPreimage, CommitBlock, stored_block_abi
from zklink.protocol.errors import HistoryDisagrees, LogsIncomplete
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.recovery.history_reader import HistoryReader

USD = 10**6


def open_reader(system: LocalSystem) -> HistoryReader:
    """Somebody who has nothing but the published deployment and the chains."""
    return HistoryReader(system.deployment, system.bridges)


@pytest.mark.parametrize("chain", [PRIMARY, POLYGON.chain_id])
def test_read__two_blocks_in_one_call_and_one_more__as_they_were_given(system: LocalSystem, chain: ChainId) -> None:
    validator = Validator(system, chain)
    first = validator.draft(Lane.ACCOUNT, SLICES)
    second = validator.draft(Lane.SWAP, {}, first.store(chain, validator.history[0]))
    validator.commit(first, second)
    third = validator.draft(Lane.ACCOUNT, {DATA: (5,)})
    validator.commit(third)
    history = open_reader(system).read(chain)
    assert list(history.blocks) == [1, 2, 3]
    for number, draft in enumerate((first, second, third), start=1):
        committed = history.blocks[BlockNumber(number)]
        assert committed.block == CommitBlock.from_abi(draft.commit_args(chain))
        assert committed.preimage.abi() == pack(draft.opening_args(validator.history[number - 1].sync_hash))
        assert compute_opened_commitment(committed.preimage) == draft.block_commitment
        assert compute_opened_sync_hash(committed.preimage) == validator.bridge.sync_hash(number)
        assert history.stored[BlockNumber(number)] == validator.history[number]
    assert (history.blocks[BlockNumber(3)].block.data == (5,)) == (chain == PRIMARY)


def pack(preimage: tuple[Any, ...]) -> tuple[Any, ...]:
    """With lists, as the ABI takes it."""
    return tuple(list(item) if isinstance(item, list | tuple) else item for item in preimage)


def test_read__reverted_and_committed_again__the_last_word(system: LocalSystem) -> None:
    validator, reader = Validator(system, POLYGON.chain_id), open_reader(system)
    validator.commit(validator.draft(Lane.SWAP, {}))
    validator.commit(validator.draft(Lane.SWAP, {}))
    assert list(reader.read(POLYGON.chain_id).blocks) == [1, 2]
    validator.revert(0)
    assert reader.read(POLYGON.chain_id).blocks == {}
    validator.commit(replace(validator.draft(Lane.ACCOUNT, SLICES), commitment=77))
    for again in (reader, open_reader(system)):
        blocks = again.read(POLYGON.chain_id).blocks
        assert {number: committed.block.commitment for number, committed in blocks.items()} == {1: 77}


def test_read__again__asks_only_for_what_is_new(system: LocalSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    bridge, validator, reader = system.bridges[BSC.chain_id], Validator(system, BSC.chain_id), open_reader(system)
    validator.commit(validator.draft(Lane.SWAP, {}))
    before, head = reader.read(BSC.chain_id), bridge.client.head().number
    asked: list[int] = []
    real = bridge.events

    def events(start: int, end: int) -> list[BridgeEvent]:
        asked.append(start)
        return real(start, end)

    monkeypatch.setattr(bridge, "events", events)
    assert reader.read(BSC.chain_id) == before
    assert asked == []
    send_deposit(system, BSC.chain_id, USDC, 5 * USD)
    after = reader.read(BSC.chain_id)
    assert asked == [head + 1]
    assert len(after.requests[Lane.ACCOUNT]) == len(before.requests[Lane.ACCOUNT]) + 1
    assert after.blocks == before.blocks


@pytest.mark.parametrize("new_blocks", [0, 1, 5])
def test_read__the_chain_is_rewritten__as_if_read_for_the_first_time(system: LocalSystem, new_blocks: int) -> None:
    chain, validator, reader = system.world[BSC.chain_id], Validator(system, BSC.chain_id), open_reader(system)
    reader.read(BSC.chain_id)
    snapshot = system.world.snapshot()
    validator.commit(validator.draft(Lane.SWAP, {}))
    reader.read(BSC.chain_id)
    send_deposit(system, BSC.chain_id, USDC, 5 * USD)
    assert list(reader.read(BSC.chain_id).blocks) == [1]
    system.world.restore(snapshot)
    chain.advance_time(77)
    if new_blocks:
        send_deposit(system, BSC.chain_id, USDC, 6 * USD)
        chain.mine(new_blocks)
    again = reader.read(BSC.chain_id)
    assert again == open_reader(system).read(BSC.chain_id)
    assert again.blocks == {}
    assert [r.amount for r in again.requests[Lane.ACCOUNT] if isinstance(r, DepositRequest)] == [6 * USD] * bool(
        new_blocks
    )


def test_read__an_event_is_left_out__refused(system: LocalSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    bridge, validator = system.bridges[BSC.chain_id], Validator(system, BSC.chain_id)
    validator.commit(validator.draft(Lane.SWAP, {}))
    validator.commit(validator.draft(Lane.SWAP, {}))
    events = [e for e in bridge.events(0, bridge.client.head().number) if isinstance(e, BlockCommitted)]
    monkeypatch.setattr(bridge, "events", lambda start, end: events[1:])
    monkeypatch.setattr(bridge.client, "pause", lambda attempt: None)
    with pytest.raises(LogsIncomplete, match="block 2 is committed where block 1 is next"):
        open_reader(system).read(BSC.chain_id)


def test_read__another_deployments_file__refused(system: LocalSystem) -> None:
    other = replace(system.deployment, deployment_hash=bytes(31) + b"\x01")
    with pytest.raises(HistoryDisagrees, match=r"polygon.*belongs to deployment"):
        HistoryReader(other, system.bridges).read(POLYGON.chain_id)


def test_read__a_node_that_is_behind_shows_no_contract__is_asked_again(
    system: LocalSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = system.bridges[POLYGON.chain_id].client
    real, shown = client.w3.eth.get_code, [HexBytes("0x")]
    monkeypatch.setattr(client, "pause", lambda attempt: None)
    monkeypatch.setattr(client.w3.eth, "get_code", lambda address: shown.pop() if shown else real(address))
    assert open_reader(system).read(POLYGON.chain_id).blocks == {}
    assert not shown


def put(call: bytes, at: int, value: int) -> bytes:
    """The call with another word in its arguments."""
    start = SELECTOR_BYTES + at
    return call[:start] + (value % 2**256).to_bytes(WORD_BYTES, "big") + call[start + WORD_BYTES :]


def rewrite(call: bytes) -> dict[str, bytes]:
    """A call of one block without data and signatures, as no library writes it and as the bridge takes it."""
    arguments = call[SELECTOR_BYTES:]

    def word(at: int) -> int:
        return int.from_bytes(arguments[at : at + WORD_BYTES], "big")

    pointers = word(10 * WORD_BYTES) + WORD_BYTES
    block = pointers + word(pointers)
    data, signatures = block + 6 * WORD_BYTES, block + 9 * WORD_BYTES
    zero = next(at for at in range(0, block, WORD_BYTES) if word(at) == 0)
    beyond = len(arguments) + 4_096
    return {
        "as it is": call,
        "data beyond the end": put(call, data, beyond),
        "signatures beyond the end": put(call, signatures, beyond),
        "data before the block": put(call, data, zero - block),
        "signatures before the block": put(call, signatures, zero - block),
        "last word left out": call[:-WORD_BYTES],
    }


def test_read__calls_that_no_library_writes_and_the_bridge_takes__as_they_were_given(system: LocalSystem) -> None:
    validator = Validator(system, POLYGON.chain_id)
    draft = validator.draft(Lane.ACCOUNT, SLICES)
    last, block = validator.enter(draft), CommitBlock.from_abi(draft.commit_args(POLYGON.chain_id))
    call = validator.bridge.encode("commit_blocks", stored_block_abi(last), [block.abi()])
    for what, data in rewrite(call.data).items():
        with system.world.isolated():
            validator.bridge.client.send(system.world.roles.validator, replace(call, data=data))
            history = open_reader(system).read(POLYGON.chain_id)
            assert {number: found.block for number, found in history.blocks.items()} == {1: block}, what
            assert history.stored[BlockNumber(1)] == validator.history[1], what


def test_read__calls_that_look_true_before_and_behind_the_true_one__only_that_one_is_opened(
    system: LocalSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    validator = Validator(system, POLYGON.chain_id)
    draft = validator.draft(Lane.ACCOUNT, SLICES)
    last, block = validator.enter(draft), CommitBlock.from_abi(draft.commit_args(POLYGON.chain_id))
    call = validator.bridge.encode("commit_blocks", stored_block_abi(last), [block.abi()])
    forged = replace(last, sync_hash=b"\x07" * 32)
    decoy = validator.bridge.encode("commit_blocks", stored_block_abi(forged), [block.abi()] * 4).data
    validator.bridge.client.send(system.world.roles.validator, replace(call, data=call.data + decoy * 20))
    opened: list[int] = []

    def count(block: CommitBlock, place: BlockPlace) -> BlockPreimage:
        opened.append(block.commitment)
        return compute_preimage(block, place)

    monkeypatch.setattr("zklink.l1.published.commit_calldata.compute_preimage", count)
    assert open_reader(system).read(POLYGON.chain_id).blocks[BlockNumber(1)].block == block
    history = History(system.deployment.deployment_hash, PRIMARY)
    events = open_reader(system).read_events(POLYGON.chain_id).committed
    opened.clear()
    ((found, _),) = Commits(history, POLYGON.chain_id, events).find(decoy * 20 + call.data + decoy, BlockNumber(1))
    assert (found, opened) == (block, [block.commitment])


def test_read__block_without_words_for_a_chain__its_input_is_not_looked_at(
    system: LocalSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    validators = {chain: Validator(system, chain) for chain in (PRIMARY, POLYGON.chain_id)}
    draft = validators[PRIMARY].draft(Lane.ACCOUNT, {DATA: (5,)})
    for validator in validators.values():
        validator.commit(draft)
    asked: list[ChainId] = []

    def ask(bridge: BridgeClient, tx_hash: bytes) -> bytes:
        asked.append(bridge.chain_id)
        return read_input(bridge, tx_hash)

    monkeypatch.setattr("zklink.recovery.block_finder.read_input", ask)
    reader = open_reader(system)
    for chain, validator in validators.items():
        assert reader.read(chain).stored[BlockNumber(1)] == validator.history[1]
    assert asked == [PRIMARY]
