"""Where the gas of a transaction goes: by what its instructions do, those of all contracts that it calls.

Takes transactions on py-evm, the reference, while they run; gives gas by kind. A call's own cost is what is left of it
when everything inside is counted apart; a precompiled contract has no instructions, so its call's cost is its own.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unittest.mock import patch

from eth.vm.forks.prague.computation import PragueComputation

from zklink.bench.block_gas import RING
from zklink.bench.block_run import HOME, OTHER, PRIMARY, THIRD, BlockRun
from zklink.bench.user_gas import measure_requests
from zklink.devnet.system import deploy_local_system
from zklink.devnet.world import open_world
from zklink.l1.deployment.deploy import load_verifiers
from zklink.protocol.presets import MAIN, MINIMAL
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.fixed_proofs import FixedProver
from zklink.prover.progress import SILENT, Progress
from zklink.prover.source import Statement

TRANSACTION, CALLDATA = "the transaction itself", "its calldata"
REST, REFUND = "everything else", "given back (EIP-3529)"
KINDS: Final[Mapping[str, str]] = {
    "SSTORE": "storage written",
    "SLOAD": "storage read",
    "TLOAD": "transient storage",
    "TSTORE": "transient storage",
    "KECCAK256": "hashing",
    "SHA3": "hashing",
    "MULMOD": "arithmetic modulo r",
    "ADDMOD": "arithmetic modulo r",
    **dict.fromkeys(("CALL", "STATICCALL", "DELEGATECALL", "EXTCODESIZE", "BALANCE"), "calls of other contracts"),
    **dict.fromkeys((f"LOG{topics}" for topics in range(5)), "events"),
    **dict.fromkeys(
        ("MLOAD", "MSTORE", "MSTORE8", "MCOPY", "CALLDATALOAD", "CALLDATACOPY", "CODECOPY", "RETURNDATACOPY"),
        "memory, calldata read",
    ),
}
PRECOMPILED: Final[Mapping[int, str]] = {
    1: "signatures (ecrecover)",
    6: "proof: points added",
    7: "proof: points multiplied",
    8: "proof: pairings",
}
ORDER: Final = tuple(dict.fromkeys((TRANSACTION, CALLDATA, *PRECOMPILED.values(), *KINDS.values(), REST, REFUND)))
"""The kinds as a table shows them."""
_CALLS: Final = ("CALL", "STATICCALL", "DELEGATECALL")
_BASE, _ZERO_BYTE, _OTHER_BYTE, _MOST_BACK = 21_000, 4, 16, 5


@dataclass(slots=True)
class _Run:
    """What a message to a contract has cost so far, by kind."""

    computation: Any
    gas: Counter[str] = field(default_factory=Counter)


class OpcodeAccount:
    """Counts while it is open."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []
        self._inside = [0]
        """For each instruction that runs now, what those inside it have cost."""

    @contextmanager
    def open(self) -> Iterator[None]:
        own = PragueComputation.opcodes
        with patch.dict(own, {code: self._count(instruction) for code, instruction in own.items()}):
            yield

    def explain(self, gas_used: int) -> dict[str, int]:
        """By kind, what the last message cost that came with a transaction of this gas. KeyError if there is none."""
        for run in reversed(self._runs):
            data = bytes(run.computation.msg.data)
            zeros = data.count(0)
            found = {TRANSACTION: _BASE, CALLDATA: _ZERO_BYTE * zeros + _OTHER_BYTE * (len(data) - zeros), **run.gas}
            before = sum(found.values())
            if gas_used <= before <= gas_used + before // _MOST_BACK:
                return found | {REFUND: gas_used - before}
        raise KeyError(gas_used)

    def forget(self) -> None:
        """Before a transaction that is to be explained."""
        self._runs.clear()

    def _count(self, instruction: Any) -> Callable[[Any], None]:
        def run(computation: Any) -> None:
            if computation.msg.depth == 0 and not (self._runs and self._runs[-1].computation is computation):
                self._runs.append(_Run(computation))
                self._inside = [0]
            kind = _name(instruction.mnemonic, computation)
            before = computation.get_gas_remaining()
            self._inside.append(0)
            try:
                instruction(computation=computation)
            finally:
                spent = before - computation.get_gas_remaining()
                self._runs[-1].gas[kind] += spent - self._inside.pop()
                self._inside[-1] += spent

        return run


def measure_opcodes(progress: Progress = SILENT) -> dict[str, dict[str, int]]:
    """Gas by kind, of each transaction that has a target which is not reached. Some minutes: py-evm is slow."""
    account, found = OpcodeAccount(), dict[str, dict[str, int]]()

    def explain(name: str, act: Callable[[], int]) -> None:
        account.forget()
        found[name] = account.explain(act())
        step.advance()

    provers = {statement: FixedProver(ensure_circuit(MINIMAL, progress, statement)) for statement in Statement}
    with progress.step("Counting instructions on py-evm", 5) as step, open_world("test") as world:
        verifiers = load_verifiers(MINIMAL)
        run = BlockRun(deploy_local_system(world, MAIN, primary=PRIMARY, verifiers=verifiers), provers)
        measure_requests(run)
        with account.open():
            explain("a user's swap", lambda: run.requests.swap_dollars(HOME, OTHER).gas_used)
            run.settle()
            run.requests.swap_dollars(OTHER, THIRD)
            run.seal()
            explain("accept, a block of one swap", run.accept)
            explain("import, the same on a member that it does not concern", lambda: run.import_on(HOME))
            _bring_elsewhere(run)
            for source, destination in [*RING.items()] * (MAIN.slots // len(RING)):
                run.requests.swap_dollars(source, destination)
            run.seal()
            explain("accept, a full block", run.accept)
            explain("import, the same on a member", lambda: run.import_on(HOME))
    return found


def _bring_elsewhere(run: BlockRun) -> None:
    for chain in run.system.deployment.members:
        if chain != HOME:
            run.import_on(chain)


def _name(mnemonic: str, computation: Any) -> str:
    if mnemonic in _CALLS:
        to = computation._stack.values[-2]
        address = int.from_bytes(to, "big") if isinstance(to, bytes) else int(to)
        if address in PRECOMPILED:
            return PRECOMPILED[address]
    return KINDS.get(mnemonic, REST)
