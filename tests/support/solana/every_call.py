"""Stories that make every call of the bridge's program, for tests that try wrong ways before each of them."""

from typing import Final

from solders.pubkey import Pubkey

from tests.support.drafts.escape import Exit
from tests.support.solana.account_doors import ask_key, deposit, full_exit
from tests.support.solana.blocks import History, paid_here, words_of
from tests.support.solana.ends import Ends
from tests.support.solana.founding import CAKE, ELSEWHERE, SOL, SOLANA, SRM
from tests.support.solana.leaving import Leaving
from tests.support.solana.machine import associated, key_of
from tests.support.solana.members import announce, let_in, remove, withdraw
from tests.support.solana.site import Site
from zklink.operations.payout import Payout
from zklink.protocol.facts import Group
from zklink.protocol.ids import (
    DENIAL_WINDOW_SECONDS,
    EXPIRY_SECONDS,
    FILL_LEAD_SECONDS,
    FREEZE_DELAY_SECONDS,
    GROUP_DELAY_SECONDS,
    Lane,
    TokenId,
)
from zklink.solana.interface import end_instructions, instructions
from zklink.solana.interface.end_instructions import ITS_AMOUNT, ITS_FEE
from zklink.solana.interface.forms import Instruction

UNREAD: Final = {
    0: ("fill", "fill_payer", "repay_to"),  # a refund cannot be filled
    1: ("destination",),  # filled in time: all of it is the broker's
    2: ("fill_payer", "repay_to"),  # nobody filled
}
"""By payout of the story, accounts of `pay` that are not looked at."""

WITHOUT_AMOUNT, AMOUNT_ALONE = 2, 3
UNREAD_WITHOUT_AMOUNT: Final = ("token", "vault", "mint", "token_program", "destination")
"""The request of the story that brought no tokens, and one whose parts are refunded apart; accounts of `cancel` that
nobody looks at without an amount.
"""

NOT_HERE: Final = ("mint", "mint_mark", "vault", "token_program")
"""Accounts of `register_token` that are not looked at for a token that is on other chains only."""


def is_unread(call: Instruction, data: bytes, role: str) -> bool:
    """Whether nobody looks at this account in this call of the story."""
    if call is end_instructions.DENY_END:
        return role == ("evidence" if data[1] else "governor")
    if call is end_instructions.RAISE_END:
        return role == "governor" and not data[1]
    if call is end_instructions.SHOW_MISMATCH:
        return role == "path"
    if call is end_instructions.CANCEL:
        if data[10] == ITS_AMOUNT:
            return role in ("fee_to", "sol")
        return role in UNREAD_WITHOUT_AMOUNT and (data[2] == WITHOUT_AMOUNT or data[10] == ITS_FEE)
    if call is end_instructions.EXIT:
        return role == ("recipient" if data[28] else "token_b")
    if call is instructions.PAY:
        return role in UNREAD[data[1]]
    return call is instructions.REGISTER_TOKEN and data[1] == ELSEWHERE and role in NOT_HERE


def play_both_lanes(site: Site) -> None:
    """Founding, swaps, a fill, a block with payouts of every kind, a block of the account lane, fees."""
    site.found()
    site.register_all()
    history = History(site)
    bob = key_of("bob").pubkey()
    site.make_holding(bob, site.mints[SRM])
    governor = {"governor": site.governor.pubkey(), "bridge": site.bridge}
    site.call(instructions.SET_PRICE, governor, site.governor, kind=1, price=0)
    places = governor | {"token": site.token(SRM)}
    site.call(instructions.SET_TOKEN, places, site.governor, is_paused=0, minimum=1, cap=10**12)
    request, more = site.swap(fee=9_000_000), site.swap()
    coin = site.swap(token_in=SOL, token_out=SRM, l1_amount=10**9)
    refund, filled = Payout.refunded(request), paid_here(SRM, 3_000_000, bob, fill_fee=1_000)
    in_coin = paid_here(SOL, 5 * 10**8, bob, id=2)
    history.fill(filled, block=1)
    site.machine.set_time(site.machine.now() + FILL_LEAD_SECONDS)
    block = history.bring(history.make(words_of(request, refund, more, filled, coin, in_coin)))
    history.execute(block, SRM, SOL)
    history.pay(block, 0, refund)
    own = associated(site.broker.pubkey(), site.mints[SRM])
    history.pay(block, 1, filled, {"repay_to": own, "fill_payer": site.broker.pubkey()})
    history.pay(block, 2, in_coin)
    history.close(block)
    places = {"bridge": site.bridge, "sol": site.sol, "fee_recipient": site.fee_recipient}
    site.call(instructions.COLLECT_FEES, places)
    asked = deposit(site), full_exit(site, owner=key_of("bob"), coin=5), ask_key(site, owner=key_of("bob"))
    history.bring(history.make(words_of(*asked), lane=Lane.ACCOUNT))


def play_groups(site: Site) -> None:
    """Members announced, withdrawn, removed, let in."""
    announce(site)
    withdraw(site)
    announce(site, Group.VALIDATORS)
    remove(site, Group.WATCHERS, site.groups.watchers.members[1])
    Ends(History(site)).wait(GROUP_DELAY_SECONDS)
    let_in(site)


def play_ends(site: Site) -> None:
    """END raised, denied, voided, felled, and stands; a freeze, a mismatch, exodus."""
    ends = Ends(History(site))
    request = deposit(site, fee=10)
    full_exit(site, owner=key_of("bob"), coin=5)
    deposit(site, fee=6)
    deposit(site, token=CAKE, l1_amount=1_000_000)
    deposit(site)
    ends.extend(count=2)
    ends.extend([request.words()[0] + 1, *request.words()[1:]], Lane.ACCOUNT)
    ends.raise_end(2, Group.WATCHERS)
    ends.deny(Group.VALIDATORS)
    ends.void()
    ends.raise_end(2, Group.WATCHERS)
    ends.deny(None, by=True)
    ends.fell(1, b"\1" * 32, ends.path(1, 2))
    ends.raise_end(2, Group.VALIDATORS, by=True)
    ends.fell(3, ends.sync_hash(3))
    ends.raise_end(3, Group.WATCHERS)
    ends.wait(EXPIRY_SECONDS + DENIAL_WINDOW_SECONDS)
    ends.call_freeze(Lane.ACCOUNT)
    ends.wait(FREEZE_DELAY_SECONDS)
    ends.confirm_freeze(Lane.ACCOUNT)
    ends.stand()
    ends.bring(1, path=ends.path(1, 3))
    ends.bring(3)
    long = ends.path_of(0, bytes(32), [bytes(32)] * 20)
    site.call(end_instructions.CLOSE_PATH, {"writer": site.writer.pubkey(), "path": long}, site.writer)
    ends.show_mismatch(3)
    _leave(Leaving(ends), Pubkey(request.refund_to))


def _leave(leaving: Leaving, user: Pubkey) -> None:
    """Exodus with a refund and a signed and an unsigned exit."""
    site = leaving.site
    leaving.begin()
    leaving.cancel(Lane.ACCOUNT, 1, user, SRM)
    site.machine.fund(key_of("bob").pubkey())
    leaving.cancel(Lane.ACCOUNT, 2, key_of("bob").pubkey())
    leaving.cancel(Lane.ACCOUNT, AMOUNT_ALONE, user, SRM, parts=ITS_AMOUNT)
    leaving.cancel(Lane.ACCOUNT, AMOUNT_ALONE, user, parts=ITS_FEE)
    signed = Exit(3, TokenId(9), SOLANA, bytes(user), 70, 80, token_a=SRM, token_b=CAKE, is_signed=1)
    leaving.exit(signed)
    leaving.exit(Exit(4, SRM, SOLANA, bytes(user), 5), signer=site.user)
    leaving.pay_exit(signed, SRM)
    leaving.pay_exit(signed, CAKE, 1)
