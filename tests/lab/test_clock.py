"""The clock of in-process chains: time goes on exactly as far as a test says, however late the machine is.

py-evm fixes the next block's time when it finishes a block: one second later, or the wall clock's if that is further.
The tests set that wall clock, so nothing here waits or depends on the machine.
"""

import pytest

from tests.lab.scenes import balance, head, pay
from zklink.lab.chain import LocalChain
from zklink.lab.chains import LocalChains
from zklink.lab.errors import TimeNotLater

Chains = LocalChains[LocalChain]


def run_ahead(chains: Chains, monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Finish a block on every chain while the machine's clock is this many seconds ahead of that block."""
    for chain in chains:
        chain.mine()
        due = chain.w3.eth.get_block("pending")["timestamp"]
        monkeypatch.setattr("eth._utils.headers.eth_now", lambda due=due: due + seconds)
        chain.mine()
        assert head(chain)["timestamp"] == due


@pytest.mark.parametrize("seconds", [1, 2, 3, 3600])
@pytest.mark.parametrize("ahead", [0, 1, 2, 3, 100])
def test_advance_time__machine_is_ahead__one_block_exactly_that_much_later(
    chains: Chains, monkeypatch: pytest.MonkeyPatch, ahead: int, seconds: int
) -> None:
    run_ahead(chains, monkeypatch, ahead)
    before = [head(chain) for chain in chains]
    chains.advance_time(seconds)
    for chain, old in zip(chains, before, strict=True):
        assert head(chain)["timestamp"] - old["timestamp"] == seconds
        assert head(chain)["number"] - old["number"] == 1


def test_transaction__after_a_second_on_a_late_machine__is_mined_on_every_chain(
    chains: Chains, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_ahead(chains, monkeypatch, 100)
    chains.advance_time(1)
    for chain in chains:
        before, owned = head(chain), balance(chain)
        pay(chain)
        assert balance(chain) == owned + 1
        assert head(chain)["number"] == before["number"] + 1
        assert head(chain)["timestamp"] > before["timestamp"]


def test_restore__a_block_was_begun_and_not_finished__it_is_forgotten(chains: Chains) -> None:
    snapshot = chains.snapshot()
    for chain in chains:
        # What a failed block leaves behind: a header that no parent accepts. The head is still the snapshot's.
        chain.provider.evm_backend.chain.set_header_timestamp(head(chain)["timestamp"])
    chains.restore(snapshot)
    for chain in chains:
        owned = balance(chain)
        pay(chain)
        assert balance(chain) == owned + 1


@pytest.mark.parametrize("seconds", [0, -1])
def test_advance_time__not_forward__refused_and_nothing_is_mined(chains: Chains, seconds: int) -> None:
    before = [head(chain) for chain in chains]
    with pytest.raises(TimeNotLater, match=f"not by {seconds}"):
        chains.advance_time(seconds)
    assert [head(chain) for chain in chains] == before
