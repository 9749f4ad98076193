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

from tests.support.solana.every_call import is_unread, play_both_lanes, play_ends, play_groups
from tests.support.solana.founding import Founding
from tests.support.solana.machine import TOKEN_PROGRAM, Refused, key_of
from tests.support.solana.site import Site, open_site
from tests.support.upholds import upholds
from zklink.solana.interface import end_instructions, instructions
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

OWN_ACCOUNTS: Final = {
    "bridge": [call.name for call in instructions.INSTRUCTIONS],
    "block": [call.name for call in instructions.INSTRUCTIONS if call is not instructions.OPEN_BLOCK],
    "token": ["pay", "fill", "pay_exit"],
}
"""Accounts of the program in calls that say of any other account that it is not the one that is meant: address 0 can be
read, so a lookup that gave none and went on would go on with something.
"""


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
    play_both_lanes(site)
    elsewhere = {*end_instructions.END_INSTRUCTIONS, *GROUP_INSTRUCTIONS}
    spoofs.check(set(instructions.INSTRUCTIONS) - elsewhere, LEAST_WAYS)


@upholds("GOV-1", "GOV-2")
def test_group_calls__every_account_exchanged__none_works() -> None:
    site = open_site()
    spoofs = Spoofs(site)
    play_groups(site)
    spoofs.check(set(GROUP_INSTRUCTIONS), LEAST_WAYS_OF_GROUPS)


def test_end_calls__every_account_exchanged__none_works() -> None:
    site = open_site()
    spoofs = Spoofs(site)
    play_ends(site)
    spoofs.check(set(end_instructions.END_INSTRUCTIONS), LEAST_WAYS_OF_ENDS)
