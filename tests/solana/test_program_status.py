"""How a deployment with a Solana chain stands, for whoever looks once (`zklink status`)."""

import json

import pytest
from solders.pubkey import Pubkey

from tests.solana.test_node_story import USD
from tests.solana.test_program_watch import change
from tests.solana.test_way_out import BOB, DAY, Rescue, accept_swap, fill, raise_false_end
from tests.solana.test_way_out import deployed as deployed
from tests.support.solana.account_doors import deposit
from tests.support.solana.machine import key_of
from tests.support.solana.star import SOLANA, SolanaStar
from tests.support.solana.star_pipeline import StarPipeline
from zklink.devnet.tokens import USDC
from zklink.protocol.facts import Group
from zklink.protocol.ids import Lane
from zklink.recovery.chains_read import ChainsRead
from zklink.solana.interface import accounts
from zklink.upkeep.status import read_status
from zklink.upkeep.status_forms import encode_status, show_status
from zklink.upkeep.status_records import ChainStatus, Status, TokenStatus, Unread, Urgency

pytestmark = pytest.mark.slow


def look(rescue: Rescue) -> tuple[Status, ChainStatus]:
    """The status now, and Solana's."""
    found = read_status(rescue.read, rescue.view.head().timestamp)
    [solana] = [each for each in found.chains if each.chain_id == SOLANA]
    assert isinstance(solana, ChainStatus)
    return found, solana


def kinds(status: Status) -> set[str]:
    """What is wrong on Solana."""
    return {alarm.kind for alarm in status.alarms if alarm.chain == "solana"}


def test_status__solana_lacks_a_block_and_waits__stands_in_the_same_table(star: SolanaStar) -> None:
    pipeline, site = fill(star), star.site
    rescue = Rescue(star)
    status, well = look(rescue)
    assert kinds(status) == {"authority_held"} and (well.lag, well.unpaid, well.lanes[0].waiting) == (0, 0, 0)
    [usdc] = well.tokens
    assert (usdc.symbol, usdc.custody, usdc.surplus) == ("USDC", site.books(USDC)["custody"], 0)
    accept_swap(star, pipeline)
    deposit(site, token=USDC, l1_amount=40 * USD)
    rescue.mine()
    status, behind = look(rescue)
    assert (behind.lag, behind.lanes[Lane.ACCOUNT - 1].waiting) == (1, 1)
    assert behind.missing == ["ACC of block 3 or a later one, by both groups"]
    shown, data = show_status(status), json.loads(encode_status(status))
    assert "solana" in shown and [each["name"] for each in data["chains"]] == ["polygon", "avalanche", "solana"]
    assert data["chains"][2]["authority"] == behind.authority != ""


def test_status__freeze_called_and_end_raised__act_now_with_the_windows(star: SolanaStar) -> None:
    pipeline = fill(star)
    accept_swap(star, pipeline)
    rescue = Rescue(star)
    raise_false_end(rescue)
    status, solana = look(rescue)
    assert "end_raised" in kinds(status) and status.urgency is Urgency.ACT_NOW
    assert solana.end_window is not None and solana.end is not None
    assert solana.end_window.ends_at == solana.end.raised_at + 3 * DAY
    rescue.sign_end(*Group)
    rescue.pass_days(3)
    rescue.leave([])
    status, solana = look(rescue)
    assert "exodus" in kinds(status) and solana.is_exodus and star.site.balance(USDC, BOB.pubkey()) == 200 * USD


def test_status__its_node_is_away__cannot_tell(star: SolanaStar) -> None:
    read = ChainsRead(star.deployment, star.bridges)
    status = read_status(read, 1, away={SOLANA: "no node is given"})
    [solana] = [each for each in status.chains if each.chain_id == SOLANA]
    assert isinstance(solana, Unread) and solana.reason == "no node is given"
    assert {alarm.urgency for alarm in status.alarms if alarm.chain == "solana"} == {Urgency.UNKNOWN}


def bring_unexecuted(star: SolanaStar, pipeline: StarPipeline) -> tuple[Rescue, int]:
    """A block with a payout to Bob that a helper has brought to Solana, and nobody has executed."""
    number = accept_swap(star, pipeline)
    helper = Rescue(star, payer=key_of("another helper"))
    helper.sign_acc()
    helper.way._blocks._settle = lambda key: 0  # type: ignore[method-assign]
    assert helper.way.advance(may_freeze=False) is not None
    helper.chain.finalize()
    return Rescue(star), number


def test_status__a_block_is_not_executed__says_what_rent_it_holds_and_whose(star: SolanaStar) -> None:
    pipeline = fill(star)
    rescue = Rescue(star)
    assert list(look(rescue)[1].lent) == []
    rescue, number = bring_unexecuted(star, pipeline)
    status, solana = look(rescue)
    writer = str(key_of("another helper").pubkey())
    [lent] = solana.lent
    place = rescue.view.read().block_place(number)
    assert place is not None and lent.lamports == star.site.machine.lamports(Pubkey(place)) > 5 * 10**6
    assert (lent.number, lent.writer, lent.is_executed, lent.waiting) == (number, writer, False, 1)
    sol = f"{-(-lent.lamports // 10**5) / 10**4:.4f}"
    shown = " ".join(show_status(status).split())
    assert f"rent: 1 block not closed, 1 not executed, 1 payouts wait; {sol} SOL come back: {sol} of {writer}" in shown
    [data] = json.loads(encode_status(status))["chains"][2]["rent"]
    assert data == {
        "block": number,
        "writer": writer,
        "lamports": str(lent.lamports),
        "is_executed": False,
        "waiting": 1,
    }
    rescue.keep()
    [left] = look(rescue)[1].lent
    assert (left.is_executed, left.waiting) == (True, 0), "paid, and only its writer can close it"


def test_status__reserves__solana_s_books_as_finalized_are_compared_with_the_state(star: SolanaStar) -> None:
    pipeline, now = fill(star), Rescue(star).view.head().timestamp
    deposit(star.site, token=USDC, l1_amount=40 * USD)
    rescue, _ = bring_unexecuted(star, pipeline)

    def reserves() -> tuple[Status, TokenStatus]:
        found = read_status(rescue.read, now, with_reserves=True)
        [solana] = [each for each in found.chains if each.chain_id == SOLANA]
        assert isinstance(solana, ChainStatus)
        return found, solana.tokens[0]

    status, usdc = reserves()
    assert usdc.expected == usdc.custody == star.site.books(USDC)["custody"], "the payout that is not executed counts"
    assert "custody" not in kinds(status)
    shown = " ".join(show_status(status).split())
    assert f"it holds {usdc.balance} and owes {usdc.pending}; state and queues give {usdc.expected}" in shown
    deposit(star.site, token=USDC, l1_amount=7 * USD)
    rescue.chain.mine(2)
    assert reserves()[1] == usdc, "what is confirmed is not yet finalized"
    rescue.chain.finalize()
    status, more = reserves()
    assert more.expected == more.custody == usdc.custody + 7 * USD
    change(star, star.site.token(USDC), accounts.TOKEN.offset("custody"), more.custody - 1)
    assert "custody" in kinds(reserves()[0])


def test_status__reserves_once_solana_is_frozen__not_said(star: SolanaStar) -> None:
    """Exits may have paid from its custody."""
    pipeline = fill(star)
    accept_swap(star, pipeline)
    rescue = Rescue(star)
    change(star, star.site.bridge, accounts.BRIDGE.offset("frozen_at"), 1)
    found = read_status(rescue.read, rescue.view.head().timestamp, with_reserves=True)
    [solana] = [each for each in found.chains if each.chain_id == SOLANA]
    assert isinstance(solana, ChainStatus) and [token.expected for token in solana.tokens] == [None]
