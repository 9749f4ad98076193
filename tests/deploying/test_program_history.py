"""What a stranger finds out about the history of a Solana program: that no other code ever had its accounts."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from tests.deploying.solana import PAYER, SOL, SOLANA, Built, Star
from zklink.devnet.solana.people import Desk as People
from zklink.devnet.solana.people import key_of
from zklink.l1.deployment.checks import Check
from zklink.l1.deployment.journal import Journal
from zklink.protocol.errors import RpcRefused
from zklink.prover.progress import SILENT
from zklink.solana.client.loader import LEAST_ROOM, LOADER, upgrade_program
from zklink.solana.client.node import SolanaNode
from zklink.solana.client.program import SYSTEM
from zklink.solana.deploying.loader import initialize_buffer
from zklink.solana.deploying.loading import Loading
from zklink.solana.deploying.steps import Steps
from zklink.solana.deploying.upload import Uploader
from zklink.solana.deploying.verify_history import MOST_READ, verify_history
from zklink.solana.deploying.works import ProgramWorks

WHAT = "program: that no other code was there before"
STRANGER = key_of("a stranger")


def look(star: Star, own: Loading, recorded: str = "") -> Check:
    """What is found out about a program."""
    star.chain.finalize()
    [found] = verify_history("solana", own, recorded, star.desk().node)
    assert found.what.startswith(own.name)
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
        assert not found.is_right and "it was upgraded in slot" in found.detail
    assert look(star, side.loadings[1]).is_right


def test_verify__a_stranger_has_paid_for_room__is_no_upgrade(built: Built) -> None:
    [own, _] = built.side.loadings
    extend(built.star, own)
    assert look(built.star, own, built.dossier.programs[SOLANA].transactions[own.name]).is_right
    assert built.find_wrong() == set()


def test_verify__after_too_many_transactions__cannot_tell(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    [own, _] = built.side.loadings
    extend(built.star, own)
    monkeypatch.setattr("zklink.solana.deploying.verify_history.MOST_READ", 3)
    found = look(built.star, own, built.dossier.programs[SOLANA].transactions[own.name])
    assert MOST_READ > 3 and not found.is_right and "have named the code" in found.detail


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
