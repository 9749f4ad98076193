"""Gas of how a deployment ends: freezes, END and the contest about it, on the primary and on the home chain.

Takes a run on which every chain has every block and has paid everything, and on which the primary and the home chain
each have one open swap; gives gas by figure. Each story is told on chains that are set back afterwards.
"""

from dataclasses import dataclass
from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.bench.block_run import HOME, PRIMARY, BlockRun
from zklink.bench.evidence import NOBODY, sign, sign_by_both
from zklink.devnet.system import BLOCKS_PER_DAY
from zklink.l1.contracts.ends import EndClient, MemberEndClient, PrimaryEndClient
from zklink.protocol.block_preimage import BlockPlace, compute_full_preimage, compute_member_block
from zklink.protocol.bridge_blocks import FullBlock, MismatchCall, build_block
from zklink.protocol.bridge_hashes import next_sync_hash
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.facts import Accepted, End, EndDenial, Fact, Frozen, Group, Seal
from zklink.protocol.ids import (
    DAY,
    END_WINDOW_SECONDS,
    EXPIRY_SECONDS,
    FREEZE_DELAY_SECONDS,
    SILENCE_SECONDS,
    SLICE_COUNT,
    BlockNumber,
    ChainId,
    Lane,
)

_PATH: Final = 16
_STEPS: Final = (_PATH, 1)


@dataclass(frozen=True, slots=True)
class EndRun:
    """The stories of one run."""

    run: BlockRun

    def measure(self) -> dict[str, int]:
        """All of them."""
        figures: dict[str, int] = {}
        for tell in (
            self._freeze_over_requests,
            self._freeze_over_frozen,
            self._freeze_over_silence,
            self._show_mismatch,
            self._contest_of_watchers,
            self._contest_of_validators,
            self._open_paths,
        ):
            with self.run.system.world.isolated():
                figures |= tell()
        return figures

    # -- freezes -------------------------------------------------------------------------------------------------

    def _freeze_over_requests(self) -> dict[str, int]:
        self._pass(EXPIRY_SECONDS)
        figures: dict[str, int] = {}
        ends: dict[str, EndClient] = {"primary": self._primary, "member": self._member}
        for name, end in ends.items():
            words = self._oldest(end.chain_id)
            figures[f"call a freeze, {name}"] = end.call_freeze(self._stranger, Lane.SWAP, words).gas_used
        self._pass(FREEZE_DELAY_SECONDS)
        for name, end in ends.items():
            figures[f"confirm a freeze, {name}"] = end.confirm_freeze(self._stranger, Lane.SWAP).gas_used
        return figures

    def _freeze_over_frozen(self) -> dict[str, int]:
        """FRZ of the home chain is shown, voided, and shown again."""
        end, shown = self._primary, []
        for round_ in range(2):
            fact = Frozen(HOME, round_)
            shown.append(end.announce_freeze(self._stranger, fact, self._sign(Group.WATCHERS, fact)).gas_used)
            if round_ == 0:
                voided = end.void_freeze(self._governor, HOME).gas_used
        self._pass(FREEZE_DELAY_SECONDS)
        frozen = end.freeze_for(self._stranger, HOME).gas_used
        return {"announce a freeze": shown[0], "void a freeze": voided, "freeze for a member": frozen}

    def _freeze_over_silence(self) -> dict[str, int]:
        self._pass(SILENCE_SECONDS)
        return {"freeze for silence": self._primary.freeze_for_silence(self._stranger).gas_used}

    def _show_mismatch(self) -> dict[str, int]:
        """A block whose request of the home chain is another one than the queue's."""
        sequencer, words = self.run.sequencer, list(self._oldest(HOME))
        words[1] += 1
        slices = tuple(tuple(words) if k == HOME else () for k in range(SLICE_COUNT))
        last = sequencer.record(sequencer.height)
        block = build_block(Lane.SWAP, last.timestamp, tuple(map(len, slices)), last.root + 1, 1)
        domain = compute_lane_domain(self.run.system.deployment.deployment_hash, Lane.SWAP)
        full, number = FullBlock(block, slices), BlockNumber(last.number + 1)
        preimage = compute_full_preimage(full, BlockPlace(domain, number, last.root))
        fact = Accepted(number, next_sync_hash(last.sync_hash, preimage.block_commitment()))
        evidence = sign_by_both(self.run.system, fact)
        call = MismatchCall(compute_member_block(full, preimage, HOME), (), *evidence)
        return {"show a mismatch": self._member.show_mismatch(self._stranger, call).gas_used}

    # -- END -----------------------------------------------------------------------------------------------------

    def _contest_of_watchers(self) -> dict[str, int]:
        """Denied and voided, felled by an ACC, and left alone until it stands."""
        end = self._member
        figures = {"raise END, watchers": self._raise(0, Group.WATCHERS)}
        denial = self._sign(Group.VALIDATORS, self._denial(0))
        figures["deny END, validators"] = end.deny_end(self._stranger, denial).gas_used
        figures["void END"] = end.void_end(self._governor).gas_used
        self._raise(1, Group.WATCHERS)
        figures["deny END, governor"] = end.deny_end(self._governor).gas_used
        above = Accepted(BlockNumber(self._fact(1).number + 1), bytes(31) + b"\1")
        felled = end.fell_end(self._stranger, above, *sign_by_both(self.run.system, above))
        figures["fell END by an ACC above it"] = felled.gas_used
        self._raise(2, Group.WATCHERS)
        self._pass(END_WINDOW_SECONDS)
        figures["let END stand"] = end.stand_end(self._stranger, ()).gas_used
        return figures

    def _contest_of_validators(self) -> dict[str, int]:
        """Raised with the governor, denied by the watchers; then both groups agree."""
        figures = {"raise END, validators and governor": self._raise(0, Group.VALIDATORS)}
        denial = self._sign(Group.WATCHERS, self._denial(0))
        figures["deny END, watchers"] = self._member.deny_end(self._stranger, denial).gas_used
        figures["raise END, both groups"] = raise_end_by_both(self.run, 1)
        return figures

    def _open_paths(self) -> dict[str, int]:
        sequencer, figures = self.run.sequencer, dict[str, int]()
        base = sequencer.record(BlockNumber(0)).place
        top, path = base, sequencer.commitments(BlockNumber(0))
        for count in _STEPS:
            after = top.number
            taken = path[after : after + count]
            ends = (base.number, base.sync_hash), (top.number, top.sync_hash)
            opened = self._member.open_path(self._stranger, *ends, taken)
            figures[f"open a path, {count} block{'s' if count > 1 else ''}"] = opened.gas_used
            top = sequencer.record(BlockNumber(after + count)).place
        return figures

    def _raise(self, round_: int, group: Group) -> int:
        word = self._sign(group, self._fact(round_))
        by_watchers = group is Group.WATCHERS
        evidence = (NOBODY, word) if by_watchers else (word, NOBODY)
        sender = self._stranger if by_watchers else self._governor
        seal = seal_of_last(self.run)
        return self._member.raise_end(sender, self._fact(round_), (), seal, *evidence).gas_used

    def _fact(self, round_: int) -> End:
        return end_of_history(self.run, round_)

    def _denial(self, round_: int) -> EndDenial:
        fact = self._fact(round_)
        return EndDenial(fact.member, fact.number, fact.sync_hash, fact.round)

    # -- actors and time -----------------------------------------------------------------------------------------

    def _sign(self, group: Group, fact: Fact) -> bytes:
        return sign(self.run.system, group, fact)

    def _pass(self, seconds: int) -> None:
        pass_window(self.run, seconds)

    def _oldest(self, chain: ChainId) -> tuple[int, ...]:
        requests = self.run.sequencer.requests
        return requests.get(Lane.SWAP, chain, requests.last_request_id(Lane.SWAP, chain)).words()

    @property
    def _primary(self) -> PrimaryEndClient:
        return self.run.system.bridges[PRIMARY].primary_end

    @property
    def _member(self) -> MemberEndClient:
        return self.run.system.bridges[HOME].member_end

    @property
    def _stranger(self) -> LocalAccount:
        return self.run.system.world.roles.stranger

    @property
    def _governor(self) -> LocalAccount:
        return self.run.system.world.roles.governor


def end_of_history(run: BlockRun, round_: int) -> End:
    """END of the home chain at the last block."""
    last = run.sequencer.record(run.sequencer.height)
    return End(HOME, last.number, last.sync_hash, round_)


def seal_of_last(run: BlockRun) -> bytes:
    """The validators' seal of the last block."""
    last = run.sequencer.record(run.sequencer.height)
    return sign(run.system, Group.VALIDATORS, Seal(last.number, last.sync_hash))


def raise_end_by_both(run: BlockRun, round_: int) -> int:
    """END of the home chain stands at once; gives the gas."""
    fact = end_of_history(run, round_)
    evidence = sign_by_both(run.system, fact)
    end = run.system.bridges[HOME].member_end
    return end.raise_end(run.system.world.roles.stranger, fact, (), seal_of_last(run), *evidence).gas_used


def pass_window(run: BlockRun, seconds: int) -> None:
    """Whole days go by on all chains, with a day's blocks each."""
    run.system.world.advance_time(seconds + 1)
    for chain in run.system.world:
        chain.mine(seconds // DAY * BLOCKS_PER_DAY)
