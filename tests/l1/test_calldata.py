"""Blocks read back out of the chains' own transactions: what recovery starts from."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.draft import DATA, Draft, payment
from zklink.devnet.profiles import AVALANCHE, BSC, POLYGON
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.blocks import CommitBlock, stored_block_abi
from zklink.l1.calldata import CommittedBlock, History, decode_commit_calls, read_committed_blocks, read_transaction
from zklink.l1.opening import compute_opened_commitment, compute_opened_sync_hash, compute_opening
from zklink.protocol.chain import StoredBlock, genesis_block
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.errors import CalldataUnreadable, WrongWordCount
from zklink.protocol.ids import BlockNumber, ChainId, Kind, Lane

PRIMARY = AVALANCHE.chain_id
SLICES: dict[ChainId, tuple[int, ...]] = {
    POLYGON.chain_id: payment(POLYGON.chain_id, USDC, 5, kind=Kind.WITHDRAW_PAYOUT, source=ChainId(0)).words(),
    BSC.chain_id: payment(BSC.chain_id, USDC, 6, kind=Kind.WITHDRAW_PAYOUT, source=ChainId(0)).words(),
    DATA: (7, 8, 9),
}


class Validator:
    """Commits blocks whose slices the test writes, on one chain."""

    def __init__(self, system: LocalSystem, chain: ChainId) -> None:
        self.system, self.chain, self.bridge = system, chain, system.bridges[chain]
        deployment = system.deployment
        self.history = [genesis_block(deployment.genesis.root, deployment.deployment_hash)]

    def draft(self, lane: Lane, slices: dict[ChainId, tuple[int, ...]], last: StoredBlock | None = None) -> Draft:
        """The next block."""
        last = last or self.history[-1]
        return Draft(
            domain=compute_lane_domain(self.system.deployment.deployment_hash, lane),
            number=last.number + 1,
            timestamp=self.bridge.client.head().timestamp,
            old_root=last.root,
            new_root=last.root + 1,
            commitment=1_000 + last.number,
            slices=slices,
            primary=PRIMARY,
            lane=lane,
        )

    def commit(self, *drafts: Draft) -> bytes:
        """Commit them in one transaction; gives its hash."""
        last = self.history[-1]
        blocks = [CommitBlock.from_abi(draft.commit_args(self.chain)) for draft in drafts]
        for draft in drafts:
            self.history.append(draft.store(self.chain, self.history[-1]))
        return self.bridge.commit_blocks(self.system.world.roles.validator, last, blocks).tx_hash

    def revert(self, number: int) -> None:
        """Drop the blocks above a number."""
        self.bridge.revert_blocks(self.system.world.roles.validator, self.history[number])
        del self.history[number + 1 :]

    def read(self) -> dict[BlockNumber, CommittedBlock]:
        """What anyone reads off the chain."""
        deployment = self.system.deployment
        start, head = deployment.chains[self.chain].from_block, self.bridge.client.head().number
        return read_committed_blocks(self.bridge, History(deployment.deployment_hash, PRIMARY), start, head)


@pytest.mark.parametrize("chain", [PRIMARY, POLYGON.chain_id])
def test_read_committed_blocks__two_in_one_call_and_one_more__as_they_were_given(
    system: LocalSystem, chain: ChainId
) -> None:
    validator = Validator(system, chain)
    first = validator.draft(Lane.ACCOUNT, SLICES)
    second = validator.draft(Lane.SWAP, {}, first.store(chain, validator.history[0]))
    validator.commit(first, second)
    third = validator.draft(Lane.ACCOUNT, {DATA: (5,)})
    validator.commit(third)
    found = validator.read()
    assert list(found) == [1, 2, 3]
    for number, draft in enumerate((first, second, third), start=1):
        committed = found[BlockNumber(number)]
        assert committed.block == CommitBlock.from_abi(draft.commit_args(chain))
        assert committed.opening.abi() == pack(draft.opening_args(validator.history[number - 1].sync_hash))
        assert compute_opened_commitment(committed.opening) == draft.block_commitment
        assert compute_opened_sync_hash(committed.opening) == validator.bridge.sync_hash(number)
    assert (found[BlockNumber(1)].block.data == SLICES[DATA]) == (chain == PRIMARY)


def pack(opening: tuple[Any, ...]) -> tuple[Any, ...]:
    """With lists, as the ABI takes it."""
    return tuple(list(item) if isinstance(item, list | tuple) else item for item in opening)


def test_read_committed_blocks__reverted_and_committed_again__the_last_word(system: LocalSystem) -> None:
    validator = Validator(system, POLYGON.chain_id)
    validator.commit(validator.draft(Lane.SWAP, {}))
    validator.commit(validator.draft(Lane.SWAP, {}))
    validator.revert(0)
    assert validator.read() == {}
    again = replace(validator.draft(Lane.ACCOUNT, SLICES), commitment=77)
    validator.commit(again)
    assert {n: committed.block.commitment for n, committed in validator.read().items()} == {1: 77}


def test_decode_commit_calls__inside_another_call__is_found(system: LocalSystem) -> None:
    validator = Validator(system, PRIMARY)
    draft = validator.draft(Lane.ACCOUNT, SLICES)
    block = CommitBlock.from_abi(draft.commit_args(PRIMARY))
    call = validator.bridge.encode("commit_blocks", stored_block_abi(validator.history[0]), [block.abi()]).data
    for data in (call, b"\x01\x02\x03" + call, bytes(100) + call + bytes(7), call[:4] + call):
        (found,) = decode_commit_calls(data)
        assert (found.last, found.blocks) == (validator.history[0], (block,))
    assert decode_commit_calls(call[:100]) == []


def test_read_transaction__something_else__says_so(system: LocalSystem) -> None:
    roles, bridge = system.world.roles, system.bridges[POLYGON.chain_id]
    receipt = bridge.client.transfer(roles.depositor, roles.stranger.address, 1)
    with pytest.raises(CalldataUnreadable) as caught:
        read_transaction(bridge, receipt.tx_hash)
    assert caught.value.tx_hash == receipt.tx_hash
    with pytest.raises(CalldataUnreadable, match="does not have"):
        read_transaction(bridge, b"\x07" * 32)


def test_compute_opening__claims_missing__refused(system: LocalSystem) -> None:
    validator = Validator(system, POLYGON.chain_id)
    block = CommitBlock.from_abi(validator.draft(Lane.ACCOUNT, SLICES).commit_args(POLYGON.chain_id))
    deployment_hash = system.deployment.deployment_hash
    place = History(deployment_hash, PRIMARY).place(POLYGON.chain_id, Lane.ACCOUNT, 1, 5, bytes(32))
    assert len(compute_opening(block, place).values) == 9
    for change in ({"slice_hashes": block.slice_hashes[:-1]}, {"evaluations": (*block.evaluations, 1)}):
        with pytest.raises(WrongWordCount):
            compute_opening(replace(block, **change), place)


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
