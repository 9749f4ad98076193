"""A watch from outside on a deployment with a Solana chain: each alarm that has a meaning there, with its window."""

from dataclasses import replace
from typing import Any

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from tests.solana.test_node_story import USD
from tests.solana.test_way_out import DAY, Rescue, accept_swap, fill, raise_false_end
from tests.solana.test_way_out import deployed as deployed
from tests.support.solana.account_doors import deposit
from tests.support.solana.machine import key_of
from tests.support.solana.star import SOLANA, SolanaStar
from zklink.devnet.tokens import USDC
from zklink.l1.deployment.places import ProgramDeployment
from zklink.protocol.errors import RpcUnavailable, WrongChain
from zklink.protocol.ids import BlockNumber, Lane
from zklink.service.metrics import Metrics
from zklink.service.settings.watch import WatchLimits
from zklink.service.watching.alarms import Alarm, AlarmName
from zklink.service.watching.members import MemberWatch, describe_loss
from zklink.service.watching.watch import Watch
from zklink.solana.interface import accounts
from zklink.upkeep.status import read_status

HELD = {AlarmName.AUTHORITY_HELD}
LIMITS = WatchLimits(head_seconds=10**6, import_seconds=60, payouts_seconds=60)

pytestmark = pytest.mark.slow


def open_watch(rescue: Rescue) -> Watch:
    """A watch whose clock is Solana's."""
    return Watch(rescue.read, lambda: float(rescue.view.head().timestamp), limits=LIMITS)


def look(watch: Watch) -> dict[AlarmName, Alarm]:
    """What is on for Solana after a round."""
    watch.round()
    return {alarm.name: alarm for alarm in watch.alarms.on if alarm.place == "solana"}


def change(star: SolanaStar, key: Pubkey, at: int, value: int) -> None:
    """Eight bytes of an account become another number, from this slot on."""
    chain: Any = star.site.machine.chain  # type: ignore[attr-defined]
    found = chain.ledger.svm.get_account(key)
    data = bytearray(found.data)
    data[at : at + 8] = value.to_bytes(8, "little")
    chain.ledger.put(key, Account(found.lamports, bytes(data), found.owner, found.executable, found.rent_epoch))
    chain.finalize()
    chain.mine()


def test_round__a_chain_that_is_well__has_its_books_compared(star: SolanaStar) -> None:
    fill(star)
    rescue = Rescue(star)
    deposit(star.site, token=USDC, l1_amount=40 * USD)
    rescue.chain.finalize()
    rescue.chain.mine()
    watch = open_watch(rescue)
    watch.check(needs_all=True)
    assert set(look(watch)) == HELD
    read, place = watch.metrics.registry.get_sample_value, {"chain": "solana", "token": "USDC"}
    assert read("zklink_custody", place) == star.site.books(USDC)["custody"]
    assert read("zklink_custody_difference", place) == 0 and read("zklink_chain_accepted", {"chain": "solana"}) == 2
    asked = read("zklink_rpc_requests_total", {"chain": "solana", "node": "1", "outcome": "ok"})
    assert asked is not None and asked > 0
    assert "chain solana" in watch.board.read()


@pytest.mark.parametrize(
    ("field", "alarm", "text"),
    [("custody", AlarmName.CUSTODY, "its custody of USDC"), ("owed", AlarmName.INSOLVENT, "of USDC (L1 units), and")],
)
def test_round__books_that_no_block_explains__critical(
    star: SolanaStar, field: str, alarm: AlarmName, text: str
) -> None:
    fill(star)
    rescue, token = Rescue(star), star.site.token(USDC)
    watch, known = open_watch(rescue), star.site.books(USDC)
    change(star, token, accounts.TOKEN.offset(field), known[field] + (-1 if field == "custody" else 1))
    found = look(watch)
    assert alarm in found and text in found[alarm].text and found[alarm].level == "critical"


@pytest.mark.parametrize("size", [0, 7, accounts.TOKEN.size - 1, accounts.TOKEN.size + 1])
def test_round__a_node_that_shows_half_a_token__is_unread_and_the_watch_goes_on(star: SolanaStar, size: int) -> None:
    fill(star)
    rescue = Rescue(star)
    watch, chain = open_watch(rescue), star.site.machine.chain  # type: ignore[attr-defined]
    key, ledger = star.site.token(USDC), chain.ledger
    found = ledger.svm.get_account(key)
    data = (bytes(found.data) + bytes(1))[:size]
    ledger.put(key, Account(found.lamports, data, found.owner, found.executable, found.rent_epoch))
    chain.finalize()
    chain.mine()
    assert "a token of the deployment is not registered there" in look(watch)[AlarmName.UNREAD].text
    assert read_status(rescue.read, rescue.view.head().timestamp).chains, "neither does a status end by it"


def test_round__lag_and_requests_that_wait__warned_of_until_they_are_over(star: SolanaStar) -> None:
    pipeline = fill(star)
    number = accept_swap(star, pipeline)
    deposit(star.site, token=USDC, l1_amount=40 * USD)
    rescue = Rescue(star)
    rescue.chain.advance_time(DAY)
    rescue.chain.finalize()
    watch = open_watch(rescue)
    found = look(watch)
    assert set(found) == HELD | {AlarmName.LAG, AlarmName.REQUEST_WAITS}
    assert found[AlarmName.LAG].text.startswith("it lacks 1 block of the primary")
    rescue.sign_acc()
    rescue.keep()
    assert AlarmName.LAG not in look(watch) and star.site.state()["number"] == number


def test_look__blocks_that_nobody_executes__warned_of_however_new_the_last_one_is(star: SolanaStar) -> None:
    fill(star)
    rescue = Rescue(star)
    watch, found = MemberWatch(rescue.read, SOLANA, LIMITS, Metrics()), rescue.view.look([])
    history = rescue.read.history()
    first = history.block(BlockNumber(1)).full.block.timestamp
    tip = replace(found.tip, unpaid=found.tip.number, timestamp=first + 70)
    found = replace(found, tip=tip, head=replace(found.head, timestamp=first + 71))
    on = {alarm.name: alarm for alarm in watch._find_progress(found, float(first + 71), history)}
    assert on[AlarmName.UNPAID].text.startswith(f"{tip.unpaid} blocks not executed")
    fresh = replace(found, tip=replace(tip, timestamp=first), head=replace(found.head, timestamp=first + 59))
    assert AlarmName.UNPAID not in {alarm.name for alarm in watch._find_progress(fresh, float(first + 59), history)}


def test_round__false_end__says_by_whom_until_when_and_that_it_is_false(star: SolanaStar) -> None:
    pipeline = fill(star)
    accept_swap(star, pipeline)
    rescue = Rescue(star)
    number = raise_false_end(rescue)
    found = look(open_watch(rescue))
    raised, state = found[AlarmName.END_RAISED], rescue.view.end_state()
    assert raised.until == state.raised_at + 3 * DAY
    assert f"END of block {number} (round {state.round}) is raised by the watchers" in raised.text
    assert "IT IS FALSE" in raised.text and "validators or governor can deny it" in raised.text


def test_round__freeze_called_then_confirmed__both_are_told(star: SolanaStar) -> None:
    deposit(star.site, token=USDC, l1_amount=40 * USD)
    rescue = Rescue(star)
    rescue.chain.advance_time(3 * DAY + 60)
    rescue.chain.finalize()
    watch = open_watch(rescue)
    rescue.leave([])
    called = look(watch)[AlarmName.FREEZE_CALLED]
    assert "over request 1 of lane account" in called.text and called.until > 0
    rescue.chain.advance_time(DAY)
    rescue.chain.mine(star.site.state()["slots_per_day"])
    rescue.leave([])
    found = look(watch)
    assert AlarmName.FROZEN in found and AlarmName.FREEZE_CALLED not in found


def test_round__its_node_fails__unread_and_what_was_on_stays_on(
    star: SolanaStar, monkeypatch: pytest.MonkeyPatch
) -> None:
    rescue = Rescue(star)
    watch = open_watch(rescue)
    assert set(look(watch)) == HELD
    with monkeypatch.context() as away:
        away.setattr(rescue.view.node, "accounts", fail)
        assert set(look(watch)) == HELD | {AlarmName.UNREAD}
    assert set(look(watch)) == HELD


def fail(*arguments: object) -> None:
    """The node does not answer."""
    raise RpcUnavailable("solana", "getMultipleAccounts", 5, "away")


def test_check__node_of_another_cluster__refused(star: SolanaStar, monkeypatch: pytest.MonkeyPatch) -> None:
    rescue = Rescue(star)
    monkeypatch.setattr(ProgramDeployment, "genesis_number", property(lambda place: 2**200))
    with pytest.raises(WrongChain, match="the node serves cluster"):
        open_watch(rescue).check()


def test_round__another_authority_than_the_timelock__critical(star: SolanaStar) -> None:
    rescue = Rescue(star)
    watch, look_ = open_watch(rescue), rescue.view.look

    def locked(*asked: Any, **terms: Any) -> Any:
        return replace(look_(*asked, **terms), lock=str(rescue.payer.pubkey()))

    rescue.view.look = locked  # type: ignore[method-assign]
    found = look(watch)
    assert set(found) == {AlarmName.AUTHORITY_CHANGED}
    assert found[AlarmName.AUTHORITY_CHANGED].level == "critical"


def test_round__blocks_that_hold_much_rent__warned_of_with_the_reason(star: SolanaStar) -> None:
    pipeline = fill(star)
    accept_swap(star, pipeline)
    rescue = Rescue(star, payer=key_of("another helper"))
    rescue.sign_acc()
    rescue.way._blocks._settle = lambda key: 0  # type: ignore[method-assign]
    assert rescue.way.advance(may_freeze=False) is not None
    rescue.chain.finalize()
    [lent] = rescue.view.look([]).lent
    much = Watch(rescue.read, lambda: float(rescue.view.head().timestamp), limits=limit(lent.lamports))
    assert AlarmName.RENT_LENT not in look(much), "as much as it may be"
    watch = Watch(rescue.read, lambda: float(rescue.view.head().timestamp), limits=limit(lent.lamports - 1))
    alarm = look(watch)[AlarmName.RENT_LENT]
    assert alarm.level == "warning" and alarm.text.startswith("1 block not closed with 0.0")
    assert "not executed: `zklink keep` executes and pays" in alarm.text
    assert rent(watch, "not executed") == lent.lamports
    other = Rescue(star)
    other.keep()
    other.chain.finalize()
    alarm = look(watch)[AlarmName.RENT_LENT]
    assert "not closed: " in alarm.text and "not executed:" not in alarm.text
    assert (rent(watch, "not executed"), rent(watch, "not closed")) == (0, lent.lamports)


def limit(lamports: int) -> WatchLimits:
    """How much rent may be lent."""
    return LIMITS.model_copy(update={"rent_lamports": lamports})


def rent(watch: Watch, state: str) -> float | None:
    """What a metric says."""
    return watch.metrics.registry.get_sample_value("zklink_rent_lent_lamports", {"chain": "solana", "state": state})


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("number", 0, "its finalized tip was block 2, and is 0"),
        ("sync_hash", 7, "its finalized block 2 is another one"),
        ("totals", None, "its finalized queue account had 2 requests, and has not these"),
        ("queue_hashes", None, "its finalized queue account had 2 requests, and has not these"),
    ],
)
def test_round__what_was_finalized_is_not_there_any_more__critical_until_somebody_looks(
    star: SolanaStar, field: str, value: int | None, text: str
) -> None:
    fill(star)
    for _ in range(2):
        deposit(star.site, token=USDC, l1_amount=40 * USD)
    rescue = Rescue(star)
    watch = open_watch(rescue)
    assert AlarmName.FINAL_LOST not in look(watch)
    size = {"totals": 8, "queue_hashes": 32}.get(field, 0)
    at = accounts.BRIDGE.offset(field) + (Lane.ACCOUNT - 1) * size
    change(star, star.site.bridge, at, 1 if value is None else value)
    alarm = look(watch)[AlarmName.FINAL_LOST]
    assert alarm.level == "critical" and alarm.text == f"{text}: the cluster has lost what was final"
    assert AlarmName.FINAL_LOST in look(watch), "it stays on"


def test_find_lost__another_block_and_one_above_it__stays_on_until_the_first_is_there_again(star: SolanaStar) -> None:
    found = Rescue(star).view.look([], is_final=True)
    watch = MemberWatch(Rescue(star).read, SOLANA, LIMITS, Metrics())
    seen = [
        replace(found, tip=replace(found.tip, number=BlockNumber(number), sync_hash=hash * 32))
        for number, hash in ((10, b"a"), (9, b"z"), (10, b"b"), (11, b"c"), (10, b"a"))
    ]
    on = [[each.name for each in watch._find_lost(reading, "solana")] for reading in seen]
    assert on == [[], *[[AlarmName.FINAL_LOST]] * 3, []]


def test_round__requests_that_come__are_no_loss(star: SolanaStar) -> None:
    fill(star)
    rescue = Rescue(star)
    watch = open_watch(rescue)
    for _ in range(3):
        deposit(star.site, token=USDC, l1_amount=40 * USD)
        rescue.chain.finalize()
        assert AlarmName.FINAL_LOST not in look(watch)


def test_describe_loss__more_requests_than_a_reading_keeps__is_not_compared(star: SolanaStar) -> None:
    before = Rescue(star).view.look([], is_final=True)
    known = {**before.queue_hashes, Lane.SWAP: {5: b"hash"}}
    later = {**known, Lane.SWAP: {104: b"a", 105: b"b"}}
    seen = replace(before, queue_hashes=known)
    assert describe_loss(seen, replace(before, queue_hashes=later)) == ""
    lost = {**known, Lane.SWAP: {4: b"hash", 5: b"another"}}
    assert describe_loss(seen, replace(before, queue_hashes=lost)).startswith("its finalized queue swap had 5")
