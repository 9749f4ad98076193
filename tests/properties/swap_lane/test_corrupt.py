"""SOL-3 where everything outside a chain is corrupt, and what an honest transport alone still guarantees."""

from collections import Counter

from hypothesis.stateful import rule, run_state_machine_as_test

from tests.properties.swap_lane.machine import guarded
from tests.properties.swap_lane.operators import LIFE, Operators
from tests.properties.swap_lane.users import CHANGES, TRADES, Users
from tests.strategies import Dice
from tests.support.books.books import CorruptBooks
from tests.support.books.chains import ETH, BookedChains, unit
from tests.support.books.play import refused
from tests.support.books.sealed import Sealed, View
from tests.support.bursts import Burst, bursts
from tests.support.evm import Reverted
from tests.support.three_chains import CHAINS, PRIMARY, RECIPIENTS, USD
from tests.support.tries import at_least
from tests.support.upholds import upholds
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.payout import Payout
from zklink.primitives.field import R
from zklink.protocol.commitment import BlockHeader
from zklink.protocol.ids import SLICE_COUNT, Amount, BlockNumber, ChainId, Kind, RequestId
from zklink.protocol.slices import EMPTY_SLICE_HASH


class CorruptWorld(Users):
    """The validator, a quorum of the committee and the proof system work together: any block is proven, any message is
    signed.

    A chain still has its own queue and its own books.
    """

    books = CorruptBooks

    @rule(burst=bursts(12))
    @guarded
    def conspire(self, burst: Burst) -> None:
        """Blocks that say anything, executed at once, while users go on."""
        self.take(burst, ["forge_block", "forge_block", "forge_block", *TRADES[:2], "withdraw", *CHANGES])

    def check_all(self, chain: ChainId) -> None:
        """SOL-3, and with it SOL-1: the chain holds what came in less what went out, and everything donated."""
        self.play.check(chain)

    def do_forge_block(self, chain: ChainId, dice: Dice) -> None:
        """A block with the chain's own next requests and any payouts at all."""
        if self.play.status(chain)[3] != len(self.play.committed[chain]) - 1:
            return
        payouts = [self.roll_payout(chain, dice) for _ in range(1 + dice.below(3))]
        view = self.fabricate(chain, payouts, dice)
        if self.is_covered(payouts):
            self.play.force_view(chain, view)
            self.play.execute(chain)
            self.count("forged payouts within custody")
            return
        entries, history = list(self.play.committed[chain]), list(self.play.history[chain])
        with self.chains.rollback():
            self.play.force_view(chain, view)
            assert refused(self.play.execute, chain) == "ledger: more than came in"
        self.play.committed[chain], self.play.history[chain] = entries, history
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
        token = dice.pick(sorted(self.play[chain].sites))
        custody = self.play.books.custody[chain, token]
        kind = dice.pick([Kind.SWAP_PAID, Kind.SWAP_PAID, Kind.SWAP_REFUNDED])
        return Payout(
            kind=kind,
            source=chain if kind == Kind.SWAP_REFUNDED else dice.pick(CHAINS),
            chain=chain,
            id=RequestId(1 + dice.below(3)),
            token=token,
            amount=Amount(dice.pick([1, 1000, custody // 2, custody, custody + 1, 2**112 - 1])),
            recipient=universal_address(dice.pick([*RECIPIENTS, self.play[chain].receiver.address])),
            fill_fee=Amount(0),
        )

    def fabricate(self, chain: ChainId, payouts: list[Payout], dice: Dice) -> View:
        """A block made up by the validator; only the chain's own requests must be the next ones of its queue."""
        top = self.play.committed[chain][-1].stored
        waiting = self.play.queues[chain][top.swap_requests :]
        requests = waiting[: dice.below(3)]
        words = [w for request in requests for w in request.words()] + [w for p in payouts for w in p.words()]
        counts = [0] * SLICE_COUNT
        counts[chain] = len(words)
        now = self.play[chain].evm.time
        root = dice.below(R)
        header = BlockHeader(
            self.play.domain, BlockNumber(top.number + 1), max(now, top.timestamp), tuple(counts), top.root, root
        )
        return View(chain, header, dice.below(R), tuple(words), (EMPTY_SLICE_HASH,) * SLICE_COUNT, (0,) * SLICE_COUNT)

    def finish(self) -> None:
        """Whatever happened: the books are right on every chain."""
        self.play.check()
        self.count("finish")


class ForgedRequests(Operators):
    """A dishonest validator invents deposits on another chain and the primary accepts such blocks; proofs and transport
    are honest.
    """

    @rule(burst=bursts(16))
    @guarded
    def invent(self, burst: Burst) -> None:
        """Blocks with invented requests live like all others."""
        self.take(burst, ["seal_forged", "accept_forged", *LIFE, *LIFE, *TRADES])

    def do_seal_forged(self, chain: ChainId, dice: Dice) -> None:
        """Seal a request that nobody made on `chain`, paid elsewhere."""
        destination = dice.pick([c for c in CHAINS if c != chain])
        forged = self.play.invent_request(chain, *dice.pick([(USD, unit(USD)), (ETH, 10**9)]), destination, USD)
        if dice.below(2) or self.base().number == 0:
            self.variants.append(self.play.seal(self.base(), [forged]))
            self.count("seal forged")

    def do_accept_forged(self, chain: ChainId, dice: Dice) -> None:
        """The validator has the primary accept a block that slanders another chain, instead of what waits there."""
        slandered = dice.pick([c for c in CHAINS if c != PRIMARY])
        committed, _, accepted, _ = self.play.status(PRIMARY)
        if committed > accepted:
            self.play.revert(PRIMARY, accepted)
        forged = self.play.invent_request(slandered, USD, unit(USD), PRIMARY, USD)
        sealed = self.play.seal(self.base(), [forged])
        self.variants.append(sealed)
        self.play.commit(PRIMARY, sealed)
        self.play.prove(PRIMARY)
        assert self.accepted(PRIMARY) == sealed.number
        self.count("forged block accepted")

    def is_forged(self, sealed: Sealed) -> bool:
        """Whether the block or one before it contains a request that nobody made."""
        return sealed.parent is not None and (
            any(r not in self.play.queues[r.source] for r in sealed.requests) or self.is_forged(sealed.parent)
        )

    def do_commit(self, chain: ChainId, dice: Dice) -> None:
        """Commit a block that continues the chain, forged or not: only the chain that it slanders can know."""
        children = self.children(chain)
        if not children:
            return
        sealed = dice.pick(children)
        try:
            self.play.commit(chain, sealed)
        except Reverted as error:
            if error.reason == "commit: not the queued requests":
                assert self.is_forged(sealed)
                self.count("slandered chain refuses")
            else:
                assert (error.reason, chain) == ("commit: too old", PRIMARY), error.reason
            return
        self.count("commit forged" if self.is_forged(sealed) else "commit")

    def do_execute(self, chain: ChainId, dice: Dice) -> None:
        """A forged block is executed nowhere. (The books refuse a payout for a request that nobody made.)"""
        executed = self.play.status(chain)[3]
        super().do_execute(chain, dice)
        now = self.play.status(chain)[3]
        if now > executed:
            sealed = self.play.history[chain][now]
            assert sealed is not None and not self.is_forged(sealed)

    def finish(self) -> None:
        """The deployment may be stuck by now, but nothing that nobody asked for was paid."""
        self.play.check()
        self.play.check_pending()


def play(machine: type[Users], chains: BookedChains, examples: int) -> Counter[str]:
    """What the machine has done."""
    reached: Counter[str] = Counter()
    config = at_least(examples, stateful_step_count=5)
    run_state_machine_as_test(type("Machine", (machine,), {"chains": chains, "reached": reached}), settings=config)
    return reached


@upholds("SOL-1", "SOL-3")
class TestCorruptWorld:
    """No chain ever releases more of a token than its own net inflow, with validator, transport and proof system all
    corrupt.
    """

    def test_machine__any_blocks__never_more_than_the_inflow(self, three_chains: BookedChains) -> None:
        reached = play(CorruptWorld, three_chains, 20)
        for what in ("forged payouts within custody", "forged payouts above custody", "donate", "finish"):
            assert reached[what] > 0, what


@upholds("SOL-3", "SYN-1", "SYN-8")
class TestForgedRequests:
    """With honest transports no forged request of another chain is ever paid, also when the primary has accepted it."""

    def test_machine__invented_deposits__never_paid(self, three_chains: BookedChains) -> None:
        reached = play(ForgedRequests, three_chains, 40)
        for what in ("seal forged", "commit forged", "slandered chain refuses", "forged block accepted"):
            assert reached[what] > 0, what
        assert reached["execute"] + reached["execute with payouts"] > 0
