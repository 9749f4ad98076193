"""Nothing that is not swift happens before those who disagree can leave."""

from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.evm import Reverted, reverts
from tests.support.three_chains import GOVERNOR
from tests.support.timelock import SALT, Lock, deploy_lock
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.protocol.ids import DAY, GRACE_SECONDS, GROUP_DELAY_SECONDS


@upholds("GOV-2")
class TestTimelock:
    """Whatever an owner does, a call that is not swift is made only if it was proposed at least the delay before, and
    was not taken back since; and each proposal is made once.
    """

    @tries(60)
    @given(
        moves=st.lists(
            st.tuples(
                st.sampled_from(("propose", "execute", "cancel", "act")),
                st.integers(0, 2),
                st.sampled_from((0, DAY, GRACE_SECONDS, GROUP_DELAY_SECONDS - DAY, GROUP_DELAY_SECONDS)),
            ),
            min_size=4,
            max_size=24,
        )
    )
    def test_calls__any_owner__waited(self, moves: list[tuple[str, int, int]]) -> None:
        lock = shared_lock()
        with lock.evm.rollback():
            since: dict[int, int] = {}
            expected: list[int] = []
            for move, number, wait in moves:
                lock.evm.time += wait
                age = lock.evm.time - since.get(number, lock.evm.time)
                may = number in since and GROUP_DELAY_SECONDS <= age < GROUP_DELAY_SECONDS + GRACE_SECONDS
                if move == "act":
                    with reverts("timelock: not swift"):
                        lock.act("note", number)
                elif move == "propose" and number not in since:
                    lock.propose(lock.note(number))
                    since[number] = lock.evm.time
                elif move == "cancel" and number in since:
                    lock.timelock.cancel(bytes(lock.timelock.compute_id([lock.note(number)], SALT)), sender=GOVERNOR)
                    del since[number]
                elif move == "execute" and may:
                    lock.execute(lock.note(number))
                    expected.append(number)
                    del since[number]
                else:
                    with pytest.raises(Reverted):
                        attempt(lock, move, number)
            assert lock.numbers == expected


def attempt(lock: Lock, move: str, number: int) -> None:
    """A move that is not allowed now."""
    if move == "propose":
        lock.propose(lock.note(number))
    elif move == "cancel":
        lock.timelock.cancel(bytes(lock.timelock.compute_id([lock.note(number)], SALT)), sender=GOVERNOR)
    else:
        lock.execute(lock.note(number))


@lru_cache(maxsize=1)
def shared_lock() -> Lock:
    """One for all examples, each of which is undone."""
    return deploy_lock()
