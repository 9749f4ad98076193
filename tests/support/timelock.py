"""A timelock on a chain of its own, with a contract that it governs."""

from dataclasses import dataclass

from tests.support.compile_vyper import Replacements, load
from tests.support.evm import EvmChain, EvmContract, Reverted
from tests.support.three_chains import BLOCKS_PER_DAY, GOVERNOR, SEQUENCER, START_TIME, STRANGER, ZERO
from zklink.protocol.ids import GROUP_DELAY_SECONDS

SALT = bytes([0x5A] * 32)
Call = tuple[str, int, bytes]
SWIFT: tuple[tuple[str, *tuple[object, ...]], ...] = (("refuse",), ("call_back", ZERO, b"", 0))
"""Functions of the governed contract that the owner calls at once, with arguments."""


@dataclass
class Lock:
    """A timelock that is owned by GOVERNOR, and a contract that it governs; `note` and `note_long` are not swift."""

    evm: EvmChain
    timelock: EvmContract
    governed: EvmContract

    def note(self, number: int, value: int = 0) -> Call:
        """A call that notes a number."""
        return self.call("note", number, value=value)

    def call(self, function: str, *arguments: object, value: int = 0, to: EvmContract | None = None) -> Call:
        target = to or self.governed
        return target.address, value, target.encode(function, *arguments)

    def propose(self, *calls: Call, salt: bytes = SALT, sender: str = GOVERNOR) -> bytes:
        return bytes(self.timelock.propose(list(calls), salt, sender=sender))

    def execute(self, *calls: Call, salt: bytes = SALT, sender: str = STRANGER, value: int = 0) -> bytes:
        return bytes(self.timelock.execute(list(calls), salt, sender=sender, value=value))

    def carry_out(self, *calls: Call) -> None:
        """Propose, wait, execute."""
        self.propose(*calls)
        self.evm.time += GROUP_DELAY_SECONDS
        self.execute(*calls, value=sum(call[1] for call in calls))

    def act(self, function: str, *arguments: object, sender: str = GOVERNOR) -> None:
        self.timelock.act(self.governed.address, self.governed.encode(function, *arguments), sender=sender)

    @property
    def numbers(self) -> list[int]:
        """What was noted."""
        found: list[int] = []
        while True:
            try:
                found.append(int(self.governed.numbers(len(found))))
            except Reverted:
                return found


def deploy_lock(replacements: Replacements = (), is_founding: bool = False) -> Lock:
    """On a chain of its own; `refuse` and `call_back` are swift."""
    evm = EvmChain(1, START_TIME, is_roomy=bool(replacements))
    for account in (GOVERNOR, SEQUENCER, STRANGER):
        evm.fund(account)
    governed = evm.deploy(GOVERNOR, load("Governed"))
    swift = [(governed.address, governed.encode(name, *arguments)[:4]) for name, *arguments in SWIFT]
    timelock = evm.deploy(GOVERNOR, load("Timelock", replacements), GOVERNOR, BLOCKS_PER_DAY, swift)
    if not is_founding:
        timelock.close_founding(sender=GOVERNOR)
    return Lock(evm, timelock, governed)
