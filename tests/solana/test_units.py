"""Compute units of every call, at the largest block that preset `main` makes for one chain, with groups of 16. The
figures stand in units.json; `WRITE_UNITS=1 pytest tests/solana/test_units.py` accepts other ones.
"""

import json
import os
from pathlib import Path

from tests.support.drafts.escape import Exit
from tests.support.groups import KnownGroup
from tests.support.solana.account_doors import ask_key, deposit, full_exit, plant, set_price
from tests.support.solana.blocks import History, paid_here, words_of
from tests.support.solana.ends import FIRST_PIECE, PATH_PIECE, Ends
from tests.support.solana.founding import CAKE, SOL, SOLANA, SRM
from tests.support.solana.leaving import Leaving
from tests.support.solana.machine import UNITS_LIMIT, associated, key_of
from tests.support.solana.members import announce, let_in, remove, withdraw
from tests.support.solana.site import Site
from zklink.protocol.facts import Group
from zklink.protocol.ids import (
    END_WINDOW_SECONDS,
    EXPIRY_SECONDS,
    FREEZE_DELAY_SECONDS,
    GROUP_DELAY_SECONDS,
    Door,
    Lane,
    TokenId,
)
from zklink.protocol.presets import MAIN
from zklink.protocol.words import SWAP_SLOT_WORDS
from zklink.solana.interface import end_instructions, instructions

FIGURES = Path(__file__).with_name("units.json")
SIZE, THRESHOLD = 16, 9


def found() -> Site:
    """A site with the largest groups."""
    site = Site()
    site.groups = type(site.groups)(
        validators=KnownGroup.make("validator", SIZE, THRESHOLD), watchers=KnownGroup.make("watcher", SIZE, THRESHOLD)
    )
    site.put_keys()
    site.init()
    for group in (1, 2):
        site.found_group(group, threshold=THRESHOLD)
    site.register_all()
    return site


def measure() -> dict[str, int]:
    """Each call's units; the largest of those that are made."""
    site = found()
    history = History(site)
    governor = {"governor": site.governor.pubkey(), "bridge": site.bridge}
    site.call(instructions.SET_PRICE, governor, site.governor, kind=1, price=0)
    token = governor | {"token": site.token(SRM)}
    site.call(instructions.SET_TOKEN, token, site.governor, is_paused=0, minimum=1, cap=10**13)
    site.swap(token_in=SOL, token_out=SRM, l1_amount=10**9, fee=4_000)
    history.bring(history.make(site.queued(1)["words"]))
    people = [key_of(f"person {i}").pubkey() for i in range(MAIN.slots)]
    site.make_holding(people[0], site.mints[SRM])
    requests = [site.swap(l1_amount=10_000, fee=5) for _ in people]
    payouts = [paid_here(SRM, 1_000, person, id=i + 1, fill_fee=120) for i, person in enumerate(people)]
    history.fill(payouts[0], 2)
    words = words_of(*(record for pair in zip(requests, payouts, strict=True) for record in pair))
    assert len(words) == MAIN.slots * SWAP_SLOT_WORDS
    block = history.bring(history.make(words))
    history.execute(block, SRM)
    own = associated(site.broker.pubkey(), site.mints[SRM])
    history.pay(block, 0, payouts[0], {"repay_to": own, "fill_payer": site.broker.pubkey()})
    site.machine.fund(site.fee_recipient, 10**9)
    places = {"bridge": site.bridge, "sol": site.sol, "fee_recipient": site.fee_recipient}
    site.call(instructions.COLLECT_FEES, places)
    history.close(history.bring(history.make(())))
    ask_all(site)
    change_members(site)
    return dict(sorted((site.figures | end_all()).items()))


def change_members(site: Site) -> None:
    """A group's largest list in place of another one, and the removal that moves most."""
    others = KnownGroup.make("other", SIZE, THRESHOLD)
    announce(site, Group.WATCHERS, others.members, THRESHOLD)
    withdraw(site)
    announce(site, Group.WATCHERS, others.members, THRESHOLD)
    Ends(History(site)).wait(GROUP_DELAY_SECONDS)
    let_in(site)
    remove(site, Group.WATCHERS, others.members[0])


def ask_all(site: Site) -> None:
    """Every door of the account lane, where the lane is crowded and every chain is in the mask."""
    set_price(site, Door.CROWDED_EXIT, 7)
    deposit(site, fee=5)
    ask_key(site, fee=5)
    plant(site, totals=[0, 500], consumed=[0, 0])
    full_exit(site, coin=10**6)


def leave_all(leaving: Leaving) -> None:
    """Exodus: a refund in tokens with a fee, and an exit of shares."""
    user = leaving.site.user.pubkey()
    leaving.begin()
    leaving.cancel(Lane.SWAP, 1, user, SRM)
    shares = Exit(3, TokenId(9), SOLANA, bytes(user), 70, 80, token_a=SRM, token_b=CAKE, is_signed=1)
    leaving.exit(shares)
    leaving.pay_exit(shares, SRM)


def end_all() -> dict[str, int]:
    """Every call about ends, with both groups' word; the largest path that a transaction writes."""
    site = found()
    ends = Ends(History(site))
    requests = [site.swap(l1_amount=10_000, fee=5) for _ in range(MAIN.slots)]
    site.swap(token_in=CAKE, token_out=SRM, l1_amount=1_000_000)
    ends.extend(count=2)
    ends.extend([word + (at == 0) for at, word in enumerate(words_of(*requests))])
    ends.raise_end(2, Group.WATCHERS)
    ends.deny(Group.VALIDATORS)
    ends.void()
    ends.raise_end(2, Group.WATCHERS)
    ends.fell(1, b"\1" * 32, ends.path(1, 2))
    ends.raise_end(3, Group.WATCHERS)
    ends.wait(EXPIRY_SECONDS + END_WINDOW_SECONDS)
    ends.call_freeze(Lane.SWAP)
    ends.wait(FREEZE_DELAY_SECONDS)
    ends.confirm_freeze(Lane.SWAP)
    ends.stand()
    ends.bring(1, path=ends.path(1, 3))
    ends.bring(3)
    ends.show_mismatch(3)
    path = ends.path_of(0, bytes(32), [bytes(32)] * (FIRST_PIECE + PATH_PIECE))
    site.call(end_instructions.CLOSE_PATH, {"writer": site.writer.pubkey(), "path": path}, site.writer)
    leave_all(Leaving(ends))
    of_ends = {call.name for call in end_instructions.END_INSTRUCTIONS}
    return {name: units for name, units in site.figures.items() if name in of_ends}


def test_units__largest_block_and_groups__as_they_were_and_within_a_transaction() -> None:
    found = measure()
    if os.environ.get("WRITE_UNITS"):
        FIGURES.write_text(json.dumps(found, indent=1) + "\n")
    assert found.keys() == {call.name for call in instructions.INSTRUCTIONS}
    assert max(found.values()) < UNITS_LIMIT
    assert found == json.loads(FIGURES.read_text())
