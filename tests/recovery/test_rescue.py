"""What a rescue does where a chain, or somebody else, stands in its way."""

from collections.abc import Iterator, Sequence

import pytest

from tests.support.chains import send_deposit
from tests.support.commits import PRIMARY, Validator
from tests.support.drafts.draft import DATA
from zklink.devnet.profiles import BSC
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.protocol.bridge_blocks import ProveBlock
from zklink.protocol.bridge_hashes import StoredBlock
from zklink.protocol.errors import CallReverted, HistoryIncomplete
from zklink.protocol.ids import EXPIRY_SECONDS, ChainId, Lane
from zklink.recovery.exodus_driver import Done, ExodusDriver, Waiting

TRUE, FALSE = (1,) * 8, (2,) * 8
USD = 10**6


class Verifying:
    """A bridge that takes one proof of a block, and knows how often it was asked."""

    def __init__(self, system: LocalSystem, chain: ChainId) -> None:
        self.client, self.chain_id = system.bridges[chain].client, chain
        self.asked = 0

    def prove_blocks(self, account: object, items: Sequence[ProveBlock]) -> None:
        self.asked += 1
        if any(item.proof != TRUE for item in items):
            raise CallReverted("bsc", "prove_blocks", "verifier: not a proof")


def prove(system: LocalSystem, monkeypatch: pytest.MonkeyPatch, candidates: Sequence[tuple[int, ...]]) -> object:
    """Prove two blocks of which these proofs can be read."""
    rescue, validator = (
        ExodusDriver(system.deployment, system.bridges, system.world.roles.stranger),
        Validator(system, PRIMARY),
    )
    drafts = [validator.draft(Lane.ACCOUNT, {DATA: (5,)})]
    validator.enter(*drafts)
    drafts.append(validator.draft(Lane.ACCOUNT, {DATA: (6,)}))
    validator.enter(drafts[1])

    def proofs(stored: StoredBlock) -> Iterator[ProveBlock]:
        return iter([ProveBlock(stored, drafts[stored.number - 1].inputs, proof) for proof in candidates])

    monkeypatch.setattr(rescue.reader, "proofs", proofs)
    return rescue._prove(Verifying(system, BSC.chain_id), validator.history[1:])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("candidates", "what"),
    [
        ((TRUE,), "2 blocks from 1 on proven"),
        ((FALSE, TRUE), "block 1 proven"),
        ((FALSE, FALSE, TRUE), "block 1 proven"),
    ],
)
def test_prove__decoys_among_the_proofs__the_true_one_is_found(
    system: LocalSystem, monkeypatch: pytest.MonkeyPatch, candidates: Sequence[tuple[int, ...]], what: str
) -> None:
    assert prove(system, monkeypatch, candidates) == Done(what)


@pytest.mark.parametrize("candidates", [(), (FALSE,)])
def test_prove__no_true_proof__says_which_block(
    system: LocalSystem, monkeypatch: pytest.MonkeyPatch, candidates: Sequence[tuple[int, ...]]
) -> None:
    with pytest.raises(HistoryIncomplete, match="bsc, block 1: no proof"):
        prove(system, monkeypatch, candidates)


def test_advance__not_frozen__says_when_it_may_be(system: LocalSystem) -> None:
    rescue = ExodusDriver(system.deployment, system.bridges, system.world.roles.stranger)
    idle = rescue.advance(BSC.chain_id)
    assert isinstance(idle, Waiting)
    assert "nothing waits there" in idle.why
    send_deposit(system, BSC.chain_id, USDC, 5 * USD)
    waiting = rescue.advance(BSC.chain_id)
    assert isinstance(waiting, Waiting)
    assert "anyone can freeze it after 20" in waiting.why
    system.world.advance_time(EXPIRY_SECONDS + 1)
    assert rescue.advance(BSC.chain_id) == Done("frozen: request 1 of the account lane is too old")
