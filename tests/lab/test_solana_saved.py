"""A ledger that was put into bytes goes on where it stood: accounts, programs, history and blockhashes."""

from typing import Any

import pytest

from tests.lab.solana_wallets import ALICE, BOBS, SOL, balance, pay
from zklink.lab.solana.base import SolanaSpec
from zklink.lab.solana.chain import LocalSolana
from zklink.lab.solana.ledger import START_TIME
from zklink.lab.solana.saved_ledger import dump_ledger, load_ledger

SPEC = SolanaSpec(confirmed_slots=2, finalized_slots=6)
QUESTIONS = ("getSlot", "getGenesisHash", "getLatestBlockhash")


def open_rich(spec: SolanaSpec = SPEC) -> LocalSolana:
    """A chain on which Alice has money."""
    chain = LocalSolana(spec)
    chain.ledger.give(ALICE.pubkey(), 100 * SOL)
    return chain


def reopen(chain: LocalSolana) -> LocalSolana:
    """Another chain that goes on from what this one is now."""
    again = LocalSolana(chain.spec)
    load_ledger(again.ledger, dump_ledger(chain.ledger))
    return again


def history(chain: LocalSolana) -> list[Any]:
    """What the node shows of Alice's transactions, whole."""
    signatures = [each["signature"] for each in chain.rpc("getSignaturesForAddress", str(ALICE.pubkey()))]
    options = {"maxSupportedTransactionVersion": 0}
    return [chain.rpc("getTransaction", each, options) for each in signatures] + [signatures]


def test_load__of_what_was_dumped__answers_as_before_and_goes_on() -> None:
    chain = open_rich()
    names = [chain.send(pay(chain, SOL)), chain.send(pay(chain, 2 * SOL))]
    later = pay(chain, 4 * SOL)
    chain.finalize()
    again = reopen(chain)
    for method in QUESTIONS:
        assert again.rpc(method) == chain.rpc(method)
    assert history(again) == history(chain) and len(history(again)) == len(names) + 1
    assert again.rpc("getSignatureStatuses", names) == chain.rpc("getSignatureStatuses", names)
    assert balance(again, level="finalized") == 3 * SOL
    again.send(later)
    assert (balance(again), balance(chain)) == (7 * SOL, 3 * SOL)
    with pytest.raises(Exception, match="already been processed"):
        again.send(later)


def test_load__a_failed_transaction__fails_in_the_same_words() -> None:
    chain = open_rich()
    wire = pay(chain, 1_000 * SOL)
    signature = str(chain.ledger.send(wire, is_tried=False))
    shown = chain.rpc("getSignatureStatuses", [signature])["value"][0]
    assert shown["err"] is not None
    chain.finalize()
    again = reopen(chain)
    assert again.rpc("getSignatureStatuses", [signature])["value"][0]["err"] == shown["err"]
    assert reopen(again).rpc("getSignatureStatuses", [signature])["value"][0]["err"] == shown["err"]


def test_load__another_ledgers_bytes__are_refused() -> None:
    data = dump_ledger(LocalSolana(SolanaSpec("elsewhere")).ledger)
    with pytest.raises(ValueError, match="not the state of this ledger"):
        load_ledger(LocalSolana(SPEC).ledger, data)


def test_dump__while_a_transaction_waits__is_refused() -> None:
    chain = open_rich()
    chain.set_automine(False)
    chain.send(pay(chain, SOL))
    with pytest.raises(ValueError, match="waits"):
        dump_ledger(chain.ledger)


def test_kept_slots__many_changes__leave_what_is_finalized_and_forget_the_rest() -> None:
    spec = SolanaSpec(confirmed_slots=2, finalized_slots=6, kept_slots=10)
    chain = open_rich(spec)
    for _ in range(40):
        chain.send(pay(chain, SOL))
    assert [balance(chain, level=level) for level in ("processed", "confirmed", "finalized")] == [
        40 * SOL,
        38 * SOL,
        34 * SOL,
    ]
    assert len(chain.ledger.versions[BOBS]) <= spec.kept_slots + 1  # type: ignore[operator]
    assert len(chain.reorg(5, ())) == 5 and balance(chain) == 35 * SOL


def test_clock__of_the_machine__no_slot_is_earlier_and_each_is_later_than_the_last() -> None:
    chain = LocalSolana(SolanaSpec(starts_at=1_000.0))
    chain.mine()
    assert chain.head_timestamp() == 1_000
    chain.ledger.clock = lambda: 5_000.0
    chain.mine(2)
    assert chain.head_timestamp() == 5_000 and chain.ledger.time == pytest.approx(5_000.4)
    chain.ledger.clock = None
    chain.mine(10)
    assert chain.head_timestamp() == 5_004
    assert LocalSolana(SPEC).head_timestamp() == START_TIME
