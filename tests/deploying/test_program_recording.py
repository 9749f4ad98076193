"""The record follows what government has changed of a Solana chain: afterwards it agrees with the program again."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.deploying.joint_desk import ANYBODY, JointDesk
from tests.deploying.solana import OWNER, SOL, SOLANA, Built
from zklink.cli import govern_record
from zklink.cli.govern import govern
from zklink.devnet.solana.mints import make_mint
from zklink.devnet.solana.people import Desk as People
from zklink.devnet.solana.people import key_of
from zklink.l1.deployment.dossier import Dossier
from zklink.protocol.ids import DAY, GROUP_DELAY_SECONDS, Door, TokenId

NEW = ("--id", "6", "--symbol", "NEW", "--decimals", "6", "--least", "1000", "--cap", "5000000000")
COIN = TokenId(2)
HEIR, PRICER = key_of("heir"), key_of("pricer")
WAIT_DAYS = GROUP_DELAY_SECONDS // DAY


@pytest.fixture
def desk(quick: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JointDesk:
    found = JointDesk(quick, tmp_path, monkeypatch)
    monkeypatch.setattr(govern_record, "connect", lambda *given: found.networks.clients)
    return found


def write_record(desk: JointDesk) -> tuple[str, Dossier]:
    """What the command says, and the record that it leaves."""
    for each in desk.networks.world:
        each.mine(each.profile.confirmations)
    said = desk.run(govern.commands["record"])
    return said, Dossier.from_json(desk.file.read_text())


def test_record__nothing_has_changed_on_solana__says_nothing_of_it(desk: JointDesk) -> None:
    said, found = write_record(desk)
    assert "solana" not in said and found.programs == desk.built.dossier.programs
    assert desk.built.find_wrong(found) == set()


def test_record__a_pause__is_in_it_until_the_token_is_admitted_again(desk: JointDesk) -> None:
    desk.program("pause", "--token", "SOL")
    assert desk.built.find_wrong() == {"token 2 (SOL): whether it is paused"}
    said, found = write_record(desk)
    assert "solana: token 2 is paused" in said and found.history.paused == {SOLANA: (COIN,)}
    assert desk.built.find_wrong(found) == set()
    desk.program("unpause", "--token", "SOL")
    desk.wait(WAIT_DAYS)
    desk.program("execute", by=ANYBODY)
    assert desk.built.find_wrong(found) == {"token 2 (SOL): whether it is paused"}
    said, found = write_record(desk)
    assert "solana: token 2 is admitted again" in said and found.history.paused == {}
    assert desk.built.find_wrong(found) == set()


def test_record__setter_bounds_and_the_end_of_upgrades__as_the_chain_has_them(desk: JointDesk) -> None:
    before = desk.built.dossier.programs[SOLANA]
    [entry] = [each for each in before.prices if each.kind == Door.DEPOSIT]
    desk.program("setter", "--to", str(PRICER.pubkey()))
    desk.program("price-bounds", "--at", f"deposit={entry.low}:{entry.high * 2}")
    desk.program("finalise")
    desk.wait(WAIT_DAYS)
    desk.program("execute", by=ANYBODY)
    said, found = write_record(desk)
    now = found.programs[SOLANA]
    assert (now.setter, now.is_final, before.is_final) == (str(PRICER.pubkey()), True, False)
    assert [each for each in now.prices if each not in before.prices] == [replace(entry, high=entry.high * 2)]
    assert f"solana: {PRICER.pubkey()} sets prices" in said and "nobody can upgrade the program any more" in said
    assert f"solana: deposit: between {entry.low} and {entry.high * 2} lamports" in said
    assert desk.built.find_wrong(found) == set()


def test_record__another_owner__once_it_has_accepted(desk: JointDesk) -> None:
    desk.program("owner", "--to", str(HEIR.pubkey()))
    desk.wait(WAIT_DAYS)
    desk.program("execute", by=ANYBODY)
    assert write_record(desk)[1].programs[SOLANA].owner == str(OWNER.pubkey())
    People(desk.built.star.chain, ANYBODY).fund(HEIR.pubkey(), SOL)
    desk.program("accept-ownership", by=HEIR)
    said, found = write_record(desk)
    assert f"solana: {HEIR.pubkey()} owns the timelock" in said
    assert found.programs[SOLANA].owner == str(HEIR.pubkey()) and desk.built.find_wrong(found) == set()


def test_record__members_changed_on_some_chains_alone__refused(desk: JointDesk) -> None:
    """A record has a group once for all chains."""
    [member, *_] = desk.deployment.watchers.members
    desk.program("remove-member", "--group", "watchers", "--member", member)
    with pytest.raises(AssertionError, match=r"the group of watchers is .* on solana"):
        write_record(desk)


def test_record__members_removed_everywhere__as_all_chains_have_them(desk: JointDesk) -> None:
    [member, *others] = desk.deployment.watchers.members
    for remove in (desk.program, desk.govern):
        remove("remove-member", "--group", "watchers", "--member", member)
    found = write_record(desk)[1]
    assert set(found.deployment.watchers.members) == set(others)
    assert desk.built.find_wrong(found) == set()


def test_record__a_new_token_and_other_limits_on_solana__as_the_program_has_them(desk: JointDesk) -> None:
    chain = desk.built.star.chain
    mint = make_mint(People(chain, ANYBODY), key_of("new mint"), 6, ANYBODY.pubkey())
    at = ("--at", f"solana={mint}")
    desk.govern("register-token", *NEW, *at)
    desk.program("register-token", *NEW, *at)
    desk.program("limits", "--token", "SOL", "--least", "7", "--cap", "5000")
    desk.wait(WAIT_DAYS)
    desk.program("execute", by=ANYBODY)
    with pytest.raises(AssertionError, match="token 6 is not registered on"):
        desk.run(govern.commands["record"])
    desk.govern("execute")
    said, dossier = write_record(desk)
    assert "solana: token 6 is registered" in said and "solana: token 2: at least 7, cap 5000 layer-2 units" in said
    found = dossier.deployment
    new, sol = found.token(TokenId(6)), found.token(TokenId(2))
    assert (new.contracts, new.symbol, new.layer2_decimals) == ({SOLANA: str(mint)}, "T6", 6)
    assert (new.terms[SOLANA].minimum, new.terms[SOLANA].cap) == (1_000, 5 * 10**9)
    assert (sol.terms[SOLANA].minimum, sol.terms[SOLANA].cap) == (7, 5_000)
    others = [token for token in desk.deployment.tokens if token.token_id != 2]
    assert [token for token in found.tokens if token.token_id not in (2, 6)] == others
    assert desk.built.find_wrong(dossier) == set(), "the program is as the record says"
