"""The end of a town (tests/support/town.py): its operator is gone, and everybody leaves.

Takes a town at any moment; freezes every chain wherever it is, finds the last common block, executes up to it, cancels
what no block up to it contains, and takes every account out by exit on every chain. All of it by anybody, from what the
chains say.
"""

from collections import Counter
from dataclasses import dataclass, field

from tests.support.draft import stored_args
from tests.support.escape import (
    EXPIRY_SECONDS,
    Exit,
    announce_freezes,
    begin_exodus,
    copy_block,
    forget_dropped,
    open_history,
    openings,
)
from tests.support.rig import PRIMARY, STRANGER, Node
from tests.support.town import CHAINS, OWNERS, TOKENS, Town
from zklink.protocol.ids import AccountId, ChainId, Lane, TokenId
from zklink.state.state import State
from zklink.transition.exit import compute_exit


@dataclass
class Flight:
    """Everybody's way out. `paid` is what exits gave by account and token, layer-2 units, over all chains."""

    town: Town
    paid: Counter[tuple[AccountId, TokenId]] = field(default_factory=Counter)
    exits: Counter[tuple[ChainId, TokenId]] = field(default_factory=Counter)
    common: int = 0
    shares: int = 0
    """Exits of shares of a pool that paid something."""

    def node(self, chain: ChainId) -> Node:
        return self.town.rig[chain]

    @property
    def state(self) -> State:
        """The last common state."""
        return self.town.states[self.common]

    def freeze(self) -> None:
        """One chain freezes for a request, the others because they hear of it, in any order."""
        town, dice = self.town, self.town.dice
        first = dice.pick(CHAINS)
        self.freeze_for_request(self.node(first))
        rest = [chain for chain in CHAINS if chain != first]
        for chain in dice.pick((rest, rest[::-1])):
            announce_freezes(town.rig, [first], chain)
        for chain in CHAINS:
            announce_freezes(town.rig, CHAINS, chain)

    def freeze_for_request(self, node: Node) -> None:
        """Of a deposit that nobody answers."""
        town = self.town
        town.queue_deposit(node, OWNERS[1])
        town.tick(EXPIRY_SECONDS + 1)
        last = node.history[node.status()[2]]
        request = town.queues[Lane.ACCOUNT, node.chain][last.account_requests]
        node.exodus.freeze_for_request(Lane.ACCOUNT, list(request.words()), stored_args(last), sender=STRANGER)
        forget_dropped(node)

    def find_common_block(self) -> None:
        """Every chain walks on its own, and all find the same."""
        primary = self.node(PRIMARY)
        last = primary.ledger.frozen_at(PRIMARY)[1]
        lowest = min(primary.ledger.frozen_at(chain)[1] for chain in CHAINS)
        found = set()
        for chain in CHAINS:
            node = self.node(chain)
            if chain != PRIMARY and last:
                open_history(node, primary, high=last, low=0)
            if lowest == last:
                node.ledger.find_common_block([], sender=STRANGER)
            for number in range(lowest + 1, last + 1):
                if not node.ledger.common_block()[0]:
                    node.ledger.find_common_block(openings(primary, number), sender=STRANGER)
            is_known, number = node.ledger.common_block()
            assert is_known
            found.add(int(number))
        (self.common,) = found

    def execute(self) -> None:
        """Chains that lag import; all learn what the others had accepted, and execute up to the last common block."""
        for chain in CHAINS:
            node = self.node(chain)
            for number in range(node.status()[2] + 1, self.common + 1):
                copy_block(node, self.node(PRIMARY), number)
        for chain in CHAINS:
            node = self.node(chain)
            for source in CHAINS:
                if source != chain and self.common:
                    self.learn(node, self.node(source))
            for number in range(node.status()[3] + 1, self.common + 1):
                node.execute(number)
            begin_exodus(node, self.common)

    def learn(self, node: Node, source: Node) -> None:
        """From the freeze of a chain that had the common block, or from what it has imported since."""
        high = int(source.ledger.frozen_at(source.chain)[1])
        if high >= self.common:
            open_history(node, source, high, self.common)
        else:
            self.town.rig.announce(source.chain, node.chain, self.common)
        node.bridge.apply_message(source.chain, self.common)

    def cancel(self) -> None:
        """What no block up to the common one contains is paid back."""
        for (lane, chain), queue in self.town.queues.items():
            left = queue[self.town.consumed[self.common][lane, chain] :]
            while left:
                some = left[: 1 + self.town.dice.below(30)]
                words = [word for request in some for word in request.words()]
                self.node(chain).exodus.cancel_requests(lane, words, sender=STRANGER)
                left = left[len(some) :]

    def leave(self) -> None:
        """Every account leaves with everything on every chain."""
        tokens = [*TOKENS, *(TokenId(pool.lp_token) for _, pool in self.state.pools())]
        for account, view in self.state.accounts():
            for token in tokens:
                for chain in CHAINS:
                    self.exit(account, token, chain, view.owner)

    def exit(self, account: AccountId, token: TokenId, chain: ChainId, owner: bytes) -> None:
        """By the owner itself, or signed for somebody else and sent by a stranger."""
        node, statement = self.node(chain), compute_exit(self.state, account, token, chain)
        is_signed = self.town.dice.below(2)
        recipient = bytes(12) + bytes.fromhex(self.town.dice.pick(OWNERS)[2:]) if is_signed else owner
        amounts = (statement.amount_a, statement.amount_b)
        sides = (statement.token_a, statement.token_b)
        leaving = Exit(account, token, chain, recipient, *amounts, *sides, is_signed)
        receiver = "0x" + recipient[12:].hex()
        before = [self.wealth(node, side, receiver) for side in sides]
        leaving.send(node, statement.root, STRANGER if is_signed else receiver)
        self.shares += bool(statement.token_b and any(amounts))
        for side, amount, was in zip(sides, amounts, before, strict=True):
            if side:
                assert self.wealth(node, side, receiver) - was == amount * node.scale(side)
                self.paid[account, side] += amount
                self.exits[chain, side] += 1

    @staticmethod
    def wealth(node: Node, token: TokenId, owner: str) -> int:
        """L1 units that an owner has or is owed."""
        return node.balance(token, owner) + int(node.bridge.pending_balance(owner, token)) if token else 0
