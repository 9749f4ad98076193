"""Builds the Solana side of a deployment, step by step, and goes on wherever it was stopped.

Takes the side on paper, the keys of program and payer, a node, and the journal; leaves the program, the bridge, its
tokens, prices and groups as planned. What a transaction became whose answer was lost is asked for first; a step counts
as done if the chain shows it. So nothing is done twice, however often this is killed and started again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from zklink.l1.deployment.deploy import Report
from zklink.l1.deployment.dossier import PROGRAM_BEGUN
from zklink.l1.deployment.journal import Done, Journal, KeptWire
from zklink.l1.deployment.records import TokenPlan
from zklink.protocol.errors import CodeUnexpected, TransactionReverted
from zklink.protocol.facts import Group
from zklink.prover.progress import SILENT, Progress
from zklink.solana.client.node import CONFIRMED, AccountData
from zklink.solana.client.sending import Sender, Submission
from zklink.solana.deploying import loader
from zklink.solana.deploying.desk import Desk
from zklink.solana.deploying.seeded import Seeded, make_keyed
from zklink.solana.deploying.side import GROUPS, KEY_PIECE_BYTES, ProgramSide, list_members
from zklink.solana.deploying.upload import Uploader
from zklink.solana.interface import accounts

PROGRAM: Final = "program"


@dataclass(slots=True)
class ProgramWorks:
    """One run. Raises CodeUnexpected, what `Sender.send` raises; after any of them the same run can be started again.
    `progress` shows how far a program is written.
    """

    side: ProgramSide
    desk: Desk
    journal: Journal
    report: Report = lambda chain, step: None
    progress: Progress = SILENT
    _sender: Sender = field(init=False)

    def __post_init__(self) -> None:
        desk = self.desk
        self._sender = Sender(desk.node, desk.payer, price=desk.unit_price, keep=self._keep, pause=desk.pause)

    @property
    def name(self) -> str:
        """The chain's."""
        return self.side.place.name

    def load(self) -> None:
        """The program, as a program: from here on nobody else can have its address."""
        self._follow()
        if (self.side.chain, PROGRAM_BEGUN) not in self.journal.done:
            self.journal.finish(Done(self.side.chain, PROGRAM_BEGUN, "", self.desk.node.slot(), 0))
        if not self._is_loaded():
            self._upload()
            self._deploy()

    def found(self) -> None:
        """Queues, keys, the bridge with its doors still closed, prices, tokens; the groups last: with them it opens."""
        self._follow()
        side = self.side
        for name, queue in (("swap queue", side.swap_queue), ("account queue", side.account_queue)):
            self._make(name, queue)
        self._put_keys()
        self._init()
        self._set_prices()
        for token in side.plan.tokens:
            self._register(token)
        for group in GROUPS:
            self._found_group(group)

    # -- the program ---------------------------------------------------------------------------------------------

    def _is_loaded(self) -> bool:
        """Whether the program is there. Raises CodeUnexpected if it is another one."""
        there, held = self._read(self.side.program.id, self.side.program_data)
        if there is None or not there.data:
            return False
        loaded = None if held is None else loader.read_program_data(held.data)
        if loaded is None or loaded.code != self.side.code:
            raise CodeUnexpected(self.name, "the program", str(self.side.program.id))
        self._note(PROGRAM)
        return True

    def _upload(self) -> None:
        """Write the code into its buffer, piece by piece; what is there already is not written again."""
        buffer, payer = self.side.buffer, self.side.payer
        self._make("buffer", buffer, loader.initialize_buffer(buffer.key, payer))
        self.report(self.name, "upload")
        Uploader(self.desk, buffer.key, self.side.code).run(self.progress)

    def _deploy(self) -> None:
        side, payer, there = self.side, self.side.payer, self.side.program.id
        rent = self._rent(loader.PROGRAM_BYTES)
        [found] = self._read(there)
        making = make_keyed(payer, there, loader.LOADER, loader.PROGRAM_BYTES, rent, found.lamports if found else 0)
        call = loader.deploy(payer, there, side.buffer.key, payer, len(side.code))
        self._send(PROGRAM, [*making, call], str(there), self.desk.program)

    # -- the bridge ----------------------------------------------------------------------------------------------

    def _make(self, step: str, account: Seeded, *calls: Instruction) -> None:
        """Make an account at its place if it is not there; `calls` in the same transaction."""
        [found] = self._read(account.key)
        if found is not None and found.owner == str(account.owner):
            self._note(step, str(account.key))
            return
        making = account.make(self._rent(account.size), found.lamports if found else 0)
        self._send(step, [*making, *calls], str(account.key))

    def _put_keys(self) -> None:
        """The keys' account is made in the transaction of its first write: before, a stranger could take it."""
        account, keys = self.side.keys_account, self.side.keys
        [found] = self._read(account.key)
        is_made = found is not None and found.owner == str(account.owner)
        held = found.data[8:] if found is not None and is_made else b""
        for at in range(0, len(keys), KEY_PIECE_BYTES):
            step, piece = f"keys {at}", keys[at : at + KEY_PIECE_BYTES]
            making = [] if is_made or at else account.make(self._rent(account.size), found.lamports if found else 0)
            if held[at : at + KEY_PIECE_BYTES] == piece:
                self._note(step)
            else:
                self._send(step, [*making, self.side.put_keys(at)], str(account.key))

    def _init(self) -> None:
        if self._bridge() is None:
            self._send("init", [self.side.init(self._governor)], str(self.side.program.bridge))
        else:
            self._note("init", str(self.side.program.bridge))

    def _set_prices(self) -> None:
        """All prices at once, while nobody needs notice."""
        known = self._known_bridge()["next_prices"]
        wrong = [kind for kind, price in self.side.terms.prices.items() if known[kind] != price]
        if wrong:
            self._send("prices", [self.side.set_price(self._governor, kind) for kind in wrong])
        else:
            self._note("prices")

    def _register(self, token: TokenPlan) -> None:
        side, step = self.side, f"token {token.token_id}"
        [found] = self._read(side.token(token))
        if found is not None and found.owner == str(side.program.id):
            self._note(step)
        else:
            self._send(step, side.register(self._governor, token))

    def _found_group(self, group: Group) -> None:
        name, known = group.name.lower(), self._known_bridge()
        count = known["group_counts"][group - 1]
        if not count:
            self._send(name, [self.side.found_group(self._governor, group)])
            return
        members = known[name][:count]
        if members != list_members(self.side.group(group)):
            raise CodeUnexpected(self.name, f"the group of {name}", str(self.side.program.bridge))
        self._note(name)

    @property
    def _governor(self) -> Pubkey:
        """Who governs while the bridge is founded."""
        return self.side.payer

    def _known_bridge(self) -> dict[str, Any]:
        known = self._bridge()
        if known is None:
            raise CodeUnexpected(self.name, "the bridge", str(self.side.program.bridge))
        return known

    def _bridge(self) -> dict[str, Any] | None:
        """What the bridge says; None where there is none yet."""
        [found] = self._read(self.side.program.bridge)
        if found is None or found.owner != str(self.side.program.id):
            return None
        return accounts.BRIDGE.unpack(found.data)

    # -- sending -------------------------------------------------------------------------------------------------

    def _send(self, step: str, calls: Sequence[Instruction], address: str = "", *signers: Keypair) -> None:
        self.report(self.name, step)
        receipt = self._sender.send(step, calls, signers)
        self.journal.finish(Done(self.side.chain, step, receipt.tx_id, receipt.height, receipt.fee, address))
        for kept in self.journal.wires(self.side.chain):
            self.journal.drop_wire(self.side.chain, kept.signature)

    def _note(self, step: str, address: str = "") -> None:
        """The chain shows a step whose transaction nobody has seen land."""
        if (self.side.chain, step) not in self.journal.done:
            self.journal.finish(Done(self.side.chain, step, "", 0, 0, address))

    def _keep(self, submission: Submission) -> None:
        kept = KeptWire(submission.call, submission.wire, submission.signature, submission.last_valid_height)
        self.journal.keep_wire(self.side.chain, kept)

    def _follow(self) -> None:
        """What was sent before this run began lands now, or never."""
        for kept in self.journal.wires(self.side.chain):
            submission = Submission(kept.step, kept.wire, kept.signature, kept.last_valid_height)
            try:
                receipt = self._sender.follow(submission)
            except TransactionReverted:
                receipt = None
            if receipt is None:
                self.journal.drop_wire(self.side.chain, kept.signature)
            else:
                done = Done(self.side.chain, kept.step, receipt.tx_id, receipt.height, receipt.fee)
                self.journal.finish(done)
                self.journal.drop_wire(self.side.chain, kept.signature)

    def _read(self, *keys: Pubkey) -> list[AccountData | None]:
        return self.desk.node.accounts([str(key) for key in keys], CONFIRMED)[1]

    def _rent(self, size: int) -> int:
        return int(self.desk.node.call("getMinimumBalanceForRentExemption", size))
