"""Each call on a runtime with everything switched on that it knows, the changes that the main network does not have yet
among them: a program that is final must live with them. One of them ends a call that reads beyond an account's bytes.
"""

from collections.abc import Callable

import pytest
from solders.litesvm import FeatureSet, LiteSVM

from tests.solana.test_spoofs import Spoofs
from tests.support.solana.every_call import play_both_lanes, play_ends, play_groups
from tests.support.solana.lock import Lock, play_lock
from tests.support.solana.machine import Machine
from tests.support.solana.site import Site
from tests.support.upholds import upholds


def open_all() -> Site:
    """The program, not founded."""
    return Site(machine=Machine(features=FeatureSet.all_enabled()))


def open_founded() -> Site:
    """It takes swaps."""
    site = open_all()
    site.found()
    site.register_all()
    return site


def test_features__of_the_runtime__are_more_than_those_of_the_main_network() -> None:
    """Else these tests are those of the other files once more."""
    assert set(LiteSVM.mainnet_feature_set().inactive) - set(FeatureSet.all_enabled().inactive)


@upholds("EXI-3")
@pytest.mark.parametrize(
    ("open_it", "play"),
    [(open_all, play_both_lanes), (open_founded, play_groups), (open_founded, play_ends)],
    ids=["lanes", "groups", "ends"],
)
def test_calls__with_every_feature__do_what_they_do(open_it: Callable[[], Site], play: Callable[[Site], None]) -> None:
    """And wrong accounts are refused as they are today, by the program itself where it says so."""
    site = open_it()
    spoofs = Spoofs(site)
    play(site)
    assert spoofs.tried > 0 and sorted(set(spoofs.worked)) == []


@upholds("GOV-2")
def test_calls_of_the_timelock__with_every_feature__do_what_they_do() -> None:
    site = open_all()
    site.put_keys()
    play_lock(Lock(site))
