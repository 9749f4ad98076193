"""What must have come out when a deployment has ended, computed from the line of blocks, apart from the contracts."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from tests.properties.lifetime.actors import PRESET, genesis_state
from tests.properties.lifetime.life import Life, LineBlock, Place, Queue
from tests.support.books.chains import TOKEN_NAMES
from tests.support.books.diary import Diary, name_chain, name_place, say
from tests.support.three_chains import CHAINS, PRIMARY
from zklink.lab.machines import Dice
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.payout import Payout
from zklink.operations.requests import Request
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import OPERATOR_ACCOUNT, AccountId, BlockNumber, ChainId, Kind, Lane, TokenId
from zklink.state.state import State
from zklink.transition.replay.replay_block import PublishedBlock, replay_block


@dataclass
class Ending:
    """What has been done at the end of a life, and the laws of it."""

    life: Life
    dice: Dice
    count: Callable[[str], None]
    late: Callable[[ChainId, Dice], None]
    """What may still happen before the end: an import, an execution."""

    exits: Counter[Place] = field(default_factory=Counter)
    paid: Counter[tuple[AccountId, TokenId, TokenId]] = field(default_factory=Counter)

    @property
    def diary(self) -> Diary:
        """The life's."""
        return self.life.diary

    def check_ends(self, common: int) -> None:
        """SOL-4, EXI-2: every request has exactly one end; what is paid is what blocks up to F say, once."""
        life, ends = self.life, Counter[tuple[Queue, int]]()
        due: set[Payout] = set()
        for step in life.line[1 : common + 1]:
            due |= set(step.payouts)
            assert len(due) == sum(len(s.payouts) for s in life.line[1 : step.number + 1])
            assert step.link is not None
            for request in dict.fromkeys(step.requests):
                lane = Lane.SWAP if isinstance(request, SwapRequest) else Lane.ACCOUNT
                if request.words() in step.link.requests(request.source):
                    ends[(lane, request.source), request.request_id] += 1
                self.check_end(step, request)
        done = set(life.executed.values())
        self.diary.check("owed up to the last block and not executed", say([*(due - done)]), "nothing")
        self.diary.check("executed and not owed up to the last block", say([*(done - due)]), "nothing")
        ends.update(life.cancelled)
        for queue, requests in life.queues.items():
            lane, chain = queue
            found = [ends.pop((queue, request.request_id), 0) for request in requests]
            self.diary.check(f"ends of each request of lane {lane} of {name_chain(chain)}", found, [1] * len(requests))
        assert not ends

    def check_end(self, step: LineBlock, request: Request) -> None:
        """One payout for a swap, one for each serving of a full exit; nobody takes out of another's account."""
        if isinstance(request, SwapRequest):
            kinds = (Kind.SWAP_PAID, Kind.SWAP_REFUNDED)
        else:
            is_paid = isinstance(request, FullExitRequest) and not request.is_of_shares(PRESET)
            kinds = (Kind.FULL_EXIT_PAYOUT,) if is_paid else ()  # type: ignore[assignment]
        mine = [p for p in step.payouts if p.kind in kinds and (p.source, p.id) == (request.source, request.request_id)]
        expected = step.requests.count(request) if kinds else 0
        what = f"payouts for request {request.request_id} of {name_chain(request.source)}"
        self.diary.check(what, len(mine), expected)
        if isinstance(request, SwapRequest):
            self.count("swap paid" if mine[0].kind == Kind.SWAP_PAID else "swap refunded")
        elif isinstance(request, FullExitRequest) and any(payout.amount for payout in mine):
            assert step.state.account(request.account).owner == request.owner, "somebody took what is another's"

    def check_paid(self, common: int) -> None:
        """EXI-1: over all chains every account gets what it had, less than one unit short per chain and rounding."""
        state = self.life.line[common].state
        for account, token, side, claim in claims(state):
            paid = self.paid.pop((account, token, side), 0)
            slack = len(CHAINS) + (1 if token >= PRESET.lp_base else 0)
            got = f"account {account} got {paid} of {claim} of {TOKEN_NAMES[side]} for its token {token}"
            assert claim - slack < paid <= claim, f"{got}; last step: {self.diary.last}"
        assert not +self.paid, f"paid to somebody who had nothing: {self.paid}"

    def check_dust(self) -> None:
        """What stays is rounding: not more units than there were roundings, and nothing that nobody owns."""
        for chain in CHAINS:
            for token in self.life[chain].sites:
                custody = self.life[chain].bridge.custody(token)
                self.diary.check_at_most(f"what stays of {name_place(chain, token)}", custody, self.exits[chain, token])

    def rebuild(self, last: int) -> None:
        """The state of the last block, out of what the primary was told in its calldata."""
        state, old_root = genesis_state(), genesis_state().root
        for number, full in enumerate(self.life.accepted[:last], start=1):
            roots = (old_root, full.block.new_root)
            replay_block(state, PublishedBlock(full.block.lane, BlockNumber(number), *roots, full.slices))
            old_root = full.block.new_root
        self.diary.check("the state's root", self.life[PRIMARY].exodus.exit_root(), state.root)


def claims(state: State) -> list[tuple[AccountId, TokenId, TokenId, Fraction]]:
    """What each account owns of each registered token, exactly: (account, token that it holds, token owned, amount)."""
    pools = {pool.lp_token: (pair, pool) for pair, pool in state.pools()}
    found = []
    for account, view in state.accounts():
        holds = Counter(view.balances)
        if account == OPERATOR_ACCOUNT:
            holds.update({token: row.fees for token, row in state.tokens() if token and row.fees})
        for token, amount in holds.items():
            if token not in pools:
                found.append((account, token, token, Fraction(amount)))
                continue
            (lower, higher), pool = pools[token]
            for side, reserve in ((lower, pool.reserve_lower), (higher, pool.reserve_higher)):
                found.append((account, token, side, Fraction(amount * reserve, max(pool.lp_supply, 1))))
    return found
