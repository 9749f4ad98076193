"""SOL-3 where everything outside a chain is corrupt, and what honest watchers alone still guarantee."""

from collections import Counter
from copy import deepcopy
from dataclasses import replace
from typing import ClassVar

import pytest

from tests.properties.swap_lane.machine import mood
from tests.properties.swap_lane.operators import LIFE, Operators
from tests.properties.swap_lane.users import CHANGES, TRADES, Users
from tests.support.books.books import CorruptBooks
from tests.support.books.chains import ETH, BookedChains, unit
from tests.support.books.play import refused
from tests.support.books.sealed import Sealed, View
from tests.support.evm import Reverted
from tests.support.three_chains import CHAINS, MEMBERS, PRIMARY, RECIPIENTS, USD
from tests.support.tries import no_fewer
from tests.support.upholds import upholds
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.lab.machines import Dice, Run, run_machine, step
from zklink.operations.payout import Payout
from zklink.primitives.field import R
from zklink.protocol.commitment import BlockHeader
from zklink.protocol.ids import SLICE_COUNT, Amount, BlockNumber, ChainId, Kind, RequestId
from zklink.protocol.slices import EMPTY_SLICE_HASH


class CorruptWorld(Users):
    """Validators, watchers and the proof system work together: any block is proven, any fact is signed.

    A chain still has its own queue and its own books.
    """

    books = CorruptBooks
    examples = 20
    most_steps = 50
    goals = frozenset({"forged payouts within custody", "forged payouts above custody", "donate", "finish"})
    moods: ClassVar = {"conspire": mood(["forge_block"] * 3, TRADES[:2], ["withdraw"], CHANGES)}

    def check_all(self, chain: ChainId) -> None:
        """SOL-3, and with it SOL-1: the chain holds what came in less what went out, and everything donated."""
        self.play.check(PRIMARY, chain)

    @step()
    def forge_block(self, chain: ChainId, dice: Dice) -> None:
        """A block with the chain's own next requests and any payouts at all, which are paid at once or later."""
        payouts = [self.roll_payout(chain, dice) for _ in range(dice.number("payouts", 1, 3))]
        view = self.fabricate(chain, payouts, dice)
        if self.is_covered(payouts):
            entry = self.play.force_view(chain, view)
            self.play.execute(chain, entry)
            self.count("forged payouts within custody")
            return
        entries, history, owed = list(self.play.entries[chain]), list(self.play.history[chain]), self.play.owed[chain]
        fees = deepcopy(self.play.books.fees)
        with self.chains.rollback():
            entry = self.play.force_view(chain, view)
            assert refused(self.play.execute, chain, entry) == "custody: more than came in"
        self.play.books.fees = fees
        self.play.entries[chain], self.play.history[chain] = entries, history
        del owed[entry.number]
        self.count("forged payouts above custody")

    def is_covered(self, payouts: list[Payout]) -> bool:
        """Whether custody is enough for all of them."""
        wanted: Counter[tuple[ChainId, int]] = Counter()
        keys = set(self.play.books.settled_keys)
        for payout in payouts:
            key = payout.fill_key(self.chains.deployment_hash)
            if payout.kind == Kind.SWAP_PAID and key in keys:
                continue
            keys.add(key)
            wanted[payout.chain, payout.token] += payout.amount
        return all(amount <= self.play.books.custody[place] for place, amount in wanted.items())  # type: ignore[index]

    def roll_payout(self, chain: ChainId, dice: Dice) -> Payout:
        """Any payout of the chain: small, exactly all that is there, one more, or astronomical."""
        token = dice.pick("token", sorted(self.play[chain].sites))
        custody = self.play.books.custody[chain, token]
        kind = dice.pick("kind", [Kind.SWAP_PAID, Kind.SWAP_PAID, Kind.SWAP_REFUNDED])
        return Payout(
            kind=kind,
            source=chain if kind == Kind.SWAP_REFUNDED else dice.pick("source", CHAINS),
            chain=chain,
            id=RequestId(dice.number("id", 1, 3)),
            token=token,
            amount=Amount(dice.pick("amount", [1, 1000, custody // 2, custody, custody + 1, 2**112 - 1])),
            recipient=universal_address(dice.pick("recipient", [*RECIPIENTS, self.play[chain].receiver.address])),
            fill_fee=Amount(0),
        )

    def fabricate(self, chain: ChainId, payouts: list[Payout], dice: Dice) -> View:
        """A block made up by somebody; only the chain's own requests must be the next ones of its queue."""
        top = self.play.entries[chain][-1]
        waiting = self.play.queues[chain][top.consumed.get(chain, 0) :]
        requests = waiting[: dice.number("requests", 0, 2)]
        words = [w for request in requests for w in request.words()] + [w for p in payouts for w in p.words()]
        counts = [0] * SLICE_COUNT
        counts[chain] = len(words)
        time = max(self.play[chain].evm.time, self.play[chain].tip().timestamp)
        root, number = dice.number("root", 0, R - 1), BlockNumber(top.number + 1)
        header = BlockHeader(self.play.domain, number, time, tuple(counts), top.root, root)
        empty: dict[int, tuple[int, ...]] = dict.fromkeys(range(SLICE_COUNT), ()) if chain == PRIMARY else {}
        held = {**empty, int(chain): tuple(words)}
        witness = dice.number("witness", 0, R - 1)
        return View(chain, header, witness, held, (EMPTY_SLICE_HASH,) * SLICE_COUNT, (0,) * SLICE_COUNT)

    def finish(self) -> None:
        """Whatever happened: the books are right on every chain."""
        self.play.check()
        self.count("finish")


class ForgedRequests(Operators):
    """Dishonest validators seal deposits that nobody made on a member; proofs and watchers are honest."""

    examples = 40
    most_steps = 75
    goals = frozenset({"seal forged", "forged block refused", "accept", "execute", "finish"})
    moods: ClassVar = {**Operators.moods, "invent": mood(["seal_forged"] * 2, LIFE, LIFE, TRADES)}

    @step()
    def seal_forged(self, chain: ChainId, dice: Dice) -> None:
        """Seal a request that nobody made on `chain`, paid elsewhere, and perhaps a block on top."""
        destination = dice.pick("destination", [c for c in CHAINS if c != chain])
        brings = dice.pick("brings", [(USD, unit(USD)), (ETH, 10**9)])
        forged = self.play.invent_request(chain, *brings, destination, USD)
        sealed = self.play.seal(self.base(), [forged])
        self.variants += [sealed, self.play.seal(sealed, [])]
        self.count("seal forged")

    def is_forged(self, sealed: Sealed) -> bool:
        """Whether the block or one before it contains a request that nobody made."""
        return sealed.parent is not None and (
            any(r not in self.play.queues[r.source] for r in sealed.requests) or self.is_forged(sealed.parent)
        )

    @step()
    def accept(self, chain: ChainId, dice: Dice) -> None:
        """The primary is given a block that continues it, forged or not: nobody vouches for the forged one."""
        children = self.children()
        if not children:
            return
        sealed, pay = dice.pick("sealed", children), dice.chance("pay", 2)
        try:
            self.play.accept(sealed, pay=pay)
        except Reverted as error:
            if error.reason != "accept: too old":
                assert error.reason in ("accept: not the queued requests", "queue: other requests"), error.reason
                assert self.is_forged(sealed)
                self.count("forged block refused")
            return
        assert not self.is_forged(sealed)
        self.count("accept")


class LyingWatchers(Users):
    """Validators and watchers invent deposits on a member and the primary accepts such blocks; only proofs are honest.

    What is paid on their strength is what the state's reserves allow; the slandered member imports none of it.
    """

    books = CorruptBooks
    examples = 20
    most_steps = 50
    goals = frozenset({"slander", "slandered member refuses", "donate", "finish"})
    moods: ClassVar = {"lie": mood(["slander"] * 2, TRADES[:2], ["withdraw"], CHANGES)}

    def check_all(self, chain: ChainId) -> None:
        """SOL-3: each chain holds what came in less what went out, and everything donated."""
        self.play.check(PRIMARY, chain)

    @step()
    def slander(self, chain: ChainId, dice: Dice) -> None:
        """The primary accepts a request that nobody made on a member; every other member imports the block."""
        slandered = dice.pick("slandered", MEMBERS)
        if self.play.missing(slandered) and any(r.source != slandered for r in self.base().requests):
            return
        destination = dice.pick("destination", [c for c in CHAINS if c != slandered])
        amount = unit(USD) * dice.number("dollars", 1, 10**7)
        forged = self.play.invent_request(slandered, USD, amount, destination, USD)
        forged = replace(forged, request_id=RequestId(self.base().consumed(slandered) + 1))
        sealed = self.play.seal(self.base(), [forged])
        self.play.force(PRIMARY, sealed)
        self.variants.append(sealed)
        for member in MEMBERS:
            for block in self.play.missing(member):
                if any(r.source == member for r in block.requests):
                    assert refused(self.play.import_, member, block) == "queue: other requests"
                    self.count("slandered member refuses")
                    break
                self.play.import_(member, block)
        for place in CHAINS:
            self.play.execute_all(place)
        self.count("slander")

    def finish(self) -> None:
        """Whatever happened: the books are right on every chain."""
        self.play.check()
        self.count("finish")


@upholds("SOL-1", "SOL-3")
class TestCorruptWorld:
    """No chain ever releases more of a token than its own net inflow: with both groups and the proof system corrupt, or
    with both groups alone.
    """

    @pytest.mark.lab_machine("CorruptWorld")
    def test_machine__any_blocks__never_more_than_the_inflow(self, three_chains: BookedChains, lab_run: Run) -> None:
        run_machine(CorruptWorld, no_fewer(lab_run), three_chains)

    @pytest.mark.lab_machine("LyingWatchers")
    def test_machine__invented_deposits_and_true_proofs__never_more_than_the_inflow(
        self, three_chains: BookedChains, lab_run: Run
    ) -> None:
        run_machine(LyingWatchers, no_fewer(lab_run), three_chains)


@upholds("SOL-3", "SYN-1", "SYN-8")
class TestForgedRequests:
    """With honest watchers no forged request of another chain is ever paid, also when validators have sealed it."""

    @pytest.mark.lab_machine("ForgedRequests")
    def test_machine__invented_deposits__never_paid(self, three_chains: BookedChains, lab_run: Run) -> None:
        run_machine(ForgedRequests, no_fewer(lab_run), three_chains)
