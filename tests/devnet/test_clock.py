"""The clock of in-process chains: time goes on exactly as far as a test says, however late the machine is.

py-evm fixes the next block's time when it finishes a block: one second later, or the wall clock's if that is further.
The tests set that wall clock, so nothing here waits or depends on the machine.
"""

from collections.abc import Iterator

import pytest

from zklink.devnet.world import World, open_world


@pytest.fixture(scope="module")
def session_in_process() -> Iterator[World]:
    with open_world("test") as world:
        yield world


@pytest.fixture
def in_process(session_in_process: World) -> Iterator[World]:
    """Four py-evm chains, whatever the run's other tests use."""
    with session_in_process.isolated():
        yield session_in_process


def run_ahead(world: World, monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Finish a block on every chain while the machine's clock is this many seconds ahead of that block."""
    for chain in world:
        chain.mine()
        due = chain.provider.evm_backend.get_block_by_number("pending")["timestamp"]
        monkeypatch.setattr("eth._utils.headers.eth_now", lambda due=due: due + seconds)
        chain.mine()
        assert chain.client.head().timestamp == due


@pytest.mark.parametrize("seconds", [1, 2, 3, 3600])
@pytest.mark.parametrize("ahead", [0, 1, 2, 3, 100])
def test_advance_time__machine_is_ahead__one_block_exactly_that_much_later(
    in_process: World, monkeypatch: pytest.MonkeyPatch, ahead: int, seconds: int
) -> None:
    run_ahead(in_process, monkeypatch, ahead)
    before = [chain.client.head() for chain in in_process]
    in_process.advance_time(seconds)
    after = [chain.client.head() for chain in in_process]
    assert [new.timestamp - old.timestamp for old, new in zip(before, after, strict=True)] == [seconds] * 4
    assert [new.number - old.number for old, new in zip(before, after, strict=True)] == [1] * 4


def test_transfer__after_a_second_on_a_late_machine__is_mined_on_every_chain(
    in_process: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_ahead(in_process, monkeypatch, 100)
    in_process.advance_time(1)
    for chain in in_process:
        before = chain.client.head()
        chain.client.transfer(in_process.roles.depositor, in_process.roles.stranger.address, 1)
        assert chain.client.head().number == before.number + 1
        assert chain.client.head().timestamp > before.timestamp


def test_restore__a_block_was_begun_and_not_finished__it_is_forgotten(in_process: World) -> None:
    snapshot = in_process.snapshot()
    for chain in in_process:
        # What a failed block leaves behind: a header that no parent accepts. The head is still the snapshot's.
        chain.provider.evm_backend.chain.set_header_timestamp(chain.client.head().timestamp)
    in_process.restore(snapshot)
    for chain in in_process:
        chain.client.transfer(in_process.roles.depositor, in_process.roles.stranger.address, 1)
