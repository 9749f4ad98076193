"""Seeded bugs in freeze, facts, exodus and exits: each makes one test of the contracts fail, so each check is there for
a reason. A test passes on the product (it is collected there) and must fail on its mutant.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from inspect import signature

import pytest

from tests.contracts import test_exodus, test_freeze
from tests.support.compile_vyper import Replacements
from tests.support.drafts.rig import Rig, build_rig
from tests.support.evm import Reverted
from tests.support.upholds import upholds
from zklink.l1.contract_artifacts import CONTRACTS

CAUGHT = (AssertionError, Reverted, pytest.fail.Exception)
"""How a test notices: something does not hold, something good is refused, or something bad is not."""

BRIDGE, LEDGER, EXODUS = "Bridge.vy", "SyncLedger.vy", "Exodus.vy"


@dataclass(frozen=True)
class Mutant:
    """`old` occurs exactly once in the file and is replaced by `new`; the test must fail then."""

    promise: str
    file: str
    old: str
    new: str
    caught_by: Callable[..., None]

    def replacements(self) -> Replacements:
        path = CONTRACTS / self.file
        text = path.read_text()
        assert text.count(self.old) == 1 and self.old != self.new, f"stale: {self.old!r}"
        # Without optimizer the largest contract compiles in half the time.
        bridge = CONTRACTS / BRIDGE
        changed = {bridge: bridge.read_text(), path: text}
        changed[path] = text.replace(self.old, self.new)
        changed[bridge] = changed[bridge].replace("# pragma optimize gas", "# pragma optimize none")
        return tuple(changed.items())


# breaks: EXI-1, EXI-2, QUE-2, SYN-7
MUTANTS = {
    "freeze-keeps-what-is-not-accepted": Mutant(
        "SYN-7",
        BRIDGE,
        "    stages.committed = stages.accepted\n",
        "",
        test_freeze.test_freeze_for_request__in_a_block_that_is_not_accepted__freezes,
    ),
    "imports-its-own-slice": Mutant(
        "SYN-7",
        BRIDGE,
        "records.count_of(head.counts, convert(deployment.CHAIN_ID, uint256)) == 0",
        "True",
        test_freeze.test_import__own_slice__is_refused,
    ),
    "imports-another-history": Mutant(
        "SYN-7",
        BRIDGE,
        "staticcall SYNC.frozen_history(head.number) == head.sync_hash",
        "True",
        test_freeze.test_import__block_that_the_primary_never_accepted__is_refused_to_anyone,
    ),
    "executes-above-the-common-block": Mutant(
        "EXI-2",
        BRIDGE,
        "not is_known or stages.executed <= common",
        "True",
        test_exodus.test_execute__above_the_common_block__is_refused,
    ),
    "waiting-not-started-anew": Mutant(
        "QUE-2",
        BRIDGE,
        "stages.waiting_since = block.timestamp if stages.executed < stages.accepted else 0",
        "pass",
        test_freeze.test_waiting_since__every_execution__starts_anew,
    ),
    "second-freeze-counts": Mutant(
        "SYN-7",
        LEDGER,
        "    if freeze.sync_hash != empty(bytes32):\n        assert",
        "    if False:\n        assert",
        test_freeze.test_freeze_message__second_one_that_differs__changes_nothing,
    ),
    "unknown-fact-opened": Mutant(
        "SYN-1",
        LEDGER,
        "self.facts[self._key(source_chain, number, sync_hash)], ",
        "True, ",
        test_freeze.test_open_message__unknown_fact_or_wrong_step__is_refused,
    ),
    "any-fact-of-the-primary-is-history": Mutant(
        "SYN-7",
        LEDGER,
        "source_chain == PRIMARY_CHAIN and self.history[number] == sync_hash",
        "source_chain == PRIMARY_CHAIN",
        test_freeze.test_open_message__a_known_fact__makes_the_earlier_ones_known,
    ),
    "walk-starts-at-the-primary": Mutant(
        "SYN-7",
        LEDGER,
        "walk.number = min(walk.number, frozen[k])",
        "pass",
        test_freeze.test_common_block__above_the_lowest_freeze__is_the_last_that_no_chain_misses,
    ),
    "lowest-freeze-is-the-common-block": Mutant(
        "SYN-7",
        LEDGER,
        "if records.count_of(counts, k) > 0 and frozen[k] <= walk.number:",
        "if frozen[k] <= walk.number:",
        test_freeze.test_common_block__above_the_lowest_freeze__is_the_last_that_no_chain_misses,
    ),
    "header-not-compared": Mutant(
        "SYN-7",
        LEDGER,
        "sync_hash == expected and opened == number",
        "True",
        test_freeze.test_common_block__wrong_header__is_refused,
    ),
    "freeze-missing": Mutant(
        "SYN-7",
        LEDGER,
        'assert freeze.sync_hash != empty(bytes32), "sync: a freeze is missing"',
        "pass",
        test_freeze.test_common_block__a_freeze_is_missing__is_not_known,
    ),
    "request-not-compared": Mutant(
        "QUE-2",
        EXODUS,
        "priority_queue.hash_next(convert(lane, uint256), previous, request) == queue_hash",
        "True",
        test_freeze.test_freeze_for_request__in_an_accepted_block__is_refused,
    ),
    "exodus-before-execution": Mutant(
        "EXI-2",
        EXODUS,
        'assert executed == common, "exodus: blocks to be executed"',
        "pass",
        test_exodus.test_begin_exodus__too_early__is_refused,
    ),
    "consumed-requests-cancelled": Mutant(
        "EXI-2",
        EXODUS,
        "self.settled[constants.ACCOUNT_LANE] = convert(last.account_requests, uint256)",
        "pass",
        test_exodus.test_cancel_requests__consumed_by_the_common_block__is_refused,
    ),
    "cancelled-twice": Mutant(
        "QUE-1",
        EXODUS,
        "    self.settled[key] = last\n",
        "",
        test_exodus.test_cancel_requests__twice_or_not_in_order__is_refused,
    ),
    "cancelled-unseen": Mutant(
        "QUE-1",
        EXODUS,
        "queue_hash == staticcall IBridge(bridge).queue_hash(lane, convert(last, uint64))",
        "True",
        test_exodus.test_cancel_requests__malformed__are_refused,
    ),
    "exit-not-remembered": Mutant(
        "EXI-1",
        EXODUS,
        "    self.exited[key] = True\n",
        "",
        test_exodus.test_exit__unsigned_by_the_owner__is_paid_once,
    ),
    "exit-keyed-without-token": Mutant(
        "EXI-1",
        EXODUS,
        "records.exit_key(e.account, e.token_id)",
        "records.exit_key(e.account, 0)",
        test_exodus.test_exit__unsigned_by_the_owner__is_paid_once,
    ),
    "exit-on-any-chain": Mutant(
        "EXI-1",
        EXODUS,
        'assert e.chain_id == staticcall IBridge(bridge).chain_id(), "exit: for another chain"',
        "pass",
        test_exodus.test_exit__for_another_chain__is_refused,
    ),
    "exit-pushed-by-anybody": Mutant(
        "EXI-1",
        EXODUS,
        'assert e.is_signed or e.recipient == msg.sender, "exit: recipient must send it"',
        "pass",
        test_exodus.test_exit__unsigned_by_somebody_else__is_refused,
    ),
    "exit-without-a-proof": Mutant(
        "VER-6",
        EXODUS,
        """    raw_call(
        verifier,
        abi_encode(proofs, inputs, method_id=method_id("check_proofs(uint256[8][],uint256[5][])")),
        is_static_call=True,
    )
""",
        "",
        test_exodus.test_exit__proof_of_another_statement__is_refused,
    ),
    "exit-with-unused-bits": Mutant(
        "DAT-2",
        EXODUS,
        'assert records.is_exit(x0, recipient_lo, x1), "exit: unused bits"',
        "pass",
        test_exodus.test_exit__unused_bits__are_refused,
    ),
}

STAGES: dict[str, Callable[[Rig], Rig]] = {
    "histories": test_freeze.make_histories,
    "escaping": test_exodus.make_escaping,
    "rig": lambda rig: rig,
}
"""What the fixtures of the tests prepare."""


def play(mutant: Mutant, rig: Rig) -> None:
    """Run the mutant's test on a rig."""
    with rig.rollback():
        (name,) = signature(mutant.caught_by).parameters
        mutant.caught_by(**{name: STAGES[name](rig)})


@lru_cache(maxsize=1)
def rig_of(mutant: Mutant) -> Rig:
    """Bridges with a bug in them; deploying them must still work, or the bug is no bug but a typo."""
    return build_rig(mutant.replacements())


@upholds("SYN-7", "EXI-1", "EXI-2", "QUE-2")
@pytest.mark.parametrize("name", MUTANTS)
def test_mutant__is_caught(name: str) -> None:
    rig = rig_of(MUTANTS[name])
    with pytest.raises(CAUGHT):
        play(MUTANTS[name], rig)


def test_tests__on_the_product__pass(rig: Rig) -> None:
    """The other half: what fails on a mutant holds on the original."""
    for mutant in MUTANTS.values():
        play(mutant, rig)
