"""Builds the Solana side of a deployment, step by step, and goes on wherever it was stopped.

Takes the side on paper, a desk and the journal; leaves both programs, the timelock that governs, the bridge with its
tokens, prices and groups, and everything handed over. A step counts as done if the chain shows it. So nothing is done
twice, however often this is killed and started again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from zklink.l1.deployment.deploy import Report
from zklink.l1.deployment.journal import Journal
from zklink.l1.deployment.records import TokenPlan
from zklink.protocol.errors import CodeUnexpected, FoundingOver
from zklink.protocol.facts import Group
from zklink.prover.progress import SILENT, Progress
from zklink.solana.client.loader import set_authority
from zklink.solana.client.node import CONFIRMED
from zklink.solana.client.timelock import TimelockReader
from zklink.solana.deploying.desk import Desk
from zklink.solana.deploying.loader import read_program_data
from zklink.solana.deploying.side import GROUPS, KEY_PIECE_BYTES, ProgramSide, list_members
from zklink.solana.deploying.steps import Steps
from zklink.solana.interface import accounts
from zklink.solana.interface.codec import Layout
from zklink.solana.interface.timelock import accounts as lock_accounts


@dataclass(slots=True)
class ProgramWorks:
    """One run. Raises CodeUnexpected and what `Sender.send` raises; after any of them the same run can be started
    again. `progress` shows how far a program is written.
    """

    side: ProgramSide
    desk: Desk
    journal: Journal
    report: Report = lambda chain, step: None
    progress: Progress = SILENT
    _steps: Steps = field(init=False)

    def __post_init__(self) -> None:
        self._steps = Steps(self.side.chain, self.side.place.name, self.desk, self.journal, self.report)

    def load(self) -> None:
        """Both programs, as programs: from here on nobody else can have their addresses."""
        self._steps.begin()
        keys = (self.desk.program, self.desk.timelock)
        for loading, key in zip(self.side.loadings, keys, strict=True):
            loading.load(self._steps, key, self.progress)

    def found(self) -> None:
        """Queues, keys, the timelock, the bridge with its doors still closed, prices, tokens; the right to upgrade is
        handed over; then the groups. The doors open in the transaction that ends the founding: nobody can do anything
        at once any more when the first request comes. Raises FoundingOver if that week has run out before.
        """
        self._steps.begin()
        side = self.side
        for step, queue in (("swap queue", side.swap_queue), ("account queue", side.account_queue)):
            self._steps.make(step, queue)
        self._put_keys()
        self._make_timelock()
        if self._find_bridge() is None:
            self._steps.send("init", [side.init()])
        else:
            self._steps.note("init")
        self._set_prices()
        for token in side.plan.tokens:
            self._register(token)
        self._give_authority()
        validators, watchers = GROUPS
        self._govern(validators.name.lower(), self._is_group(validators), [side.found_group(validators)])
        self._open_doors(watchers)

    def _put_keys(self) -> None:
        """The keys' account is made in the transaction of its first write: before, a stranger could take it."""
        account, keys, steps = self.side.keys_account, self.side.keys, self._steps
        [found] = steps.read(account.key)
        is_made = found is not None and found.owner == str(account.owner)
        held = found.data[8:] if found is not None and is_made else b""
        for at in range(0, len(keys), KEY_PIECE_BYTES):
            making = [] if is_made or at else account.make(steps.rent(account.size), found.lamports if found else 0)
            is_written = held[at : at + KEY_PIECE_BYTES] == keys[at : at + KEY_PIECE_BYTES]
            self._do(f"keys {at}", is_written, [*making, self.side.put_keys(at)])

    def _make_timelock(self) -> None:
        """Made and final in one transaction: a program that could be replaced could forget its delay."""
        self._do("timelock", self._find_timelock() is not None, self.side.make_timelock())

    def _set_prices(self) -> None:
        """All prices at once, while nobody needs notice; then who may set them within which bounds."""
        side, bridge, lock = self.side, self._known_bridge(), self._known_timelock()
        wrong = [entry for entry in side.terms.prices if bridge["next_prices"][entry.kind] != entry.price_gwei]
        self._govern("prices", not wrong, [side.set_price(entry) for entry in wrong])
        loose = [
            entry
            for entry in side.terms.prices
            if (lock["lows"][entry.kind], lock["highs"][entry.kind]) != (entry.low, entry.high)
        ]
        self._govern("bounds", not loose, [side.bound_price(entry) for entry in loose])
        is_set = lock["setter"] == bytes(Pubkey.from_string(side.terms.setter))
        self._govern("setter", is_set, [side.name_setter()])

    def _register(self, token: TokenPlan) -> None:
        [found] = self._steps.read(self.side.token(token))
        is_registered = found is not None and found.owner == str(self.side.program.id)
        self._govern(f"token {token.token_id}", is_registered, self.side.register(token))

    def _give_authority(self) -> None:
        """The timelock may upgrade the program, or nobody."""
        side = self.side
        [found] = self._steps.read(side.loadings[0].data)
        loaded = None if found is None else read_program_data(found.data)
        is_given = loaded is not None and loaded.authority == side.heir
        self._do("authority", is_given, [set_authority(side.loadings[0].data, side.payer, side.heir)])

    def _is_group(self, group: Group) -> bool:
        """Whether a group is founded. Raises CodeUnexpected if it is another one."""
        name, known, planned = group.name.lower(), self._known_bridge(), self.side.group(group)
        count, threshold = (known[f"group_{what}"][group - 1] for what in ("counts", "thresholds"))
        if count and (known[name][:count], threshold) != (list_members(planned), planned.threshold):
            raise CodeUnexpected(self.side.place.name, f"the group of {name}", str(self.side.program.bridge))
        return bool(count)

    def _open_doors(self, last: Group) -> None:
        """In one transaction: the last group, with which the doors open; the owner may take the timelock over; the
        founding ends. While it lasts whoever owns the timelock could let it upgrade the program at once.
        """
        side, lock = self.side, self._known_timelock()
        owner = bytes(Pubkey.from_string(side.terms.owner))
        missing = [] if self._is_group(last) else [side.found_group(last)]
        if owner not in (lock["owner"], lock["coming_owner"]):
            missing.append(side.name_owner())
        is_done = not missing and not self._is_founding()
        self._govern("founding", is_done, [*missing, side.close_founding()])

    def _govern(self, step: str, is_done: bool, calls: Sequence[Instruction]) -> None:
        """Calls that the timelock makes at once, while it is founded."""
        if not is_done and not self._is_founding():
            raise FoundingOver(self.side.place.name, step, str(self.side.lock.address))
        self._do(step, is_done, calls)

    def _is_founding(self) -> bool:
        return TimelockReader(self.desk.node, self.side.lock).is_founding(CONFIRMED)

    def _do(self, step: str, is_done: bool, calls: Sequence[Instruction]) -> None:
        if is_done:
            self._steps.note(step)
        else:
            self._steps.send(step, calls)

    # -- what is there -------------------------------------------------------------------------------------------

    def _known_bridge(self) -> Mapping[str, Any]:
        return self._known(self._find_bridge(), "bridge", self.side.program.bridge)

    def _known_timelock(self) -> Mapping[str, Any]:
        return self._known(self._find_timelock(), "timelock", self.side.lock.address)

    def _known(self, found: Mapping[str, Any] | None, what: str, address: Pubkey) -> Mapping[str, Any]:
        if found is None:
            raise CodeUnexpected(self.side.place.name, f"the {what}", str(address))
        return found

    def _find_bridge(self) -> Mapping[str, Any] | None:
        return self._find(self.side.program.bridge, self.side.program.id, accounts.BRIDGE)

    def _find_timelock(self) -> Mapping[str, Any] | None:
        return self._find(self.side.lock.address, self.side.lock.id, lock_accounts.TIMELOCK)

    def _find(self, key: Pubkey, program: Pubkey, layout: Layout) -> Mapping[str, Any] | None:
        """An account of a program; None where there is none yet."""
        [found] = self._steps.read(key)
        if found is None or found.owner != str(program) or len(found.data) != layout.size:
            return None
        return layout.unpack(found.data)
