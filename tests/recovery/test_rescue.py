"""What a rescue does where a chain, or somebody else, stands in its way."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.support.chains import send_deposit
from tests.support.commits import PRIMARY, Validator
from tests.support.drafts.draft import DATA
from zklink.devnet.profiles import BSC
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.transport.receipts import Log
from zklink.protocol.bridge_blocks import ProveBlock
from zklink.protocol.bridge_hashes import StoredBlock
from zklink.protocol.errors import CallReverted, HistoryIncomplete, LogsIncomplete, RequestGap
from zklink.protocol.ids import EXPIRY_SECONDS, ChainId, Lane
from zklink.protocol.messages import MessageKind
from zklink.recovery.exodus_driver import Done, ExodusDriver, Waiting
from zklink.relayer.member import CommitteeMember
from zklink.service.adapters import BridgeAcceptances

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


Answer = Callable[[list[Log]], list[Log]]


def lie(system: LocalSystem, monkeypatch: pytest.MonkeyPatch, *answers: Answer) -> list[float]:
    """Let the node of BSC change its next answers about logs; gives how often it was waited for."""
    client, left, pauses = system.bridges[BSC.chain_id].client, list(answers), list[float]()
    real = client.logs

    def logs(*arguments: Any) -> list[Log]:
        found = real(*arguments)
        return left.pop(0)(found) if left else found

    monkeypatch.setattr(client, "logs", logs)
    monkeypatch.setattr(client, "pause", pauses.append)
    return pauses


def nothing(logs: list[Log]) -> list[Log]:
    return []


def without_last(logs: list[Log]) -> list[Log]:
    return logs[:-1]


def without_first(logs: list[Log]) -> list[Log]:
    return logs[1:]


@pytest.mark.parametrize("lies", [[nothing], [without_last], [without_first], [nothing] * 4])
def test_advance__logs_are_left_out_for_a_while__the_request_is_found(
    system: LocalSystem, monkeypatch: pytest.MonkeyPatch, lies: list[Answer]
) -> None:
    rescue = ExodusDriver(system.deployment, system.bridges, system.world.roles.stranger)
    send_deposit(system, BSC.chain_id, USDC, 5 * USD)
    pauses = lie(system, monkeypatch, *lies)
    waiting = rescue.advance(BSC.chain_id)
    assert isinstance(waiting, Waiting) and "anyone can freeze it after 20" in waiting.why
    assert len(pauses) == len(lies)


def test_advance__logs_are_left_out_for_ever__says_so_and_never_that_nothing_waits(
    system: LocalSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    rescue = ExodusDriver(system.deployment, system.bridges, system.world.roles.stranger)
    send_deposit(system, BSC.chain_id, USDC, 5 * USD)
    lie(system, monkeypatch, *[nothing] * 10)
    for _ in range(2):
        with pytest.raises(RequestGap):
            rescue.advance(BSC.chain_id)
    assert isinstance(rescue.advance(BSC.chain_id), Waiting)


def test_advance__freeze_was_left_out__the_history_ends_where_the_bridge_does(
    system: LocalSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    rescue = ExodusDriver(system.deployment, system.bridges, system.world.roles.stranger)
    send_deposit(system, BSC.chain_id, USDC, 5 * USD)
    system.world.advance_time(EXPIRY_SECONDS + 1)
    assert isinstance(rescue.advance(BSC.chain_id), Done)
    lie(system, monkeypatch, nothing)
    assert rescue.reader.read(BSC.chain_id).blocks == {}
    source = BridgeAcceptances(system.bridges[BSC.chain_id], system.deployment.chains[BSC.chain_id].from_block)
    member = CommitteeMember(system.world.roles.committee[0], {BSC.chain_id: source}, system.deployment.deployment_hash)
    system.world[BSC.chain_id].mine(BSC.confirmations)
    lie(system, monkeypatch, nothing)
    with pytest.raises(LogsIncomplete):
        member.watch(BSC.chain_id)
    member.watch(BSC.chain_id)
    [message] = member.messages(BSC.chain_id)
    assert message.kind is MessageKind.FRZ and len(member.sign(message)) == 65
