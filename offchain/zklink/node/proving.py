"""Has sealed blocks proven, several at a time.

Takes sealed blocks and the node's knowledge; starts a job for each block, the lowest first, and notes the proofs. Runs
on the thread that calls `Node.step`; only the proofs run on workers.
"""

from zklink.node.dispatcher import Dispatcher
from zklink.node.events import BlockProven
from zklink.node.knowledge import Knowledge
from zklink.node.ports import BlockProver, Proved
from zklink.node.reporter import Reporter
from zklink.protocol.ids import BlockNumber
from zklink.sequencer.sealed_block import SealedBlock
from zklink.sequencer.sequencer import Sequencer


class Proving:
    """Gives each of `slots` workers a block. A prover may let some of them wait for a core after their witness."""

    def __init__(
        self,
        sequencer: Sequencer,
        known: Knowledge,
        prover: BlockProver,
        dispatcher: Dispatcher,
        reporter: Reporter,
        slots: int,
    ) -> None:
        self._sequencer, self._known, self._prover = sequencer, known, prover
        self._dispatcher, self._reporter, self._slots = dispatcher, reporter, slots
        self._taken: dict[int, SealedBlock] = {}
        """The block that each worker has."""

    def unproven(self) -> list[SealedBlock]:
        """Sealed blocks without a proof that some chain still needs, so that a restart does not prove all of history
        again. A chain that has not answered yet needs none.
        """
        known = self._known
        done = min((known.counters[chain].accepted for chain in known.asked), default=self._sequencer.height)
        return [block for block in self._sequencer.blocks(done) if block.number not in known.proofs]

    def start(self) -> None:
        """Give every free worker the next block."""
        taken = list(self._taken.values())
        waiting = [block for block in self.unproven() if not any(block is other for other in taken)]
        for slot in range(self._slots):
            if slot in self._taken or waiting:
                self._run(slot, self._taken.get(slot) or waiting.pop(0))

    def _run(self, slot: int, sealed: SealedBlock) -> None:
        """Let a worker prove a block, if it is not at it. A block that was unsealed meanwhile is left."""
        if not self._is_wanted(sealed):
            self._taken.pop(slot, None)
            return
        self._taken[slot] = sealed

        def done(proved: Proved) -> bool:
            self._taken.pop(slot, None)
            self._enter(sealed, proved)
            return True

        self._dispatcher.start(f"prove {slot + 1}", lambda: self._prover.prove(sealed.block), done, 0.0)

    def _is_wanted(self, sealed: SealedBlock) -> bool:
        number, sequencer = sealed.number, self._sequencer
        return sequencer.settled < number <= sequencer.height and sequencer.block(number) is sealed

    def _enter(self, sealed: SealedBlock, proved: Proved) -> None:
        if self._is_wanted(sealed):
            self._known.proofs[BlockNumber(sealed.number)] = proved.proof
            now, number = self._reporter.now(), sealed.number
            self._reporter.emit(BlockProven(now, number, proved.witness_seconds, proved.proof_seconds))
