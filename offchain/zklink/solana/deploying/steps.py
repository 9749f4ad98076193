"""The steps of a deployment on a Solana chain: each kept before a node gets it, and noted once it has landed.

Takes calls and the name of their step; leaves a journal from which whoever is started again goes on: what a transaction
became whose answer was lost is asked for first, and a step that the chain shows is only noted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from zklink.l1.deployment.deploy import Report
from zklink.l1.deployment.dossier import PROGRAM_BEGUN
from zklink.l1.deployment.journal import Done, Journal, KeptWire
from zklink.protocol.errors import TransactionReverted
from zklink.protocol.ids import ChainId
from zklink.solana.client.node import CONFIRMED, AccountData
from zklink.solana.client.sending import Sender, Submission
from zklink.solana.deploying.desk import Desk
from zklink.solana.deploying.seeded import Seeded


@dataclass(slots=True)
class Steps:
    """The steps of one chain. Raises what `Sender.send` raises."""

    chain: ChainId
    name: str
    desk: Desk
    journal: Journal
    report: Report
    _sender: Sender = field(init=False)

    def __post_init__(self) -> None:
        desk = self.desk
        self._sender = Sender(desk.node, desk.payer, price=desk.unit_price, keep=self._keep, pause=desk.pause)

    def begin(self) -> None:
        """What was sent before this run lands now, or never; and before the first run nothing was there."""
        for kept in self.journal.wires(self.chain):
            submission = Submission(kept.step, kept.wire, kept.signature, kept.last_valid_height)
            try:
                receipt = self._sender.follow(submission)
            except TransactionReverted:
                receipt = None
            if receipt is not None:
                done = Done(self.chain, kept.step, receipt.tx_id, receipt.height, receipt.fee)
                self.journal.finish(done)
            self.journal.drop_wire(self.chain, kept.signature)
        if (self.chain, PROGRAM_BEGUN) not in self.journal.done:
            self.journal.finish(Done(self.chain, PROGRAM_BEGUN, "", self.desk.node.slot(), 0))

    def send(self, step: str, calls: Sequence[Instruction], *signers: Keypair) -> None:
        """Let a step take effect, and note it."""
        self.report(self.name, step)
        receipt = self._sender.send(step, calls, signers)
        self.journal.finish(Done(self.chain, step, receipt.tx_id, receipt.height, receipt.fee))
        for kept in self.journal.wires(self.chain):
            self.journal.drop_wire(self.chain, kept.signature)

    def note(self, step: str) -> None:
        """The chain shows a step, whose transaction nobody may have seen land."""
        if (self.chain, step) not in self.journal.done:
            self.journal.finish(Done(self.chain, step, "", 0, 0))

    def make(self, step: str, account: Seeded, *calls: Instruction) -> None:
        """Make an account at its place if it is not there; `calls` in the same transaction."""
        [found] = self.read(account.key)
        if found is not None and found.owner == str(account.owner):
            self.note(step)
            return
        making = account.make(self.rent(account.size), found.lamports if found else 0)
        self.send(step, [*making, *calls])

    def read(self, *keys: Pubkey) -> list[AccountData | None]:
        """Accounts as they are confirmed. Raises RpcUnavailable."""
        return self.desk.node.accounts([str(key) for key in keys], CONFIRMED)[1]

    def rent(self, size: int) -> int:
        """What an account of so many bytes must hold, in lamports."""
        return int(self.desk.node.call("getMinimumBalanceForRentExemption", size))

    def _keep(self, submission: Submission) -> None:
        kept = KeptWire(submission.call, submission.wire, submission.signature, submission.last_valid_height)
        self.journal.keep_wire(self.chain, kept)
