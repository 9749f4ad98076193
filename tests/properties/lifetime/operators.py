"""Whoever runs the protocol in the lifetime machine: sequencer, both groups, and anybody who imports and executes.

All of them are honest, but late, forgetful and in no order; what they must not be able to do is tried beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.properties.lifetime.actors import KEYLESS, PRESET
from tests.properties.lifetime.life import Life, key_changes
from tests.properties.lifetime.members import Members
from tests.properties.lifetime.operations import Roll
from tests.support.books.block_actions import has_room as has_room_for_swaps
from tests.support.books.play import refused
from tests.support.evm import Reverted
from tests.support.three_chains import CHAINS, PRIMARY
from zklink.lab.machines import Dice, step
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.payout import Payout
from zklink.operations.requests import AccountRequest
from zklink.operations.signed import Signed
from zklink.operations.swap import SwapRequest
from zklink.operations.transfer import Transfer
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import MAX_AGE_SECONDS, ChainId, Lane
from zklink.state.state import State
from zklink.transition.block_needs import has_room
from zklink.transition.context import Context
from zklink.transition.full_exit import compute_serving, is_of_owner
from zklink.transition.rules import AccountOperation, apply_operation, check_operation

AHEAD = 8
"""How many blocks are sealed beyond what the primary has accepted."""


@dataclass
class Operators:
    """What they know, and what they do."""

    life: Life
    count: Callable[[str], None]
    orders: list[Signed[Order]] = field(default_factory=list)

    @property
    def members(self) -> Members:
        """Of both groups."""
        return Members(self.life, self.count)

    def is_far_ahead(self) -> bool:
        """Whether enough is sealed for now."""
        return self.life.line[-1].number >= self.life.height(PRIMARY) + AHEAD

    # -- the sequencer -------------------------------------------------------------------------------------------------

    @step()
    def seal_swaps(self, chain: ChainId, dice: Dice) -> None:
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

    @step()
    def seal_account_block(self, chain: ChainId, dice: Dice) -> None:
        """Some waiting requests and some signed operations, or so few that not every chain is concerned."""
        if not self.is_far_ahead():
            self.seal_accounts(dice, *dice.pick("room", ((5, 9), (2, 9), (0, 9), (0, 2))))

    def seal_accounts(self, dice: Dice, requests: int, signed: int) -> None:
        """Up to so many requests of each chain and signed operations, whatever is valid.

        An exit of shares stands behind all ledger slots, so nothing of its chain can follow it in the block.
        """
        packer = Packer(self.life)
        share_exits: list[AccountRequest] = []
        for chain in CHAINS:
            for request in self.life.waiting(Lane.ACCOUNT, chain)[:requests]:
                assert not isinstance(request, SwapRequest)
                if is_share_exit(request):
                    share_exits.append(request)
                    break
                if not packer.serve(request):
                    break
        roll = self.roll(dice, packer.state)
        ledger, pool, order = roll.kinds()
        for _ in range(signed):
            packer.add(dice.pick("ledger operation", ledger)())
        for request in share_exits:
            packer.serve(request)
        for kinds, tries in ((pool, signed // 2), (order, signed // 3)):
            for _ in range(tries):
                packer.add(dice.pick("operation", kinds)())
        self.seal(packer)

    def seal_keys(self, dice: Dice) -> None:
        """A first key for everybody who wants one."""
        packer = Packer(self.life)
        roll = self.roll(dice, packer.state)
        for account, view in packer.state.accounts():
            if view.owner != KEYLESS.owner and self.life.stage.people[view.owner].key is not None:
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

    # -- the primary and members ---------------------------------------------------------------------------------------

    @step()
    def accept_next(self, chain: ChainId, dice: Dice) -> None:
        """The next blocks of the line, one or several in a call; those that have aged out are sealed anew."""
        ahead = self.life.line[-1].number - self.life.height(PRIMARY)
        if ahead:
            self.accept(dice, dice.number("blocks", 1, min(ahead, 3)), pay=dice.chance("pay", 2))

    def accept(self, dice: Dice, count: int, *, pay: bool) -> None:
        """First with other consents, which are refused."""
        life, first = self.life, self.life.height(PRIMARY) + 1
        self.forge_consents(count)
        self.members.try_accept(count)
        try:
            paid = life.accept(PRIMARY, count, pay=pay)
        except Reverted as error:
            assert error.reason == "accept: too old", error.reason
            life.drop(first - 1)
            self.count("accept too old")
            return
        self.note_paid(paid)
        for number in range(first, first + count):
            for kind in life.line[number].kinds:
                self.count(kind)
        self.count("accept several" if count > 1 else "accept")

    def forge_consents(self, count: int) -> None:
        """A key change that another than the owner has signed is refused, whoever seals it."""
        life = self.life
        call = life.accept_call(count, pay=False)
        consents = [consent for full in call.blocks for consent in full.consents]
        changes = [change for full in call.blocks for change in key_changes(full.slices[PRIMARY])]
        if not consents or life.now() > call.blocks[0].block.timestamp + MAX_AGE_SECONDS:
            return
        forged = b"".join(life.sign_consent(change, KEYLESS) for change in changes)
        arguments = list(call.abi())
        arguments[2] = forged
        assert refused(life[PRIMARY].history.accept, *arguments) == "consent: not the owner's"
        self.count("consent forged")

    @step()
    def import_next(self, chain: ChainId, dice: Dice) -> None:
        """A member imports the next blocks, by the ACC of the primary's last one."""
        missing = self.life.height(PRIMARY) - self.life.height(chain)
        if missing:
            count = dice.number("count", 1, min(missing, 3))
            self.members.try_import(chain, count)
            self.note_paid(self.life.import_(chain, count, pay=dice.chance("pay", 2)))
            self.count("import")

    @step()
    def execute(self, chain: ChainId, dice: Dice) -> None:
        """Some payouts of some block that owes any."""
        owed = self.life.owed[chain]
        if owed:
            number = dice.pick("number", sorted(owed))
            some = dice.number("payouts", 1, len(owed[number]))
            self.note_paid(self.life.execute(chain, number, dice.pick("all or some", (None, None, some))))
            self.count("execute")

    def note_paid(self, payouts: list[Payout]) -> None:
        """A payout was made; to a broker if there was one."""
        for payout in payouts:
            if payout.fill_key(self.life.chains.deployment_hash) in self.life.filled:
                self.count(f"broker repaid for {payout.kind.name}")

    @step()
    def catch_up(self, chain: ChainId, dice: Dice) -> None:
        """A chain does all that it can."""
        for _ in range(len(self.life.line)):
            self.accept_next(chain, dice) if chain == PRIMARY else self.import_next(chain, dice)
        for number in sorted(self.life.owed[chain]):
            self.note_paid(self.life.execute(chain, number))

    def late(self, chain: ChainId, dice: Dice) -> None:
        """What goes on after the operator is gone: imports and executions."""
        dice.pick("what goes on", (self.import_next, self.execute))(chain, dice)


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
        try:
            check_operation(self.state, operation, self.context)
        except ZkLinkError:
            return False
        self.notice(operation)
        apply_operation(self.state, operation, self.context)
        self.operations.append(operation)
        return True

    def serve(self, request: AccountRequest) -> bool:
        """Whether a request of L1 fits and is consumed; a full exit is served as often as it takes."""
        if not isinstance(request, FullExitRequest) or is_share_exit(request):
            return self.add(request)
        while True:
            is_final = compute_serving(self.state, request).is_final
            if not self.add(request):
                return False
            if is_final:
                return True
            self.noticed.append("full exit in part")

    def notice(self, operation: AccountOperation) -> None:
        """What is special about it, on the state before."""
        if isinstance(operation, FullExitRequest) and is_share_exit(operation):
            if is_of_owner(self.state, operation) and self.state.balance(operation.account, operation.token):
                self.noticed.append("full exit of shares")
            return
        if isinstance(operation, OrderMatch):
            maker = operation.maker.operation
            nonce, filled = self.state.order(maker.account, maker.slot)
            if nonce == maker.order_nonce and filled:
                self.noticed.append("order filled further")
            return
        inner = operation.operation if isinstance(operation, Signed) else None
        if isinstance(inner, Transfer) and not self.state.accounts_of(inner.recipient):
            self.noticed.append("transfer to a new owner")


def is_share_exit(request: AccountRequest) -> bool:
    """Whether a request is a full exit of shares of a pool."""
    return isinstance(request, FullExitRequest) and request.is_of_shares(PRESET)
