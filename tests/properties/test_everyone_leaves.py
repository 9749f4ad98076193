"""EXI-1, EXI-2, SOL-2, SOL-4: a town in which everything of both lanes happens, whose operator disappears at any
moment, and which everybody leaves with what the last common state says.
"""

from collections import Counter
from hashlib import shake_256

import pytest

from tests.contracts.test_exodus_mutants import CAUGHT, MUTANTS
from tests.strategies import Dice
from tests.support.build import load
from tests.support.flight import Flight
from tests.support.rig import PRIMARY, Rig
from tests.support.town import CHAINS, TOKENS, Town, build_town_rig
from tests.support.upholds import upholds
from zklink.protocol.ids import Lane, TokenId
from zklink.transition.exit import compute_claims

STORIES = 10
BLOCKS = 24

REACHED = {
    "DepositRequest", "FullExitRequest", "Transfer", "Withdraw", "ForcedExit", "ChangePubKey", "ClaimFees",
    "CreatePool", "AddLiquidity", "RemoveLiquidity", "PoolSwap", "OrderMatch",
    "SWAP_PAID", "SWAP_REFUNDED",
    "chain froze behind the primary", "common block above a freeze", "block aborted",
    "request cancelled", "shares exit",
}  # fmt: skip
"""What some story must have contained, or the property says less than it seems to."""


def tell(rig: Rig, seed: int) -> Counter[str]:
    """One story, to its end; gives what it contained."""
    town = Town(rig, Dice(shake_256(seed.to_bytes(4, "big")).digest(60_000)))
    town.live(BLOCKS)
    for _ in range(town.dice.below(4)):
        town.queue_something()
        town.seal()
    for chain in CHAINS:
        node = rig[chain]
        if chain != PRIMARY:
            town.follow(chain, node.status()[0] + town.dice.below(len(town.states) - node.status()[0]))
    if town.dice.below(2):
        town.exchange()
    flight = Flight(town)
    flight.freeze()
    flight.find_common_block()
    flight.execute()
    flight.cancel()
    check_reserves(flight)
    flight.leave()
    check_everybody_was_paid(flight)
    check_dust(flight)
    return town.done + describe(flight)


def describe(flight: Flight) -> Counter[str]:
    """What the end was like."""
    town = flight.town
    frozen = {chain: int(town.rig[chain].ledger.frozen_at(chain)[1]) for chain in CHAINS}
    left = {(lane, k): len(queue) - town.consumed[flight.common][lane, k] for (lane, k), queue in town.queues.items()}
    return Counter(
        {
            "chain froze behind the primary": min(frozen.values()) < frozen[PRIMARY],
            "common block above a freeze": flight.common > min(frozen.values()),
            "block aborted": flight.common < frozen[PRIMARY],
            "request cancelled": sum(left.values()),
            "shares exit": flight.shares,
        }
    )


def check_reserves(flight: Flight) -> None:
    """After the last common block and the cancelled requests, each chain holds what the state says, to the unit."""
    flight.state.check_conservation()
    for chain in CHAINS:
        node = flight.node(chain)
        for token in TOKENS:
            balance, pending, custody = node.bridge.solvency(token)
            assert custody == flight.state.token(token).reserve(chain)
            assert balance == pending + custody * node.scale(token)
        for lane in Lane:
            assert node.exodus.settled_requests(lane) == len(flight.town.queues[lane, chain])


def check_everybody_was_paid(flight: Flight) -> None:
    """Over all chains each account got what it has, less than one unit short per exit, and never more."""
    pools = [TokenId(pool.lp_token) for _, pool in flight.state.pools()]
    for account, _ in flight.state.accounts():
        due: Counter[int] = Counter()
        roundings: Counter[int] = Counter()
        for token in (*TOKENS, *pools):
            for claim in compute_claims(flight.state, account, token):
                due[claim.token] += claim.amount
                roundings[claim.token] += len(CHAINS)
        for token in TOKENS:
            assert due[token] - roundings[token] < flight.paid[account, token] <= due[token]


def check_dust(flight: Flight) -> None:
    """What is left is rounding: less than one unit for each side of an exit, and one for each pool's shares."""
    for chain in CHAINS:
        node = flight.node(chain)
        for token in TOKENS:
            balance, pending, custody = node.bridge.solvency(token)
            assert custody <= 2 * flight.exits[chain, token]
            assert balance == pending + custody * node.scale(token)


@pytest.fixture(scope="module")
def town_rig() -> Rig:
    """Three empty bridges."""
    return build_town_rig()


@upholds("EXI-1", "EXI-2", "SOL-2", "SOL-4")
class TestEveryoneLeaves:
    """Whatever has happened in both lanes on three chains, and wherever each chain stopped: all chains find one last
    common block; blocks up to it are executed and nothing above it; every other request is paid back; and every owner
    leaves with what that state says, over all chains less than one unit short per exit, until only dust is left.
    """

    @pytest.fixture(scope="class")
    def reached(self, town_rig: Rig) -> Counter[str]:
        reached: Counter[str] = Counter()
        for seed in range(STORIES):
            with town_rig.rollback():
                reached += tell(town_rig, seed)
        return reached

    def test_stories__any_end__everybody_leaves_with_what_is_due(self, reached: Counter[str]) -> None:
        assert REACHED - reached.keys() == set()

    @pytest.mark.parametrize("name", ["consumed-requests-cancelled", "lowest-freeze-is-the-common-block"])
    def test_stories__seeded_bug__somebody_is_left_behind(self, name: str) -> None:
        """Teeth: bridges that cancel what is credited, or take another block for the common one."""
        replacements = MUTANTS[name].replacements()
        broken = build_town_rig(lambda contract: load(contract, replacements))
        with pytest.raises(CAUGHT):
            for seed in range(STORIES):
                with broken.rollback():
                    tell(broken, seed)
