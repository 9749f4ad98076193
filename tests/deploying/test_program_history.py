"""What a stranger finds out about the history of a Solana program: that no other code ever had its accounts."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.account import Account
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from tests.deploying.solana import PAYER, SOL, SOLANA, Built, Star
from zklink.devnet.solana.people import Desk as People
from zklink.devnet.solana.people import key_of
from zklink.l1.deployment.checks import Check
from zklink.l1.deployment.journal import Journal
from zklink.l1.transport.roster import PoolPolicy
from zklink.protocol.errors import NodesDisagree, RpcRefused
from zklink.protocol.facts import Group
from zklink.prover.progress import SILENT
from zklink.service.deploying.program_checks import open_nodes
from zklink.solana.client.loader import LEAST_ROOM, LOADER, set_authority, upgrade_program
from zklink.solana.client.node import FINALIZED, SolanaNode
from zklink.solana.client.pool import SolanaPool
from zklink.solana.client.program import SYSTEM
from zklink.solana.deploying.loader import initialize_buffer, read_loaded
from zklink.solana.deploying.loading import Loading
from zklink.solana.deploying.steps import Steps
from zklink.solana.deploying.upload import Uploader
from zklink.solana.deploying.verify_history import MOST_LISTED, verify_history
from zklink.solana.deploying.works import ProgramWorks

WHAT = "program: that no other code was there before"
STRANGER = key_of("a stranger")


def look(star: Star, own: Loading, recorded: str = "") -> Check:
    """What is found out about a program."""
    star.chain.finalize()
    found = judge(own, recorded, star.desk().node)
    assert found.what.startswith(own.name)
    return found


def judge(own: Loading, recorded: str, node: SolanaNode) -> Check:
    """The same by a node."""
    [data] = node.accounts([str(own.data)], FINALIZED)[1]
    [found] = verify_history("solana", own, read_loaded(data), recorded, node)
    return found


def extend(star: Star, own: Loading) -> None:
    """A stranger makes room for a larger program."""
    people = People(star.chain, PAYER)
    people.fund(STRANGER.pubkey(), SOL)
    metas = [AccountMeta(own.data, False, True), AccountMeta(own.id, False, True), AccountMeta(SYSTEM, False, False)]
    metas.append(AccountMeta(STRANGER.pubkey(), True, True))
    people.send([Instruction(LOADER, struct.pack("<II", 6, LEAST_ROOM), metas)], STRANGER)


def name_code(star: Star, own: Loading) -> None:
    """Somebody names a program's code in a transaction of no use."""
    People(star.chain, PAYER).send(
        [
            Instruction(
                SYSTEM,
                b"\2\0\0\0" + bytes(8),
                [AccountMeta(PAYER.pubkey(), True, True), AccountMeta(own.data, False, True)],
            )
        ]
    )


def test_verify__deployed_once__is_shown_by_the_record_and_without_it(built: Built) -> None:
    steps = built.dossier.programs[SOLANA].transactions
    for own in built.side.loadings:
        assert look(built.star, own, steps[own.name]).is_right
        assert look(built.star, own).is_right


def test_verify__upgraded_before_it_was_founded__is_named(star: Star, tmp_path: Path) -> None:
    """The deployer has put code there that it took away again: the bytes are those of the sources."""
    prepared = star.prepare(tmp_path)
    side, desk = prepared.sides[SOLANA].side, star.desk()
    works = ProgramWorks(side, desk, Journal(prepared.journal.path))
    works.load()
    [own, _] = side.loadings
    steps = Steps(SOLANA, "solana", desk, works.journal, lambda chain, step: None)
    steps.make("again", own.buffer, initialize_buffer(own.buffer.key, PAYER.pubkey()))
    Uploader(desk, own.buffer.key, own.code).run(SILENT)
    call = upgrade_program(own.id, own.buffer.key, PAYER.pubkey(), PAYER.pubkey())
    steps.send("upgrade", [call])
    works.found()
    recorded = works.journal.done[SOLANA, own.name].transaction
    for found in (look(star, own, recorded), look(star, own)):
        assert not found.is_right and "it got other code in slot" in found.detail
    assert look(star, side.loadings[1]).is_right


def test_verify__a_stranger_has_paid_for_room__is_no_upgrade(built: Built) -> None:
    [own, _] = built.side.loadings
    extend(built.star, own)
    assert look(built.star, own, built.dossier.programs[SOLANA].transactions[own.name]).is_right
    assert built.find_wrong() == set()


def test_verify__after_too_many_transactions__cannot_tell(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    [own, _] = built.side.loadings
    extend(built.star, own)
    name_code(built.star, own)
    monkeypatch.setattr("zklink.solana.deploying.verify_history.MOST_LISTED", 1)
    found = look(built.star, own, built.dossier.programs[SOLANA].transactions[own.name])
    assert MOST_LISTED > 1 and not found.is_right and "have named the code" in found.detail


def test_verify__whole_list__is_asked_for_once_and_only_after_another_slot(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strangers who name a program's code make nobody read a list, unless they have paid for room, too."""
    [own, _] = built.side.loadings
    recorded = built.dossier.programs[SOLANA].transactions[own.name]
    asked, call = list[dict[str, Any]](), SolanaNode.call

    def note(node: SolanaNode, method: str, *given: Any) -> Any:
        if method == "getSignaturesForAddress":
            asked.append(given[1])
        return call(node, method, *given)

    monkeypatch.setattr(SolanaNode, "call", note)
    assert look(built.star, own, recorded).is_right
    assert [each.get("before") for each in asked] == [recorded]
    extend(built.star, own)
    for known in (recorded, ""):
        asked.clear()
        assert look(built.star, own, known).is_right
        assert [each.get("before") for each in asked].count(None) == 1 and len(asked) == 2


def test_verify__another_transaction_in_the_record__is_named(built: Built) -> None:
    steps = built.dossier.programs[SOLANA].transactions
    for step in ("init", "timelock program"):
        found = look(built.star, built.side.loadings[0], steps[step])
        assert not found.is_right and f"does not show that {steps[step]} deployed" in found.detail


FORGETFUL: dict[str, tuple[str, Callable[..., Any]]] = {
    "no transaction": ("getTransaction", lambda shown: None),
    "a failed one": ("getTransaction", lambda shown: {**shown, "meta": {**shown["meta"], "err": "Failed"}}),
    "no list": ("getSignaturesForAddress", lambda listed: []),
    "a list without its beginning": ("getSignaturesForAddress", lambda listed: listed[:-1]),
}


@pytest.mark.parametrize("method, change", FORGETFUL.values(), ids=FORGETFUL)
def test_verify__node_that_forgets__says_to_ask_another(
    built: Built, monkeypatch: pytest.MonkeyPatch, method: str, change: Callable[..., Any]
) -> None:
    [own, _] = built.side.loadings
    extend(built.star, own)
    call = SolanaNode.call

    def forget(node: SolanaNode, asked: str, *given: Any) -> Any:
        found = call(node, asked, *given)
        return change(found) if asked == method else found

    monkeypatch.setattr(SolanaNode, "call", forget)
    for recorded in ("", built.dossier.programs[SOLANA].transactions[own.name]):
        found = look(built.star, own, recorded)
        assert not found.is_right and found.detail.endswith("ask a node that keeps the whole history")


def test_verify__node_that_refuses_history__says_to_ask_another(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: Any) -> Any:
        raise RpcRefused("solana", "getTransaction", "Transaction history is not available from this node (-32011)")

    monkeypatch.setattr(SolanaNode, "transaction", refuse)
    found = look(built.star, built.side.loadings[0])
    assert not found.is_right and "not available from this node" in found.detail


def test_verify__no_code__is_named(built: Built) -> None:
    own = Loading("program", Pubkey.new_unique(), b"", PAYER.pubkey())
    assert look(built.star, own).what == WHAT and not look(built.star, own).is_right


class Upgrading(ProgramWorks):
    """The owner upgrades through the timelock just before the doors open: by then its code knows the mark."""

    def _open_doors(self, last: Group) -> None:
        side, steps = self.side, self._steps
        [own, _] = side.loadings
        steps.make("again", own.buffer, initialize_buffer(own.buffer.key, PAYER.pubkey()))
        Uploader(self.desk, own.buffer.key, own.code).run(SILENT)
        give = set_authority(own.buffer.key, PAYER.pubkey(), side.lock.address)
        call = upgrade_program(own.id, own.buffer.key, PAYER.pubkey(), side.lock.address)
        steps.send("upgrade", [give, side.lock.act(PAYER.pubkey(), call)])
        super()._open_doors(last)


def test_verify__upgraded_within_another_programs_call__is_named_or_cannot_be_told(
    star: Star, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many nodes keep transactions and not what programs called in them."""
    prepared = star.prepare(tmp_path)
    works = Upgrading(prepared.sides[SOLANA].side, star.desk(), Journal(prepared.journal.path))
    works.load()
    works.found()
    [own, _] = works.side.loadings
    recorded = works.journal.done[SOLANA, own.name].transaction
    assert "it got other code in slot" in look(star, own, recorded).detail
    call = SolanaNode.call

    def forget(node: SolanaNode, asked: str, *given: Any) -> Any:
        found = call(node, asked, *given)
        return {**found, "meta": {**found["meta"], "innerInstructions": None}} if asked == "getTransaction" else found

    monkeypatch.setattr(SolanaNode, "call", forget)
    for found in (look(star, own, recorded), look(star, own)):
        assert not found.is_right and "does not keep what programs called in" in found.detail


def test_verify__closed_and_deployed_again__is_named(star: Star, tmp_path: Path) -> None:
    """The loader lets nobody do that today, so a test takes the closed program's account away."""
    prepared = star.prepare(tmp_path)
    side, desk = prepared.sides[SOLANA].side, star.desk()
    ProgramWorks(side, desk, Journal(tmp_path / "first.journal")).load()
    [own, _] = side.loadings
    star.chain.mine(3)
    places = (own.data, False), (PAYER.pubkey(), False), (PAYER.pubkey(), True), (own.id, False)
    close = Instruction(LOADER, struct.pack("<I", 5), [AccountMeta(key, signs, True) for key, signs in places])
    People(star.chain, PAYER).send([close])
    star.chain.ledger.put(own.id, Account(0, b"", SYSTEM, False, 0))
    star.chain.mine(3)
    works = ProgramWorks(side, desk, Journal(tmp_path / "second.journal"))
    works.load()
    for recorded in ("", works.journal.done[SOLANA, own.name].transaction):
        found = look(star, own, recorded)
        assert not found.is_right
        assert (", and before in slot" if recorded else "it got other code in slot") in found.detail


def test_verify__a_stranger_has_named_it_before_it_was_deployed__is_right(star: Star, tmp_path: Path) -> None:
    prepared = star.prepare(tmp_path)
    side = prepared.sides[SOLANA].side
    name_code(star, side.loadings[0])
    works = ProgramWorks(side, star.desk(), Journal(prepared.journal.path))
    works.load()
    for own in side.loadings:
        assert look(star, own, works.journal.done[SOLANA, own.name].transaction).is_right


def open_pair(star: Star, change: Callable[[str, Any], Any], quorum: int) -> SolanaNode:
    """Two nodes, the first of which changes its answers."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        found = star.chain.answer(asked["method"], asked["params"])
        if request.url.host == "liar.example" and "result" in found:
            found = {**found, "result": change(asked["method"], found["result"])}
        return httpx.Response(200, json={**found, "id": asked["id"]})

    star.chain.finalize()
    http = httpx.Client(transport=httpx.MockTransport(answer))
    nodes = ["http://liar.example", "http://honest.example"]
    pool = SolanaPool("solana", nodes, policy=PoolPolicy(quorum=quorum), http=http)
    return SolanaNode("solana", pool=pool, pause=lambda seconds: None)


def test_verify__two_nodes_of_which_one_forgets__one_is_enough_and_two_are_not_shown(built: Built) -> None:
    [own, _] = built.side.loadings
    recorded = built.dossier.programs[SOLANA].transactions[own.name]
    for quorum, is_right in ((1, True), (2, False)):
        node = open_pair(built.star, lambda asked, said: None if asked == "getTransaction" else said, quorum)
        found = judge(own, recorded, node)
        assert found.is_right is is_right, found


def test_owned__two_nodes_of_which_one_hides_accounts__is_no_answer_of_both(built: Built) -> None:
    def hide(asked: str, said: Any) -> Any:
        return {**said, "value": []} if asked == "getProgramAccounts" else said

    with pytest.raises(NodesDisagree):
        open_pair(built.star, hide, 2).owned(str(built.side.program.id))
    assert open_pair(built.star, lambda asked, said: said, 2).owned(str(built.side.program.id))[1]


def test_open_nodes__quorum__is_theirs(built: Built) -> None:
    nodes = open_nodes(built.dossier, {"solana": ["http://a.example", "http://b.example"]}, 2)
    assert nodes[SOLANA].pool.roster.policy.quorum == 2
