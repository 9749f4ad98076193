"""Every call of a story, tried in wrong ways that must all fail before it is made: each account exchanged for a copy
that somebody else's program owns, for a stranger's, for another account of the program, for none; each signature left
out or given by a stranger; each account read-only; accounts and bytes missing or added. What may succeed is listed
with its reason.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from solders.instruction import AccountMeta
from solders.instruction import Instruction as Call
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.support.drafts.escape import Exit
from tests.support.solana.account_doors import ask_key, deposit, full_exit
from tests.support.solana.blocks import History, paid_here, words_of
from tests.support.solana.ends import Ends
from tests.support.solana.founding import CAKE, ELSEWHERE, SOL, SOLANA, SRM, Founding
from tests.support.solana.leaving import Leaving
from tests.support.solana.machine import TOKEN_PROGRAM, Refused, associated, key_of
from tests.support.solana.members import announce, let_in, remove, withdraw
from tests.support.solana.site import Site, open_site
from tests.support.upholds import upholds
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
from zklink.solana.interface.group_instructions import GROUP_INSTRUCTIONS
from zklink.solana.interface.refusals import Refusal

EVE: Final = key_of("eve")
FOREIGN: Final = key_of("foreign program").pubkey()
HOLDING_BYTES: Final = 165
LEAST_WAYS: Final = 1_000
LEAST_WAYS_OF_ENDS: Final = 300
LEAST_WAYS_OF_GROUPS: Final = 50
TRIED_AGAIN: Final = ("pay", "swap", "register_token", "deny_end", "raise_end", "cancel", "exit", "pay_exit")
"""Calls that look at other accounts the second time."""

HARMLESS: Final = {
    ("fill", "repay_to"): "the broker names who is repaid",
    ("init", "swap_queue"): "the deployer names the accounts that it has made",
    ("init", "account_queue"): "the same",
    ("init", "keys"): "the same: the deployment's hash says which keys they are",
    ("put_keys", "keys"): "the same",
    ("open_block", "block"): "any new account of the program can be a block",
    ("open_block", "writer"): "whoever signs is the writer",
    ("open_path", "path"): "any new account of its size can be a path",
    ("open_path", "writer"): "whoever signs is the writer",
    ("pay", "claimant"): "anybody pays a payout to its own place",
    (
        "register_token",
        "system_program",
    ): "it is named only so that the transaction has it; our calls name their program",
    ("swap", "system_program"): "the same",
    ("deposit", "system_program"): "the same",
    ("full_exit", "system_program"): "the same",
    ("key_request", "system_program"): "the same",
    ("full_exit", "owner"): "whoever signs is the owner",
    ("key_request", "owner"): "the same",
    ("full_exit", "payer"): "anybody who signs can pay the fee",
    ("key_request", "payer"): "the same",
    ("register_token", "payer"): "anybody who signs can pay the rent",
    ("exit", "payer"): "the same",
    ("exit", "system_program"): "as in register_token",
    ("cancel", "claimant"): "anybody pays a refund to its own place",
    ("pay_exit", "claimant"): "the same",
    ("swap", "token_via"): "nobody looks at it without a token between",
}
"""An account of a call that may be another one."""

MERGED: Final = {
    ("open_block", "block"): "the call before, which makes it, writes it",
    ("open_path", "path"): "the same",
    ("fill", "source"): "the broker is repaid there, and that is written",
    ("fill", "repay_to"): "it is the source, which is written",
    ("swap", "source"): "of SOL: it is the sender, which is written",
    ("swap", "vault"): "of SOL: it is `sol`, which is written",
    ("swap", "sol"): "of SOL: it is the vault, which is written",
}
"""An account that stands in the transaction twice, and is written there."""

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


OWN_ACCOUNTS: Final = {
    "bridge": [call.name for call in instructions.INSTRUCTIONS],
    "block": [call.name for call in instructions.INSTRUCTIONS if call is not instructions.OPEN_BLOCK],
    "token": ["pay", "fill", "pay_exit"],
}
"""Accounts of the program in calls that say of any other account that it is not the one that is meant: address 0 can be
read, so a lookup that gave none and went on would go on with something.
"""


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


class Spoofs:
    """Tries wrong ways of each call that is about to be made, one of each shape."""

    def __init__(self, site: Founding) -> None:
        self.site = site
        self.tried = 0
        self.worked: list[tuple[str, str, str]] = []
        self.seen: set[tuple[str, int, int]] = set()
        site.machine.fund(EVE.pubkey())
        site.watch = self

    def __call__(self, call: Instruction, encoded: Call, signers: Sequence[Keypair], before: Sequence[Call]) -> None:
        shape = (call.name, len(encoded.accounts), len(encoded.data))
        if shape in self.seen and call.name not in TRIED_AGAIN:
            return
        self.seen.add(shape)
        for what, role, wrong in self.ways(call, encoded):
            self.attempt(call, what, role, [*before, wrong], signers)

    def check(self, calls: set[Instruction], least: int) -> None:
        """All these calls were tried, in that many ways, and none worked."""
        assert {call.name for call in calls} <= {name for name, *_ in self.seen}
        assert sorted(set(self.worked)) == []
        assert self.tried >= least

    def ways(self, call: Instruction, right: Call) -> Iterator[tuple[str, str, Call]]:
        """What is wrong, of which account, and the call."""
        metas, data = right.accounts, bytes(right.data)
        for i, meta in enumerate(metas):
            role = call.roles[min(i, len(call.roles) - 1)].name
            for what, changed in self.exchanges(meta):
                yield what, role, Call(right.program_id, data, [*metas[:i], changed, *metas[i + 1 :]])
        for count in range(len(metas)):
            yield "accounts missing", "", Call(right.program_id, data, metas[:count])
        if not call.has_more:
            yield "an account more", "", Call(right.program_id, data, [*metas, metas[-1]])
        for cut in {0, 1, call.data.size} if call.has_tail else {0, 1, len(data) // 2, len(data) - 1} - {len(data)}:
            yield "bytes missing", "", Call(right.program_id, data[:cut], metas)
        if not call.has_tail:
            yield "a byte more", "", Call(right.program_id, data + b"\0", metas)
        yield "unknown call", "", Call(right.program_id, b"\xfe" + data[1:], metas)

    def exchanges(self, meta: AccountMeta) -> Iterator[tuple[str, AccountMeta]]:
        """Other accounts in an account's place."""
        machine, key = self.site.machine, meta.pubkey
        if meta.is_signer:
            yield "unsigned", AccountMeta(key, False, meta.is_writable)
            yield "stranger", AccountMeta(EVE.pubkey(), True, meta.is_writable)
            return
        if meta.is_writable:
            yield "read-only", AccountMeta(key, False, False)
        account = machine.svm.get_account(key)
        others = [self.site.bridge, self.site.keys, self.site.sol, key_of("nobody").pubkey()]
        if account is not None:
            data = bytes(account.data)
            others.append(machine.put(_place(key, 1), FOREIGN, data, account.lamports))
            if account.owner == TOKEN_PROGRAM and len(data) == HOLDING_BYTES:
                owned = data[:32] + bytes(EVE.pubkey()) + data[64:]
                others += [machine.put(_place(key, 2), TOKEN_PROGRAM, owned)]
                others += [machine.put(_place(key, 3), TOKEN_PROGRAM, bytes(FOREIGN) + data[32:])]
                others += [machine.put(_place(key, 4), TOKEN_PROGRAM, data[:108] + b"\2" + data[109:])]
        for other in others:
            if other != key:
                yield "another", AccountMeta(other, False, meta.is_writable)

    def attempt(
        self, call: Instruction, what: str, role: str, calls: Sequence[Call], signers: Sequence[Keypair]
    ) -> None:
        """Simulate it; note it if it works though nothing allows it."""
        self.tried += 1
        try:
            self.site.machine.simulate(calls, *signers, EVE)
        except Refused as error:
            is_own = what == "another" and call.name in OWN_ACCOUNTS.get(role, ())
            if is_own and error.reason != Refusal.ACCOUNT:
                self.worked.append((call.name, f"refused for {error.reason}", role))
            return
        if what in ("another", "stranger") and (call.name, role) in HARMLESS:
            return
        if what == "read-only" and (call.name, role) in MERGED:
            return
        if what in ("another", "read-only") and is_unread(call, bytes(calls[-1].data), role):
            return
        self.worked.append((call.name, what, role))


def _place(key: Pubkey, salt: int) -> Pubkey:
    return Pubkey.from_bytes(bytes([200, salt]) + bytes(key)[2:])


@upholds("GOV-1", "SOL-4")
def test_calls__every_account_exchanged__none_works() -> None:
    site = Site()
    spoofs = Spoofs(site)
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
    elsewhere = {*end_instructions.END_INSTRUCTIONS, *GROUP_INSTRUCTIONS}
    spoofs.check(set(instructions.INSTRUCTIONS) - elsewhere, LEAST_WAYS)


@upholds("GOV-1", "GOV-2")
def test_group_calls__every_account_exchanged__none_works() -> None:
    site = open_site()
    spoofs, ends = Spoofs(site), Ends(History(site))
    announce(site)
    withdraw(site)
    announce(site, Group.VALIDATORS)
    remove(site, Group.WATCHERS, site.groups.watchers.members[1])
    ends.wait(GROUP_DELAY_SECONDS)
    let_in(site)
    spoofs.check(set(GROUP_INSTRUCTIONS), LEAST_WAYS_OF_GROUPS)


def leave_all(leaving: Leaving, user: Pubkey) -> None:
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


def test_end_calls__every_account_exchanged__none_works() -> None:
    site = open_site()
    spoofs, ends = Spoofs(site), Ends(History(site))
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
    leave_all(Leaving(ends), Pubkey(request.refund_to))
    spoofs.check(set(end_instructions.END_INSTRUCTIONS), LEAST_WAYS_OF_ENDS)
