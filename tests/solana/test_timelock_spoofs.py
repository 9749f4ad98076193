"""Every call of the Solana side's timelock, tried in wrong ways that must all fail before it is made, as
`test_spoofs.py` does for the bridge's program; and the theft that a timelock is there to prevent.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from solders.instruction import Instruction as Call
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.solana.test_spoofs import EVE, Spoofs
from tests.support.solana.founding import ELSEWHERE
from tests.support.solana.lock import Lock, open_lock, play_lock
from tests.support.solana.machine import Refused
from tests.support.solana.site import Site
from tests.support.upholds import upholds
from zklink.protocol.ids import FOUNDING_SECONDS, GROUP_DELAY_SECONDS
from zklink.solana.client.timelock import plan_call
from zklink.solana.interface import instructions as governed
from zklink.solana.interface.forms import Instruction
from zklink.solana.interface.refusals import Refusal
from zklink.solana.interface.timelock.instructions import TIMELOCK_INSTRUCTIONS
from zklink.solana.interface.timelock.refusals import TimelockRefusal

LEAST_WAYS: Final = 250

HARMLESS: Final = {
    ("propose", "payer"): "anybody who signs can lend the rent",
    ("propose", "system_program"): "it is named only so that the transaction has it; our calls name their program",
    ("init", "system_program"): "the same",
    ("act", f"account {[role.name for role in governed.REGISTER_TOKEN.roles].index('system_program')}"): "the same",
}
"""An account of a call that may be another one."""

FROM_INSIDE: Final = ("set_owner", "set_setter", "set_price_bounds")
"""Calls that only the timelock can sign: they are tried as what a proposal or `act` makes."""


OWN_ACCOUNTS: Final = ("timelock", "proposal")
"""Accounts that are looked for first: address 0 can be read, so a lookup that gave none and went on would go on with
something.
"""


class LockSpoofs(Spoofs):
    """Tries wrong ways of each of the timelock's calls that is about to be made."""

    def __init__(self, lock: Lock) -> None:
        super().__init__(lock.site)
        lock.site.watch, lock.watch = None, self

    def ways(self, call: Instruction, right: Call) -> Iterator[tuple[str, str, Call]]:
        """An account that is handed on is called by its place in the call that is made with it."""
        for what, role, wrong in super().ways(call, right):
            pairs = enumerate(zip(right.accounts, wrong.accounts, strict=False))
            at = next((i for i, (one, other) in pairs if one != other), 0) - len(call.roles)
            yield what, role if at < 0 else f"account {at}", wrong

    def attempt(
        self, call: Instruction, what: str, role: str, calls: Sequence[Call], signers: Sequence[Keypair]
    ) -> None:
        self.tried += 1
        try:
            self.site.machine.simulate(calls, *signers, EVE)
        except Refused as error:
            is_own = what == "another" and role in OWN_ACCOUNTS and call.name not in FROM_INSIDE
            if is_own and error.reason != TimelockRefusal.ACCOUNT:
                self.worked.append((call.name, f"refused for {error.reason}", role))
            return
        if (call.name, role) not in HARMLESS or what not in ("another", "stranger"):
            self.worked.append((call.name, what, role))


@upholds("GOV-1", "GOV-2")
def test_calls__every_account_exchanged__none_works() -> None:
    site = Site()
    site.put_keys()
    lock = Lock(site)
    spoofs = LockSpoofs(lock)
    play_lock(lock)
    assert {form.name for form in TIMELOCK_INSTRUCTIONS} - {name for name, *_ in spoofs.seen} == set(FROM_INSIDE)
    assert sorted(set(spoofs.worked)) == []
    assert spoofs.tried >= LEAST_WAYS


@upholds("GOV-2")
def test_governor__a_mint_of_its_own_under_an_id_that_is_a_token_elsewhere__waits() -> None:
    """Alone a governor without a timelock steals so on every other chain: it brings in what it has made itself."""
    lock = open_lock()
    call = lock.register_call(ELSEWHERE, lock.owner.pubkey())
    lock.act(call, refusal=TimelockRefusal.NOT_SWIFT)
    own = lock.governed_call(governed.REGISTER_TOKEN, _places(lock), **_terms())
    for signer in (lock.owner, lock.deployer, lock.stranger):
        places = _places(lock) | {"governor": signer.pubkey(), "payer": signer.pubkey()}
        direct = lock.governed_call(governed.REGISTER_TOKEN, places, **_terms())
        lock.site.send(governed.REGISTER_TOKEN, direct, signer, refusal=Refusal.GOVERNOR)
    planned = plan_call(own)
    lock.machine.fund(lock.timelock.purse, 10**9)
    number = lock.propose(planned)
    for seconds in (0, FOUNDING_SECONDS, GROUP_DELAY_SECONDS - FOUNDING_SECONDS - 1):
        lock.wait(seconds)
        lock.execute(number, planned, refusal=TimelockRefusal.TOO_EARLY)
    lock.wait(1)
    lock.execute(number, planned)


def _places(lock: Lock) -> dict[str, Pubkey]:
    call = lock.register_call(ELSEWHERE, lock.timelock.purse)
    names = [role.name for role in governed.REGISTER_TOKEN.roles]
    return dict(zip(names, (meta.pubkey for meta in call.accounts), strict=True))


def _terms() -> dict[str, int]:
    return {"id": ELSEWHERE, "chains": 0b10, "layer2_decimals": 6, "minimum": 5, "cap": 10**12}
