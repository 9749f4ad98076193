"""Reorganisations, blocks of a given time and fee, and the pool: the same on every back end that has them."""

from collections.abc import Iterator
from typing import Any

import pytest
from web3.exceptions import TransactionNotFound, Web3RPCError

from tests.lab.conftest import SPECS
from tests.lab.scenes import PAYEE, PAYER, head
from tests.support.engines import ENGINES, note_engine
from zklink.devnet.anvil_command import anvil_path
from zklink.lab.accounts import funded_account
from zklink.lab.chain import LocalChain
from zklink.lab.chains import LocalChains, open_chains
from zklink.lab.errors import FaultUnavailable, ReorgTooDeep, UnknownTransaction

OTHER = funded_account(2).address
RICH = 10**11


@pytest.fixture(scope="module", params=["revm", "anvil", "fork"])
def opened(request: pytest.FixtureRequest) -> Iterator[LocalChains[LocalChain]]:
    """A chain of each back end that can be reorganised."""
    with open_chains(request.param, SPECS[:1], anvil_path, stand_ins=True) as chains:
        yield chains


@pytest.fixture
def chain(opened: LocalChains[LocalChain]) -> Iterator[LocalChain]:
    note_engine(ENGINES[opened.backend])
    with opened.isolated():
        opened.mine()
        yield opened.by_name("alpha")
        opened.by_name("alpha").set_automine(True)


def send(chain: LocalChain, sender: str = PAYER) -> str:
    """A transaction, which waits."""
    fees: Any = {"maxFeePerGas": RICH, "maxPriorityFeePerGas": 1}
    sent = chain.w3.eth.send_transaction({"from": sender, "to": PAYEE, "value": 1, "gas": 21_000, **fees})  # type: ignore[typeddict-item]
    return f"0x{bytes(sent).hex()}"


def send_and_mine(chain: LocalChain, sender: str = PAYER) -> str:
    """A transaction in a block of its own."""
    tx_hash = send(chain, sender)
    chain.w3.eth.wait_for_transaction_receipt(tx_hash)  # type: ignore[arg-type]
    return tx_hash


def read_transactions(chain: LocalChain, number: int) -> list[str]:
    return [f"0x{bytes(each).hex()}" for each in chain.w3.eth.get_block(number)["transactions"]]  # type: ignore[arg-type]


def test_reorg__chosen_ones_in_another_order__only_they_are_back(chain: LocalChain) -> None:
    first = send_and_mine(chain)
    old = head(chain)["number"]
    chain.set_automine(False)
    second = send(chain)
    chain.mine()
    third = send(chain, OTHER)
    chain.mine()
    old_head = head(chain)["hash"]
    assert chain.reorg(2, back=[third]) == (second, third)
    assert head(chain)["number"] == old + 2
    assert head(chain)["hash"] != old_head
    assert read_transactions(chain, old) == [first]
    assert read_transactions(chain, old + 1) == [third]
    with pytest.raises(TransactionNotFound):
        chain.w3.eth.get_transaction_receipt(second)  # type: ignore[arg-type]


def test_reorg__all_back_in_reverse__another_order_in_one_block(chain: LocalChain) -> None:
    before, hashes = head(chain)["number"], [send_and_mine(chain), send_and_mine(chain, OTHER)]
    assert chain.reorg(2, back=hashes[::-1]) == tuple(hashes)
    assert read_transactions(chain, before + 1) == hashes[::-1]
    chain.reorg(2)
    assert read_transactions(chain, before + 1) == hashes[::-1]


def test_reorg__what_is_not_there__one_sentence(chain: LocalChain) -> None:
    send_and_mine(chain)
    height = head(chain)["number"]
    own = height - chain.is_stand_in  # the fork's first block stays
    with pytest.raises(ReorgTooDeep, match=f"takes 1 to {own} blocks of this chain, not {own + 1}"):
        chain.reorg(own + 1)
    with pytest.raises(UnknownTransaction, match="no transaction in the blocks that go is 0x07"):
        chain.reorg(1, back=["0x07"])
    assert head(chain)["number"] == height


def test_mine_at__time_and_fee__the_block_has_them(chain: LocalChain) -> None:
    later = chain.head_timestamp() + 1_000
    chain.mine_at(later, 7)
    assert (head(chain)["baseFeePerGas"], head(chain)["timestamp"]) == (7, later)
    chain.mine_at(later - 1)
    assert head(chain)["timestamp"] >= later


def test_waiting__not_mined_yet__listed(chain: LocalChain) -> None:
    chain.set_automine(False)
    hashes = [send(chain), send(chain)]
    assert chain.waiting() == tuple(hashes)
    chain.mine()
    assert chain.waiting() == ()


def test_pool__full_or_withholding__only_what_was_there_or_nothing() -> None:
    with open_chains("revm", SPECS[:1]) as (chain,):
        chain.set_automine(False)
        pool = chain.provider.chain.pool
        held, other = send(chain), send(chain, OTHER)
        pool.withheld, pool.is_full = frozenset([bytes.fromhex(held[2:])]), True
        with pytest.raises(Web3RPCError, match="txpool is full"):
            send(chain)
        chain.mine()
        assert read_transactions(chain, 1) == [other]
        pool.withheld, pool.is_full = frozenset(), False
        chain.mine()
        assert read_transactions(chain, 2) == [held]


def test_py_evm__what_it_cannot_do__one_sentence_each(chains: LocalChains[LocalChain]) -> None:
    alpha = chains.by_name("alpha")
    for action, name in (
        (lambda: alpha.reorg(1), "a reorganisation"),
        (alpha.waiting, "a look into the pool"),
        (lambda: alpha.mine_at(None, 7), "a base fee"),
    ):
        with pytest.raises(FaultUnavailable, match=f"alpha: {name} needs chains made of revm, anvil or fork"):
            action()
    later = alpha.head_timestamp() + 1_000
    alpha.mine_at(later)
    assert head(alpha)["timestamp"] == later
