"""Swaps, blocks, fills and payments at random: after every call the vaults hold exactly what the books say, and in the
end nobody has more or less than what was due.
"""

import contextlib
import shutil
from collections import Counter
from pathlib import Path
from typing import Final

import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from tests.support.solana.blocks import History, paid_here, words_of
from tests.support.solana.founding import CAKE, SOL, SRM
from tests.support.solana.machine import Refused, associated, key_of
from tests.support.solana.site import open_site
from tests.support.tries import at_least
from tests.support.upholds import upholds
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import FILL_LEAD_SECONDS, TokenId
from zklink.solana.interface import accounts
from zklink.solana.toolchain import build

BOB: Final = key_of("bob").pubkey()
TOKENS: Final = (SRM, CAKE, SOL)
UNITS: Final = {SRM: 1_000_000, CAKE: 1_000, SOL: 10**8}
"""Layer-2 units that move at a time."""
SCALE: Final = {SRM: 1, CAKE: 1_000, SOL: 1}
STEPS: Final = (
    "swap",
    "fill",
    "block",
    "late fill",
    "execute",
    "pay",
    "pay the broker",
    "pay the recipient",
    "wait",
    "close",
)


class Play:
    """A site, and what has to be true of it."""

    def __init__(self, program: bytes | None = None) -> None:
        self.site = open_site(program)
        for mint in (self.site.mints[SRM], self.site.mints[CAKE]):
            self.site.make_holding(BOB, mint)
        self.site.machine.fund(BOB, 10**9)
        self.history = History(self.site)
        self.open: list[SwapRequest] = []
        self.planned: list[Payout] = []
        self.filled: set[Payout] = set()
        self.blocks: list[tuple[Pubkey, list[Payout], set[int]]] = []
        self.due: Counter[TokenId] = Counter()
        self.done: Counter[str] = Counter()
        self.made = 0
        for token in (*TOKENS, *TOKENS):
            self.do_swap(token, 4)
        self.start = {token: self.outside(token) for token in TOKENS}

    def outside(self, token: TokenId) -> int:
        """What recipient and broker have together, in l1 units."""
        return sum(self.site.balance(token, owner) for owner in (BOB, self.site.broker.pubkey()))

    def play(self, step: str, number: int) -> None:
        """Do one thing, if it can be done; what the program refuses has changed nothing."""
        token = TOKENS[number % 3]
        try:
            getattr(self, "do_" + step.replace(" ", "_"))(token, number)
        except Refused:
            self.done["refused"] += 1
        self.check()

    def check(self) -> None:
        """Each vault has what is in custody and owed, `sol` the fees and its rent, too, and not a unit more."""
        state = self.site.state()
        for token in TOKENS:
            books = self.site.books(token)
            held = (books["custody"] + books["owed"]) * SCALE[token]
            if token == SOL:
                held += sum(state["open_fees"]) + state["earned_fees"] + self.site.machine.rent(0)
            owner = self.site.sol if token == SOL else self.site.bridge
            assert self.site.balance(token, owner) == held

    def end(self) -> None:
        """Whoever was paid or filled, and nobody else, has what was due, to the unit."""
        for block, payouts, _ in self.blocks:
            for i in range(len(payouts)):
                if self.site.machine.data(block):
                    with contextlib.suppress(Refused):
                        self.pay(block, payouts, i, {})
        open_fills = sum(self.site.machine.data(self.site.fill_place(payout)) != b"" for payout in self.filled)
        for token in TOKENS:
            lent = self.site.machine.rent(accounts.FILL.size) * open_fills if token == SOL else 0
            assert self.outside(token) - self.start[token] == self.due[token] * SCALE[token] - lent

    # --- steps ---

    def do_swap(self, token: TokenId, number: int) -> None:
        """A swap comes in."""
        amount = UNITS[token] * SCALE[token] * (1 + number % 5)
        out = CAKE if token == SRM else SRM
        self.open.append(self.site.swap(token_in=token, token_out=out, l1_amount=amount, fee=number, operator_fee=0))
        self.done["swap"] += 1

    def do_fill(self, token: TokenId, number: int) -> None:
        """A broker fills what a later block pays."""
        self.made += 1
        fee = number % UNITS[token]
        payout = paid_here(token, UNITS[token], BOB, id=self.made, fill_fee=fee)
        self.history.fill(payout, self.history.number + 1)
        self.planned.append(payout)
        self.filled.add(payout)
        self.done["fill"] += 1

    def do_block(self, token: TokenId, number: int) -> None:
        """A block consumes what is open, and pays what is filled and something more."""
        self.made += 1
        more = paid_here(token, UNITS[token], BOB, id=self.made, fill_fee=number % UNITS[token])
        payouts = [*self.planned, more]
        block = self.history.bring(self.history.make(words_of(*self.open, *payouts)))
        self.open, self.planned = [], []
        self.blocks.append((block, payouts, set()))
        self.done["block"] += 1
        if number % 4:
            self.do_execute(token, len(self.blocks) - 1)

    def do_late_fill(self, token: TokenId, number: int) -> None:
        """A broker fills what is imported, and says that it is not."""
        _, payouts, _ = self.blocks[number % len(self.blocks)] if self.blocks else (None, [], None)
        for payout in payouts[-1:]:
            self.history.fill(payout, 2**60)
            self.filled.add(payout)
            self.done["late fill"] += 1

    def do_execute(self, token: TokenId, number: int) -> None:
        """A block is executed."""
        for block, payouts, executed in self.blocks[number % max(1, len(self.blocks)) :][:1]:
            self.history.execute(block, *TOKENS)
            assert not executed, "executed twice"
            executed.add(1)
            for payout in payouts:
                self.due[payout.token] += payout.amount
            self.done["execute"] += 1

    def pay(self, block: Pubkey, payouts: list[Payout], index: int, changes: dict[str, Pubkey]) -> None:
        """Pay a payout, by the words that the block's account has of it now."""
        head = accounts.BLOCK.unpack(self.site.machine.data(block)[: accounts.BLOCK.size])
        at = head["words_at"] + 32 * head["places"][index]
        data = self.site.machine.data(block)
        words = [int.from_bytes(data[at + 32 * i : at + 32 * i + 32], "big") for i in range(3)]
        payout = Payout.from_words(words)
        broker = self.site.broker.pubkey()
        own = broker if payout.token == SOL else associated(broker, self.site.mints[payout.token])
        self.history.pay(block, index, payout, {"repay_to": own, "fill_payer": broker} | changes)

    def _pay(self, name: str, number: int, **changes: Pubkey) -> None:
        left = [each for each in self.blocks if self.site.machine.data(each[0])]
        if left:
            block, payouts, _ = left[number % len(left)]
            self.pay(block, payouts, number // 7 % len(payouts), changes)
            self.done[name] += 1

    def do_pay(self, token: TokenId, number: int) -> None:
        """Somebody pays a payout."""
        self._pay("pay", number)

    def do_pay_the_broker(self, token: TokenId, number: int) -> None:
        """The same, naming no account of the recipient."""
        self._pay("pay the broker", number, destination=self.site.writer.pubkey())

    def do_pay_the_recipient(self, token: TokenId, number: int) -> None:
        """The same, naming no account of the broker."""
        self._pay("pay the recipient", number, repay_to=self.site.writer.pubkey())

    def do_wait(self, token: TokenId, number: int) -> None:
        """Time passes."""
        self.site.machine.set_time(self.site.machine.now() + number % (2 * FILL_LEAD_SECONDS))

    def do_close(self, token: TokenId, number: int) -> None:
        """The writer takes rent back."""
        if self.blocks:
            self.history.close(self.blocks[number % len(self.blocks)][0])
            self.done["close"] += 1


OFTEN: Final = ("block", "pay", "pay the broker", "pay the recipient", "fill")
PLAYS: Final = st.lists(
    st.tuples(st.sampled_from((*STEPS, *OFTEN, *OFTEN)), st.integers(0, 9_999)), min_size=15, max_size=25
)

MUTANTS: Final = {
    # breaks: SOL-1, SOL-3
    "custody-not-lowered": ("payments.h", "t->custody -= amount;", ""),
    # breaks: SOL-1, SOL-5
    "paid-and-owed": ("payments.h", "t->owed -= repaid + rested;", "t->owed -= repaid;"),
    # breaks: SOL-1, SOL-4
    "not-marked": ("payments.h", "    mark_paid(head, i);\n  }\n}", "    head->unpaid -= i + 1 > i;\n  }\n}"),
    # breaks: SOL-1, SOL-5
    "rest-paid-again": ("payments.h", "d->fill->is_rested = 1;", ""),
    # breaks: SOL-5
    "rest-not-noted": ("payments.h", "put_field(&d->words[0], PAYOUT_0_AMOUNT_SHIFT, 64, d->rest);", ""),
    # breaks: SOL-1
    "fees-earned-by-nobody": ("queue.h", "b->earned_fees += content->fees;", ""),
    # breaks: SOL-1
    "credited-as-sent": ("incoming.h", "*amount = received / t->scale;", "*amount = received / t->scale + 1;"),
}
"""A file, a text in it, and what takes its place."""


def play_all(steps: list[tuple[str, int]], program: bytes | None = None, done: Counter[str] | None = None) -> None:
    """Play steps, then the end."""
    play = Play(program)
    for step, number in steps:
        play.play(step, number)
    play.end()
    if done is not None:
        done.update(play.done)


@upholds("SOL-1", "SOL-3", "SOL-4", "SOL-5")
def test_play__any_steps__vaults_hold_what_the_books_say_and_everybody_has_what_was_due() -> None:
    done: Counter[str] = Counter()

    @at_least(15)
    @given(steps=PLAYS)
    def run(steps: list[tuple[str, int]]) -> None:
        play_all(steps, done=done)

    run()
    assert set(STEPS) - {"wait"} <= set(done)


@pytest.mark.parametrize("name", MUTANTS)
def test_play__mutated__is_noticed(tmp_path: Path, name: str) -> None:
    file, old, new = MUTANTS[name]
    folder = tmp_path / "solana"
    shutil.copytree(build.SOURCES, folder)
    text = (folder / file).read_text()
    assert text.count(old) == 1
    (folder / file).write_text(text.replace(old, new))
    program = build.build_sources(folder)

    @at_least(40, phases=[Phase.generate])
    @given(steps=PLAYS)
    def run(steps: list[tuple[str, int]]) -> None:
        play_all(steps, program)

    with pytest.raises((AssertionError, Refused)):
        run()
