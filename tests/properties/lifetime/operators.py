"""Whoever runs the protocol in the lifetime machine: sequencer, validators, committee, and anybody who executes.

All of them are honest, but late, forgetful and in no order; what they must not be able to do is tried beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.properties.lifetime.actors import KEYLESS, PRESET
from tests.properties.lifetime.life import Life, LineBlock
from tests.properties.lifetime.operations import Roll
from tests.strategies import Dice
from tests.support.books.block_actions import has_room as has_room_for_swaps
from tests.support.books.play import refused
from tests.support.evm import Reverted
from tests.support.three_chains import CHAINS, PRIMARY, account_of
from zklink.operations.change_pub_key import KeyChange
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.operations.swap import SwapRequest
from zklink.operations.transfer import Transfer
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import ChainId, Kind, Lane
from zklink.state.state import State
from zklink.transition.block_needs import has_room
from zklink.transition.context import Context
from zklink.transition.rules import LEDGER_RULES, ORDER_RULES, POOL_RULES, AccountOperation, type_of

AHEAD = 8
"""How many blocks are sealed beyond what the primary has accepted."""
RULES = {**LEDGER_RULES, **POOL_RULES, **ORDER_RULES}


@dataclass
class Operators:
    """What they know, and what they do."""

    life: Life
    count: Callable[[str], None]
    orders: list[Signed[Order]] = field(default_factory=list)

    def is_far_ahead(self) -> bool:
        """Whether enough is sealed for now."""
        return self.life.line[-1].number >= self.life.status(PRIMARY)[2] + AHEAD

    # -- the sequencer -------------------------------------------------------------------------------------------------

    def do_seal_swaps(self, chain: ChainId, dice: Dice) -> None:
        """Waiting swaps, each chain's in its order."""
        chosen: list[SwapRequest] = []
        for k in CHAINS:
            for request in self.life.waiting(Lane.SWAP, k):
                assert isinstance(request, SwapRequest)
                if not has_room_for_swaps([*chosen, request]):
                    break
                chosen.append(request)
        if chosen and not self.is_far_ahead():
            self.life.seal(Lane.SWAP, chosen)

    def do_seal_accounts(self, chain: ChainId, dice: Dice) -> None:
        """Some waiting requests and some signed operations, or so few that not every chain is concerned."""
        if not self.is_far_ahead():
            self.seal_accounts(dice, *dice.pick(((5, 9), (2, 9), (0, 9), (0, 2))))

    def seal_accounts(self, dice: Dice, requests: int, signed: int) -> None:
        """Up to so many requests of each chain and signed operations, whatever is valid."""
        packer = Packer(self.life)
        for chain in CHAINS:
            for request in self.life.waiting(Lane.ACCOUNT, chain)[:requests]:
                assert not isinstance(request, SwapRequest)
                if not packer.add(request):
                    break
        roll = self.roll(dice, packer.state)
        for kinds, tries in zip(roll.kinds(), (signed, signed // 2, signed // 3), strict=True):
            for _ in range(tries):
                packer.add(dice.pick(kinds)())
        self.seal(packer)

    def seal_keys(self, dice: Dice) -> None:
        """A first key for everybody who wants one."""
        packer = Packer(self.life)
        roll = self.roll(dice, packer.state)
        for account, view in packer.state.accounts():
            if view.owner != KEYLESS.owner:
                packer.add(roll.change_pub_key(account))
        self.seal(packer)

    def roll(self, dice: Dice, state: State) -> Roll:
        """What people sign on this state."""
        receivers = {chain: self.life[chain].receiver.address for chain in CHAINS}
        domain = compute_lane_domain(self.life.chains.deployment_hash, Lane.ACCOUNT)
        return Roll(dice, state, domain, self.life.stage.people, receivers, self.orders)

    def seal(self, packer: "Packer") -> None:
        """The packed operations as a block, if there are any."""
        if not packer.operations:
            return
        step = self.life.seal(Lane.ACCOUNT, packer.operations)
        assert step.state.root == packer.state.root, "a block is not the sum of its operations"
        for what in packer.noticed:
            self.count(what)

    # -- validators ----------------------------------------------------------------------------------------------------

    def do_commit(self, chain: ChainId, dice: Dice) -> None:
        """The next block of the line; what is not of the line is dropped first."""
        life = self.life
        top, line = life.committed[chain][-1].block, life.line
        if top.number >= len(line) or line[top.number] is not top:
            life.revert(chain, life.status(chain)[2])
            self.count("astray")
            top = life.committed[chain][-1].block
        if top.number + 1 == len(line):
            return
        try:
            self.commit(chain, line[top.number + 1], dice)
        except Reverted as error:
            assert (error.reason, chain) == ("commit: too old", PRIMARY), error.reason
            del line[top.number + 1 :]
            self.count("commit too old")

    def commit(self, chain: ChainId, step: LineBlock, dice: Dice) -> None:
        """Commit a block. Raises Reverted. First without consents or with another's, which is refused."""
        changes = self.life.key_changes(chain, step)
        lacking = [change for change in changes if change not in self.life.consents]
        signatures = [b"" for _ in changes]
        ways = []
        if lacking:
            assert refused(self.life.commit, chain, step, signatures=signatures) == "keys: no consent"
            forged = [self.life.sign_consent(change, KEYLESS) for change in changes]
            assert refused(self.life.commit, chain, step, signatures=forged) == "keys: not the owner's signature"
            self.count("consent forged")
        for i, change in enumerate(changes):
            if change in lacking:
                signatures[i], way = self.consent(change, dice)
                ways.append(way)
        self.introduce(chain, step, signatures)
        self.life.commit(chain, step, signatures=signatures)
        for way in ways:
            self.count(way)

    def introduce(self, chain: ChainId, step: LineBlock, signatures: list[bytes]) -> None:
        """A block with a forced exit to an owner who has never acted here is refused, until the owner acts."""
        for payout in step.payouts:
            if payout.chain != chain or payout.kind != Kind.FORCED_EXIT_PAYOUT:
                continue
            if not self.life[chain].bridge.is_owner_known(account_of(payout.recipient)):
                assert refused(self.life.commit, chain, step, signatures=signatures) == "block: owner not known here"
                owner = self.life.stage.people[payout.recipient]
                self.life.full_exit(chain, step.state.accounts_of(owner.owner)[0], payout.token, owner)
                self.count("forced exit to an owner who is not known")

    def consent(self, change: KeyChange, dice: Dice) -> tuple[bytes, str]:
        """One of the three ways: the signature to hand over, empty if the consent is recorded now."""
        person = self.life.stage.people[change.owner]
        if person.key is not None and dice.below(2):
            return self.life.sign_consent(change, person), "consent by signature"
        self.life.consent_here(change)
        return b"", "consent by a wallet" if person.key is None else "consent by transaction"

    def do_prove(self, chain: ChainId, dice: Dice) -> None:
        """Some of what is committed; on the primary that accepts it."""
        committed, proven, _, _ = self.life.status(chain)
        if proven < committed:
            self.life.prove(chain, 1 + dice.below(committed - proven))

    def do_revert(self, chain: ChainId, dice: Dice) -> None:
        """Drop what is not accepted; after the primary's revert the sequencer goes on from there with other blocks."""
        chain = dice.pick((chain, PRIMARY))
        committed, _, accepted, _ = self.life.status(chain)
        if committed == accepted:
            return
        to = accepted + dice.below(committed - accepted)
        self.life.revert(chain, to)
        if chain == PRIMARY and self.life.line[to] is self.life.committed[chain][to].block:
            del self.life.line[to + 1 :]
        self.count("revert")

    def do_deliver(self, chain: ChainId, dice: Dice) -> None:
        """What some other chain has accepted, or had."""
        source = dice.pick([k for k in (PRIMARY, *CHAINS) if k != chain])
        accepted = self.life.status(source)[2]
        if accepted:
            self.life.deliver(self.life.message(source, max(1, accepted - dice.pick((0, 0, 0, 1)))), chain)

    def do_execute(self, chain: ChainId, dice: Dice) -> None:
        """The next block, if every chain that it concerns has accepted it."""
        number = self.life.status(chain)[3] + 1
        if number >= len(self.life.committed[chain]):
            return
        step = self.life.committed[chain][number].block
        try:
            payouts = self.life.execute(chain, number)
        except Reverted as error:
            assert error.reason in ("execute: not accepted", "execute: a chain is missing"), error.reason
            self.count(error.reason)
            return
        assert step.draft is not None
        for other in CHAINS:
            assert self.life.status(other)[2] >= number or not (other == PRIMARY or step.draft.header.counts[other])
        for payout in payouts:
            if payout.fill_key(self.life.chains.deployment_hash) in self.life.filled:
                self.count(f"broker repaid for {payout.kind.name}")
        for kind in step.kinds if chain == PRIMARY else ():
            self.count(kind)

    def do_catch_up(self, chain: ChainId, dice: Dice) -> None:
        """A chain does all that it can, after hearing what the others have accepted."""
        for _ in range(len(self.life.line)):
            self.do_commit(chain, dice)
            self.do_prove(chain, dice)
        for source in CHAINS:
            accepted = self.life.status(source)[2]
            if source != chain and accepted:
                self.life.deliver(self.life.message(source, accepted), chain)
        for _ in range(self.life.status(chain)[2] - self.life.status(chain)[3]):
            self.do_execute(chain, dice)

    def late(self, chain: ChainId, dice: Dice) -> None:
        """What goes on after the operator is gone: proofs, messages, executions."""
        dice.pick((self.do_prove, self.do_prove, self.do_deliver, self.do_execute))(chain, dice)


class Packer:
    """Fills a block with what is valid one after the other, on a copy of the state."""

    def __init__(self, life: Life) -> None:
        self.before = life.line[-1].state
        self.state = self.before.copy()
        self.operations: list[AccountOperation] = []
        self.noticed: list[str] = []
        domain = compute_lane_domain(life.chains.deployment_hash, Lane.ACCOUNT)
        self.context = Context(PRESET, domain, life.now())

    def add(self, operation: AccountOperation | None) -> bool:
        """Whether it fits and is valid; then it has been applied."""
        if operation is None or not has_room([*self.operations, operation], self.before):
            return False
        rule = RULES[type_of(operation)]
        try:
            rule.check(self.state, operation, self.context)
        except ZkLinkError:
            return False
        self.notice(operation)
        rule.apply(self.state, operation, self.context)
        self.operations.append(operation)
        return True

    def notice(self, operation: AccountOperation) -> None:
        """What is special about it, on the state before."""
        if isinstance(operation, OrderMatch):
            maker = operation.maker.operation
            nonce, filled = self.state.order(maker.account, maker.slot)
            if nonce == maker.order_nonce and filled:
                self.noticed.append("order filled further")
            return
        inner = operation.operation if isinstance(operation, Signed) else None
        if isinstance(inner, Transfer) and not self.state.accounts_of(inner.recipient):
            self.noticed.append("transfer to a new owner")
