"""What waits on a Solana chain, as the gate tries it again: it holds up nothing, and costs less and less."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from zklink.protocol.bridge_hashes import ZERO_HASH, Tip
from zklink.protocol.errors import RpcUnavailable
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.horizon import Horizon
from zklink.sequencer.program_gate import AGAIN_SECONDS, LONGEST_PAUSE_SECONDS, ProgramGate
from zklink.solana.client.importing import Importer
from zklink.solana.client.paying import Payer, Waiting
from zklink.solana.client.program import Program

EMPTY = cast("Horizon", SimpleNamespace(start=0, blocks=()))
KEYS = [Pubkey(bytes([number] * 32)) for number in range(4)]


class Chain:
    """A chain with payouts that nobody can pay; it says which blocks were tried."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, pay_all: Callable[[Pubkey], list[Waiting]], unpaid: int = 0
    ) -> None:
        self.now, self.tried = 0.0, list[int]()

        def pay(payer: Payer, key: Pubkey) -> list[Waiting]:
            self.tried.append(KEYS.index(key))
            return pay_all(key)

        monkeypatch.setattr(Payer, "pay_all", pay)
        monkeypatch.setattr(Importer, "execute", lambda importer, key: None)
        monkeypatch.setattr(ProgramGate, "_read", lambda gate, keys: [None])
        reading = SimpleNamespace(tip=Tip(BlockNumber(0), 0, unpaid, False, 0, ZERO_HASH), is_frozen=False)
        bridge: Any = SimpleNamespace(read=lambda level: reading)
        sender: Any = SimpleNamespace(payer=Keypair.from_seed(bytes(32)), paid=0, last=None)
        self.gate = ProgramGate(ChainId(5), bridge, Program(bytes(32)), sender, bytes(32), lambda: self.now)

    def view(self, seconds: float = 0.0) -> list[int]:
        """Time passes, the chain is looked at: the blocks that were tried."""
        self.now += seconds
        self.tried.clear()
        self.gate.view(EMPTY)
        return list(self.tried)


def stuck(key: Pubkey) -> list[Waiting]:
    return [Waiting(0, cast("Any", None), "pay: not the recipient's account")]


def test_view__payouts_that_cannot_be_paid__are_tried_more_and_more_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = Chain(monkeypatch, stuck)
    chain.gate._settle(BlockNumber(1), KEYS[1])
    pause, pauses = AGAIN_SECONDS, list[float]()
    for _ in range(10):
        assert chain.view(pause - 1) == [] and chain.view(1) == [1]
        pauses.append(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
    assert pauses[:3] == [30, 60, 120] and pauses[-1] == LONGEST_PAUSE_SECONDS


def test_view__many_blocks_wait__one_is_tried_at_a_time_and_each_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = Chain(monkeypatch, stuck)
    for number in (1, 2, 3):
        chain.gate._settle(BlockNumber(number), KEYS[number])
    assert [chain.view(AGAIN_SECONDS), chain.view(), chain.view(), chain.view()] == [[1], [2], [3], []]


def test_view__what_waits_fails__the_view_and_other_blocks_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    fails = False

    def pay_all(key: Pubkey) -> list[Waiting]:
        if fails and key == KEYS[1]:
            raise RpcUnavailable("solana", "getMultipleAccounts", 5, "HTTP 503")
        return [] if fails else stuck(key)

    chain = Chain(monkeypatch, pay_all)
    for number in (1, 2):
        chain.gate._settle(BlockNumber(number), KEYS[number])
    fails = True
    assert [chain.view(AGAIN_SECONDS), chain.view(), chain.view()] == [[1], [2], []]
    fails = False
    assert chain.view(2 * AGAIN_SECONDS) == [1]


@pytest.mark.parametrize("error", [None, RpcUnavailable("solana", "getTransaction", 1, "it is not there")])
def test_view__unpaid_block_that_is_not_to_be_found__is_looked_for_now_and_then(
    error: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger can have brought it and hidden it behind other transactions: no view fails or is slow for it."""
    chain, searches = Chain(monkeypatch, stuck, unpaid=1), list[float]()

    def search(gate: ProgramGate, since: int) -> None:
        searches.append(chain.now)
        if error is not None:
            raise error

    monkeypatch.setattr(ProgramGate, "_find_others", search)
    for seconds in (0, 1, AGAIN_SECONDS - 2, 1, 1):
        chain.view(seconds)
    assert searches == [0, AGAIN_SECONDS]
