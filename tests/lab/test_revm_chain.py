"""A chain on revm: blocks, fees, the pool, time, snapshots and reorganisations."""

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.revm_scenes import COUNTER, GWEI, START, count, nonce_of, open_chain, transfer
from tests.lab.scenes import PAYEE, PAYER
from tests.support.engines import note_engine
from tests.support.tries import tries
from zklink.lab.errors import ReorgTooDeep, SnapshotGone, TimestampNotLater, TransactionRefused
from zklink.lab.revm.blocks import compute_next_base_fee
from zklink.lab.revm.calls import call, slot_at
from zklink.lab.revm.chain import Pending, RevmChain
from zklink.lab.revm.engine import Message
from zklink.lab.revm.state import Account, Address, Changes

PAYER_KEY, PAYEE_KEY = Address(PAYER.lower()), Address(PAYEE.lower())


@pytest.fixture
def chain() -> RevmChain:
    note_engine("revm")
    return open_chain()[0]


def counted(chain: RevmChain, height: int | None = None) -> int:
    return int.from_bytes(call(chain, Message(PAYER_KEY, COUNTER, b"", 0, 100_000), height).output, "big")


def test_send__automine__a_block_each_one_second_later_with_the_fee_burnt(chain: RevmChain) -> None:
    before = chain.state.account(PAYER_KEY).balance
    chain.send_raw(transfer(chain, 0))
    receipt = chain.head.receipts[0]
    assert (chain.head.number, chain.head.timestamp) == (1, START + 1)
    assert (receipt.gas_used, receipt.gas_price, chain.head.base_fee) == (21_000, 875_000_000, 875_000_000)
    assert chain.state.account(PAYER_KEY) == Account(before - 1 - 21_000 * 875_000_000, 1)
    assert chain.head.parent_hash == chain.blocks[0].block_hash


def test_mine__block_at_a_time__dearest_tip_first_and_nonces_in_order(chain: RevmChain) -> None:
    chain.set_automine(False)
    cheap, dear = transfer(chain, 0, tip=1), transfer(chain, 0, sender=2, tip=GWEI)
    hashes = [chain.send_raw(raw) for raw in (transfer(chain, 1, tip=2 * GWEI), cheap, dear)]
    assert chain.head.number == 0
    assert chain.find_waiting(hashes[0]) is not None
    chain.mine()
    mined = [receipt.transaction.tx_hash for receipt in chain.head.receipts]
    assert mined == [hashes[2], hashes[1], hashes[0]]
    assert [receipt.cumulative_gas for receipt in chain.head.receipts] == [21_000, 42_000, 63_000]


def test_mine__more_gas_than_a_block_has__the_rest_waits() -> None:
    chain = RevmChain(5, START, gas_limit=50_000)
    chain.set_automine(False)
    for nonce in range(3):
        chain.send_raw(transfer(chain, nonce))
    chain.mine(2)
    assert [len(block.receipts) for block in chain.blocks] == [0, 2, 1]


def test_send__gap_in_the_nonces__waits_until_it_is_filled(chain: RevmChain) -> None:
    chain.send_raw(transfer(chain, 1))
    assert chain.head.number == 0
    chain.send_raw(transfer(chain, 0))
    assert len(chain.head.receipts) == 2


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"nonce": 0}, "nonce too low: next nonce 1, tx nonce 0"),
        ({"nonce": 1, "fee": GWEI // 10}, "max fee per gas less than block base fee"),
        ({"nonce": 1, "wei": 10**30}, "insufficient funds for gas [*] price [+] value"),
        ({"nonce": 1, "tip": 4 * GWEI}, "max priority fee per gas higher than max fee per gas"),
    ],
)
def test_send__what_no_node_takes__refused_in_their_words(
    chain: RevmChain, changed: dict[str, int], reason: str
) -> None:
    chain.send_raw(transfer(chain, 0))
    with pytest.raises(TransactionRefused, match=reason):
        chain.send_raw(transfer(chain, **changed))
    assert chain.head.number == 1


def test_send__another_chains_signature_or_no_transaction__refused(chain: RevmChain) -> None:
    other = RevmChain(78, START)
    with pytest.raises(TransactionRefused, match="invalid chain id for signer: have 78 want 77"):
        chain.send_raw(transfer(other, 0))
    for raw in (b"", b"\x02", b"\x05\xc0", transfer(chain, 0)[:-1], b"\x02\xc0"):
        with pytest.raises(TransactionRefused):
            chain.send_raw(raw)


@pytest.mark.parametrize(
    ("v", "r", "s"),
    [(2, 1, 1), (0, 0, 0), (0, 2**256 - 1, 1), (0, 5, 1), (1, 1, 2**256 - 1), (0, 2**264 - 1, 1)],
    ids=["parity", "zeros", "r too large", "no such point", "s in the upper half", "r of 33 bytes"],
)
def test_send__signature_that_nobody_can_make__refused(chain: RevmChain, v: int, r: int, s: int) -> None:
    fields = [b"\x4d", b"", b"", b"\x01", b"\x52\x08", bytes.fromhex(PAYEE[2:]), b"", b"", []]
    signature = [number.to_bytes((number.bit_length() + 7) // 8, "big") for number in (v, r, s)]
    with pytest.raises(TransactionRefused, match="invalid transaction v, r, s values"):
        chain.send_raw(b"\x02" + rlp.encode([*fields, *signature]))


def test_send__same_nonce__replaces_only_if_a_tenth_dearer(chain: RevmChain) -> None:
    chain.set_automine(False)
    chain.send_raw(transfer(chain, 0, fee=20 * GWEI, tip=GWEI))
    with pytest.raises(TransactionRefused, match="already known"):
        chain.send_raw(transfer(chain, 0, fee=20 * GWEI, tip=GWEI))
    with pytest.raises(TransactionRefused, match="replacement transaction underpriced"):
        chain.send_raw(transfer(chain, 0, fee=30 * GWEI, tip=GWEI))
    replaced = chain.send_raw(transfer(chain, 0, fee=22 * GWEI, tip=GWEI * 11 // 10))
    chain.mine()
    assert [receipt.transaction.tx_hash for receipt in chain.head.receipts] == [replaced]


def test_mine__base_fee_above_a_waiting_fee__it_waits_until_the_fee_falls(chain: RevmChain) -> None:
    chain.set_automine(False)
    chain.send_raw(transfer(chain, 0, fee=GWEI))
    chain.order(Pending(base_fee=2 * GWEI))
    chain.mine()
    assert (chain.head.base_fee, chain.head.receipts) == (2 * GWEI, ())
    while not chain.head.receipts:
        chain.mine()
    assert chain.head.base_fee <= GWEI < chain.blocks[-2].base_fee


@given(base_fee=st.integers(7, 10**12), used=st.integers(0, 30_000_000))
@tries(100)
def test_compute_next_base_fee__any_use__within_an_eighth_and_in_its_direction(base_fee: int, used: int) -> None:
    following = compute_next_base_fee(base_fee, used, 30_000_000)
    assert abs(following - base_fee) <= max(1, base_fee // 8)
    assert (following > base_fee) == (used > 15_000_000)


def test_call__past_heights__the_values_of_then_and_nothing_changes(chain: RevmChain) -> None:
    for nonce in range(4):
        chain.send_raw(count(chain, nonce))
    assert [counted(chain, height) for height in range(5)] == [1, 2, 3, 4, 5]
    assert [slot_at(chain, (COUNTER, 0), height) for height in range(5)] == [0, 1, 2, 3, 4]
    assert counted(chain) == 5


def test_order__time__the_next_block_has_it_and_earlier_is_refused(chain: RevmChain) -> None:
    chain.order(Pending(timestamp=START + 100))
    chain.mine(2)
    assert [block.timestamp - START for block in chain.blocks] == [0, 100, 101]
    with pytest.raises(TimestampNotLater, match=f"after one of time {START + 101} cannot have time {START + 101}"):
        chain.order(Pending(timestamp=START + 101))


def test_mine__follows_a_clock__its_time_but_never_the_parents(chain: RevmChain) -> None:
    chain.clock = lambda: START + 50.9
    chain.mine(2)
    assert [block.timestamp - START for block in chain.blocks] == [0, 50, 51]


def test_restore__any_number_of_times__everything_as_it_was(chain: RevmChain) -> None:
    chain.send_raw(count(chain, 0))
    chain.set_automine(False)
    waiting = chain.send_raw(count(chain, 1))
    snapshot, head = chain.snapshot(), chain.head
    for _ in range(2):
        chain.mine()
        chain.change(Changes({PAYEE_KEY: Account(5)}, {(COUNTER, 0): 99}))
        assert counted(chain) == 100
        chain.restore(snapshot)
        assert (chain.head, counted(chain)) == (head, 2)
        assert chain.find_waiting(waiting) is not None
        assert chain.find_receipt(waiting) is None
    chain.mine()
    assert counted(chain) == 3


def test_restore__further_back_since__refused(chain: RevmChain) -> None:
    first = chain.snapshot()
    chain.send_raw(count(chain, 0))
    second = chain.snapshot()
    chain.restore(first)
    with pytest.raises(SnapshotGone, match="EVM chain 77 has been set further back since"):
        chain.restore(second)


@given(steps=st.lists(st.sampled_from(["count", "mine", "change", "snapshot", "restore", "reorg"]), max_size=14))
@tries(100)
def test_state__any_steps__engine_memory_and_history_agree(steps: list[str]) -> None:
    note_engine("revm")
    chain, _ = open_chain()
    snapshots = [(chain.snapshot(), 0)]
    for step in steps:
        if step == "count":
            chain.send_raw(count(chain, nonce_of(chain)))
        elif step == "mine":
            chain.mine()
        elif step == "change":
            chain.change(Changes({}, {(COUNTER, 0): chain.state.slot((COUNTER, 0)) + 10}))
        elif step == "snapshot":
            snapshots.append((chain.snapshot(), chain.state.slot((COUNTER, 0))))
        elif step == "restore":
            chain.restore(snapshots[0][0])
            del snapshots[1:]
            assert chain.state.slot((COUNTER, 0)) == snapshots[0][1]
        elif chain.head.number:
            chain.reorg(1)
            del snapshots[1:]
        assert counted(chain) == chain.state.slot((COUNTER, 0)) + 1
        assert [block.number for block in chain.blocks] == list(range(len(chain.blocks)))
        for block in chain.blocks[1:]:
            assert block.parent_hash == chain.blocks[block.number - 1].block_hash
            assert chain.find_block(block.block_hash) is block


def test_reorg__some_kept__as_many_other_blocks_and_the_dropped_are_gone(chain: RevmChain) -> None:
    hashes = [chain.send_raw(count(chain, nonce)) for nonce in range(3)]
    before = list(chain.blocks)
    removed = chain.reorg(2, back=[hashes[1]])
    assert [transaction.tx_hash for transaction in removed] == hashes[1:]
    assert chain.blocks[:2] == before[:2]
    assert [block.timestamp for block in chain.blocks] == [block.timestamp for block in before]
    assert {block.block_hash for block in chain.blocks[2:]}.isdisjoint(block.block_hash for block in before)
    assert [len(block.receipts) for block in chain.blocks] == [0, 1, 1, 0]
    assert chain.find_receipt(hashes[2]) is None
    assert chain.state.slot((COUNTER, 0)) == 2


@pytest.mark.parametrize("depth", [-1, 0, 2])
def test_reorg__blocks_that_are_not_there__refused(chain: RevmChain, depth: int) -> None:
    chain.mine()
    with pytest.raises(ReorgTooDeep, match=f"takes 1 to 1 blocks of this chain, not {depth}"):
        chain.reorg(depth)


def test_reorg__chain_without_a_block__says_to_mine_first(chain: RevmChain) -> None:
    with pytest.raises(ReorgTooDeep, match="finds no block to take on this chain: mine some first"):
        chain.reorg(1)


def test_call__opcodes_that_pyrevm_does_not_serve__what_the_page_says(chain: RevmChain) -> None:
    reader = Address("0x" + "be" * 20)
    chain.change(Changes({reader: Account(0, 1, bytes.fromhex("485f525f406020526040 5ff3".replace(" ", "")))}))
    output = call(chain, Message(PAYER_KEY, reader, b"", 0, 100_000)).output
    assert output == bytes(32) + bytes.fromhex("044852b2a670ade5407e78fb2863c51de9fcb96542a07186fe3aeda6bb8a116d")


def test_call__from_a_contract__is_made_though_revm_lets_no_contract_send(chain: RevmChain) -> None:
    outcome = call(chain, Message(COUNTER, COUNTER, b"", 0, 100_000))
    assert outcome.is_success
    assert counted(chain) == 1
