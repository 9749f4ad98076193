"""The lifetime machine has teeth: each seeded bug, in a contract or in the transition, breaks one of its laws."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.properties.lifetime.actors import Stage, build_stage
from tests.properties.lifetime.machine import Lifetime
from tests.support.evm import Reverted
from tests.support.mutants import Mutant
from tests.support.tries import no_fewer
from tests.support.upholds import upholds
from zklink.lab.machines import Run, run_machine
from zklink.operations.full_exit import FullExitRequest
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import Amount, ChainId
from zklink.state.rows import TokenRow
from zklink.state.state import State
from zklink.transition import exit as exits
from zklink.transition import full_exit, remove_liquidity, withdraw

CAUGHT = (AssertionError, Reverted, ZkLinkError)
"""How the machine notices: a law is broken, something good is refused, or the transition itself cannot go on."""


class FewLives(Lifetime):
    """Some lives, in which a bug must be found."""

    examples = 15


def seeded(name: str, promise: str, file: str, old: str, new: str) -> Mutant:
    """A bug in a contract, to be caught by the machine."""
    return Mutant(name, promise, file, old, new, "lifetime/test_machine::TestLifetime")


GIVE_BACK = "extcall IBridge(bridge).release_fee(lane, receiver, fee_gwei)"
OWNER = "convert(request[1] % 2**160, address)"
# breaks: SOL-1, SOL-4, EXI-1, EXI-2, EXI-3, OWN-1, SYN-4, SYN-9, CIR-6
CONTRACTS = (
    seeded(
        "refunded-to-the-owner",
        "SOL-4",
        "Exodus.vy",
        "release(token_id, receiver, amount)",
        f"release(token_id, receiver if key == constants.SWAP_LANE else {OWNER}, amount)",
    ),
    seeded("cancelled-twice", "EXI-2", "Exodus.vy", "    self.settled[key] = last\n", ""),
    seeded("exited-twice", "EXI-1", "Exodus.vy", "    self.exited[key] = True\n", ""),
    seeded(
        "exit-pushed-by-a-stranger",
        "EXI-1",
        "Exodus.vy",
        "e.is_signed or is_own",
        "e.is_signed or not is_own or is_own",
    ),
    seeded("exodus-before-execution", "EXI-2", "MemberEnd.vy", " and tip.unpaid == 0", ""),
    seeded(
        "exodus-before-the-last-block",
        "SYN-9",
        "MemberEnd.vy",
        "tip.number == end_contest.state.number",
        "tip.number <= end_contest.state.number",
    ),
    seeded("end-without-a-window", "SYN-9", "MemberEnd.vy", "assert end_contest.is_window_over()", "assert True"),
    seeded(
        "key-without-consent",
        "CIR-6",
        "modules/owner_consents.vy",
        "convert(signer, uint256) == owner",
        "convert(signer, uint256) != 0",
    ),
    seeded(
        "custody-not-lowered-by-release", "SOL-1", "modules/payments.vy", "    custody.debit(token_id, amount)\n", ""
    ),
    seeded("fee-kept-at-the-end", "EXI-3", "Exodus.vy", "if fee_gwei > 0:", "if fee_gwei > 2**40:"),
    seeded(
        "fee-given-back-twice", "SOL-1", "Exodus.vy", f"            {GIVE_BACK}\n", f"            {GIVE_BACK}\n" * 2
    ),
    seeded(
        "fee-given-back-and-still-open",
        "SOL-1",
        "modules/priority_queue.vy",
        "unsafe_sub(self.packed_counts[lane], fee_gwei << FEES_SHIFT)",
        "unsafe_sub(self.packed_counts[lane], 0)",
    ),
    seeded(
        "contract-acts-as-a-person",
        "OWN-1",
        "modules/acting.vy",
        "return self.bind(msg.sender, chain_id)",
        "return convert(msg.sender, uint256)",
    ),
    seeded(
        "deposit-for-a-contract-unbound",
        "OWN-1",
        "modules/acting.vy",
        "return not account.is_contract or",
        "return True or not account.is_contract or",
    ),
    seeded(
        "removed-member-still-has-a-word",
        "SYN-4",
        "modules/group_members.vy",
        "    self.group_of[member] = 0\n    self.lists[group] = kept\n",
        "    self.lists[group] = kept\n",
    ),
    seeded(
        "replaced-members-still-have-a-word",
        "SYN-4",
        "modules/group_members.vy",
        "    for member: address in self.lists[group]:\n        self.group_of[member] = 0\n",
        "",
    ),
    seeded(
        "replaced-within-the-delay",
        "SYN-4",
        "Groups.vy",
        "assert windows.is_over(began_at, began_in, constants.GROUP_DELAY_SECONDS)",
        "assert windows.is_over(began_at, began_in, constants.DAY)",
    ),
    seeded("owed-after-execution", "EXI-2", "modules/settlement.vy", "    self.owed[number] = left\n", ""),
)

supply_as_it_was = remove_liquidity._plan
withdrawn_as_it_was = withdraw._plan
claims_as_they_were = exits.compute_claims


def _supply_kept(*args: object) -> object:
    plan = supply_as_it_was(*args)  # type: ignore[arg-type]
    assert plan.pool is not None
    return replace(plan, pool=replace(plan.pool, lp_supply=plan.pool.lp_supply - plan.change_shares))


def _reserve_kept(*args: object) -> object:
    return replace(withdrawn_as_it_was(*args), reserve_change=0)  # type: ignore[arg-type]


def _rounded_up(amount: int, row: TokenRow, chain: ChainId) -> Amount:
    total = sum(row.reserves)
    return Amount(-(-amount * row.reserve(chain) // total) if total else 0)


def _fees_forgotten(state: State, account: int, token: int) -> object:
    twin = state.copy()
    if token < state.preset.lp_base:
        twin.set_token(token, replace(state.token(token), fees=0))  # type: ignore[arg-type]
    return claims_as_they_were(twin, account, token)  # type: ignore[arg-type]


def _anybodys(state: State, request: FullExitRequest) -> bool:
    return True


Bug = tuple[object, str, Callable[..., object]]
"""A module, a function in it, and what stands in its place."""

# breaks: SOL-2, EXI-1
TRANSITION: dict[str, Bug] = {
    "supply-not-reduced-by-a-removal": (remove_liquidity, "_plan", _supply_kept),
    "withdrawal-leaves-the-reserve": (withdraw, "_plan", _reserve_kept),
    "exit-rounded-up": (exits, "compute_share", _rounded_up),
    "exit-without-fees": (exits, "compute_claims", _fees_forgotten),
    "exit-of-anybodys-account": (full_exit, "is_of_owner", _anybodys),
}


def play(stage: Stage) -> None:
    """Some lives on a stage, until one breaks a law."""
    run_machine(FewLives, no_fewer(Run(shrinks=False)), stage)


@upholds("SOL-1", "SOL-2", "SOL-4", "EXI-1", "EXI-2", "EXI-3", "OWN-1", "SYN-4", "SYN-9")
class TestTeeth:
    """No seeded bug survives a few lives."""

    @pytest.fixture(scope="class")
    def stage(self) -> Stage:
        return build_stage()

    @pytest.mark.parametrize("mutant", CONTRACTS, ids=lambda mutant: mutant.name)
    def test_contracts__seeded_bug__breaks_a_law(self, mutant: Mutant) -> None:
        stage = build_stage(mutant.replacements())
        with pytest.raises(CAUGHT) as caught:
            play(stage)
        story = "\n".join(caught.value.__notes__)
        assert re.search(r"depositor [12] deposits \d+ \w+ on chain [ABC] for \w+", story), story

    @pytest.mark.parametrize("name", TRANSITION)
    def test_transition__seeded_bug__breaks_a_law(
        self, name: str, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(*TRANSITION[name])
        with pytest.raises(CAUGHT):
            play(stage)
