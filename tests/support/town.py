"""A town of account owners on the rig's three chains: everything that both lanes do, in blocks of the real transition.

Takes dice; users queue requests and sign operations, a sequencer seals what is possible, chains follow. Signatures and
state are real; the verifiers believe everything (what a proof binds is tested elsewhere). tests/support/flight.py ends
such a story.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import TypeVar, cast

from tests.strategies import Dice
from tests.support.draft import Draft
from tests.support.evm import Reverted
from tests.support.rig import (
    COIN,
    DEPOSITOR,
    GOVERNOR,
    OLD,
    PRIMARY,
    RECIPIENT,
    STRANGER,
    USD,
    VALIDATOR,
    A,
    B,
    C,
    Node,
    Rig,
    universal,
)
from tests.support.rig_build import Loader, build_rig
from tests.support.world import RoomyChain
from zklink.l1.artifacts import load_contract
from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.claim_fees import ClaimFees
from zklink.operations.create_pool import CreatePool
from zklink.operations.deposit import DepositRequest
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.remove_liquidity import RemoveLiquidity
from zklink.operations.signed import Signable, Signed, sign
from zklink.operations.swap import SwapRequest
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import (
    OPERATOR_ACCOUNT,
    AccountId,
    Amount,
    BlockNumber,
    ChainId,
    Lane,
    Nonce,
    OrderSlot,
    TokenId,
)
from zklink.protocol.packing import compute_nearest_fee
from zklink.protocol.presets import MINIMAL
from zklink.protocol.signing import compute_public_key_hash
from zklink.state.genesis import Genesis
from zklink.state.state import State
from zklink.transition.account_block import apply_account_block
from zklink.transition.block import apply_block
from zklink.transition.dispatch import AccountOperation, type_of
from zklink.transition.frame import SealedFrame

CHAINS = (A, B, C)
TOKENS = (COIN, USD, OLD)
OWNERS = (VALIDATOR, DEPOSITOR, STRANGER, GOVERNOR, RECIPIENT)
"""The first one is the operator's owner. All are addresses on every chain."""

KEYS = {universal(owner): PrivateKey.from_seed(bytes([i + 1]) * 32) for i, owner in enumerate(OWNERS)}
GENESIS = Genesis(MINIMAL.name, universal(OWNERS[0]))
FAR = 2**40 - 1
NOTHING = Amount(0)
T = TypeVar("T", bound=Signable)
Request = SwapRequest | DepositRequest | FullExitRequest


def build_town_rig(load: Loader = load_contract) -> Rig:
    """Bridges of an empty state of preset `minimal`; nobody has deposited anything."""
    return build_rig(
        make_chain=RoomyChain,
        genesis_root=GENESIS.root,
        token_limit=MINIMAL.token_limit,
        account_limit=MINIMAL.account_limit,
        reserve=0,
        load=load,
    )


@dataclass
class Town:
    """The chains, the state after every block of the primary, and what waits. `done` counts what blocks contained."""

    rig: Rig
    dice: Dice
    states: list[State] = field(default_factory=lambda: [GENESIS.state()])
    queues: dict[tuple[Lane, ChainId], list[Request]] = field(
        default_factory=lambda: {(lane, chain): [] for lane in Lane for chain in CHAINS}
    )
    consumed: list[Counter[tuple[Lane, ChainId]]] = field(default_factory=lambda: [Counter()])
    done: Counter[str] = field(default_factory=Counter)

    @property
    def state(self) -> State:
        """After the primary's last block."""
        return self.states[-1]

    # -- users on L1 -------------------------------------------------------------------------------------------------

    def queue_something(self) -> None:
        """Somebody deposits, swaps or asks for a full exit."""
        node, owner = self.rig[self.dice.pick(CHAINS)], self.dice.pick(OWNERS)
        what = self.dice.pick((self.queue_deposit, self.queue_deposit, self.queue_swap, self.queue_full_exit))
        what(node, owner)

    def queue_deposit(self, node: Node, owner: str) -> None:
        token, beneficiary = self.dice.pick(TOKENS), self.dice.pick((owner, owner, self.dice.pick(OWNERS)))
        node.deposit(token, 1_000 + self.dice.below(10**9), sender=owner, owner=universal(beneficiary))
        self.queues[Lane.ACCOUNT, node.chain].append(DepositRequest.from_words(node.deposit_words()))

    def queue_full_exit(self, node: Node, owner: str) -> None:
        """Mostly the owner's own; whose account it is, the block decides."""
        own = [*self.state.accounts_of(universal(owner)), AccountId(self.dice.below(8))]
        node.bridge.full_exit(self.dice.pick(own), self.dice.pick(TOKENS), sender=owner)
        self.queues[Lane.ACCOUNT, node.chain].append(FullExitRequest.from_words(node.full_exit_words()))

    def queue_swap(self, node: Node, owner: str) -> None:
        """Perhaps without a pool, or for too much: then it is refunded."""
        token = self.dice.pick(TOKENS)
        to = self.dice.pick([chain for chain in CHAINS if chain != node.chain])
        l1_amount = (1_000 + self.dice.below(10**7)) * node.scale(token)
        out = self.dice.pick((token, self.dice.pick(TOKENS)))
        least = self.dice.pick((0, 0, 10**20))
        changes: dict[str, object] = {
            "token_in": token,
            "l1_amount": l1_amount,
            "destination": to,
            "token_out": out,
            "min_out": least,
            "operator_fee": self.dice.below(100),
            "recipient": universal(self.dice.pick(OWNERS)),
        }
        node.swap(value=l1_amount if token == COIN else 0, sender=owner, deadline=FAR, **changes)
        self.queues[Lane.SWAP, node.chain].append(SwapRequest.from_words(node.request_words()))

    # -- the sequencer -----------------------------------------------------------------------------------------------

    def waiting(self, lane: Lane, chain: ChainId) -> list[Request]:
        """Requests of a queue that the primary's blocks do not contain."""
        return self.queues[lane, chain][self.consumed[-1][lane, chain] :]

    def seal(self) -> Draft:
        """The next block, of either lane, with what is possible; the primary takes it."""
        lane = self.dice.pick((Lane.ACCOUNT, Lane.ACCOUNT, Lane.ACCOUNT, Lane.SWAP))
        state, number = self.state.copy(), BlockNumber(len(self.states))
        time = max(node.evm.time for node in self.rig.nodes.values())
        taken: Counter[tuple[Lane, ChainId]] = Counter(self.consumed[-1])
        sealed = (self._seal_accounts if lane == Lane.ACCOUNT else self._seal_swaps)(state, number, time, taken)
        draft = self._draft(sealed, lane)
        self.rig[PRIMARY].commit(draft)
        self.rig[PRIMARY].prove(number)
        self.states.append(state)
        self.consumed.append(taken)
        return draft

    def _seal_swaps(
        self, state: State, number: BlockNumber, time: int, taken: Counter[tuple[Lane, ChainId]]
    ) -> SealedFrame:
        chosen: list[SwapRequest] = []
        domain = self.rig.domain(Lane.SWAP)
        for chain in CHAINS:
            for request in self.waiting(Lane.SWAP, chain)[:2]:
                assert isinstance(request, SwapRequest)
                try:
                    apply_block(state.copy(), [*chosen, request], number, time, domain, MINIMAL)
                except ZkLinkError:
                    break
                chosen.append(request)
                taken[Lane.SWAP, chain] += 1
        block = apply_block(state, chosen, number, time, domain, MINIMAL)
        self.done.update(payout.kind.name for _, payout in block.slots)
        return block

    def _seal_accounts(
        self, state: State, number: BlockNumber, time: int, taken: Counter[tuple[Lane, ChainId]]
    ) -> SealedFrame:
        chosen: list[AccountOperation] = []
        domain = self.rig.domain(Lane.ACCOUNT)

        def fits(operation: AccountOperation) -> bool:
            try:
                apply_account_block(state.copy(), [*chosen, operation], number, time, domain, MINIMAL, with_paths=False)
            except ZkLinkError:
                return False
            chosen.append(operation)
            return True

        for chain in self.dice.pick((CHAINS, CHAINS[::-1], ())):
            for request in self.waiting(Lane.ACCOUNT, chain)[:1]:
                assert not isinstance(request, SwapRequest)
                taken[Lane.ACCOUNT, chain] += fits(request)
        for _ in range(8):
            operation = self.sign_something()
            if operation is not None and fits(operation):
                self.consent(operation)
        block = apply_account_block(state, chosen, number, time, domain, MINIMAL, with_paths=False)
        self.done.update(type_of(operation).__name__ for operation in chosen)
        return block

    def _draft(self, sealed: SealedFrame, lane: Lane) -> Draft:
        header = sealed.header
        draft = Draft(
            lane=lane,
            primary=PRIMARY,
            domain=self.rig.domain(lane),
            number=header.number,
            timestamp=header.timestamp,
            old_root=header.old_root,
            new_root=header.new_root,
            commitment=sealed.commitment,
            slices={ChainId(k): words for k, words in enumerate(sealed.slices) if words},
        )
        assert (draft.inputs, draft.block_commitment) == (sealed.inputs, sealed.block_commitment)
        return draft

    def consent(self, operation: AccountOperation) -> None:
        """The owner records on the chain of a key change that it is wanted."""
        if isinstance(operation, Signed) and isinstance(operation.operation, ChangePubKey):
            change = operation.operation
            owner = "0x" + self.state.account(change.account).owner[12:].hex()
            keys = self.rig[change.chain].helpers.key_registry
            consent = (self.rig.deployment_hash, change.account, change.nonce, change.public_key_hash)
            keys.authorise(*consent, sender=owner)

    # -- users on the layer 2 ----------------------------------------------------------------------------------------

    def sign_something(self) -> AccountOperation | None:
        """An operation that is probably possible; None where nobody can do anything yet."""
        accounts = [account for account, _ in self.state.accounts()]
        keyed = [account for account, view in self.state.accounts() if view.public_key_hash]
        account = self.dice.pick((*keyed, *keyed, *keyed, self.dice.pick(accounts)))
        if account not in keyed:
            return cast(AccountOperation, self._sign(self.change_key(account)))
        roll = self.dice.pick(
            (
                *(self.transfer, self.withdraw, self.forced_exit, self.claim_fees, self.pool_swap, self.pool_swap),
                *(self.create_pool, self.add_liquidity, self.add_liquidity, self.remove_liquidity),
            )
        )
        if self.dice.below(5) == 0:
            return self.order_match(account, self.dice.pick(accounts))
        return cast(AccountOperation, self._sign(roll(account)))

    def _sign(self, operation: T) -> Signed[T]:
        key = KEYS[self.state.account(operation.account).owner]
        return sign(operation, self.rig.domain(Lane.ACCOUNT), key)

    def _some(self, account: AccountId, token: TokenId) -> Amount:
        """Part of what the account has."""
        balance = self.state.balance(account, token)
        return Amount(self.dice.pick((balance // 2, balance // 3, balance // 7, balance)))

    def _fee(self, account: AccountId, token: TokenId) -> Amount:
        return compute_nearest_fee(self.state.balance(account, token) // self.dice.pick((100, 1000, 2**112)))

    def _head(self, account: AccountId) -> tuple[AccountId, Nonce, int]:
        return account, self.state.account(account).nonce, FAR

    def change_key(self, account: AccountId) -> Signable:
        key_hash = compute_public_key_hash(KEYS[self.state.account(account).owner].public_key)
        token = self.dice.pick(TOKENS)
        chain = self.dice.pick(CHAINS)
        return ChangePubKey(*self._head(account), key_hash, chain, self._fee(account, token), token)

    def transfer(self, account: AccountId) -> Signable:
        token = self.dice.pick((*TOKENS, *self.shares()))
        amount, to = self._some(account, token), universal(self.dice.pick(OWNERS))
        return Transfer(*self._head(account), token, amount, self._fee(account, token), to)

    def withdraw(self, account: AccountId) -> Signable:
        token, chain = self.dice.pick(TOKENS), self.dice.pick(CHAINS)
        amount = Amount(min(self._some(account, token), self.state.token(token).reserve(chain)))
        to, fill_fee = universal(self.dice.pick(OWNERS)), Amount(amount // 100)
        return Withdraw(*self._head(account), token, amount, self._fee(account, token), chain, to, fill_fee)

    def forced_exit(self, account: AccountId) -> Signable:
        keyless = [a for a, view in self.state.accounts() if not view.public_key_hash] or [account]
        token, chain, target = self.dice.pick(TOKENS), self.dice.pick(CHAINS), self.dice.pick(keyless)
        return ForcedExit(*self._head(account), target, token, chain, self._fee(account, token), token)

    def claim_fees(self, account: AccountId) -> Signable:
        token = self.dice.pick((*TOKENS, *self.shares()))
        return ClaimFees(*self._head(OPERATOR_ACCOUNT), token, Amount(self.state.token(token).fees // 2), Amount(0))

    def shares(self) -> list[TokenId]:
        """LP tokens of all pools."""
        return [TokenId(pool.lp_token) for _, pool in self.state.pools()]

    def _pair(self) -> tuple[TokenId, TokenId]:
        pairs = [pair for pair, _ in self.state.pools()] or [(TOKENS[0], TOKENS[1])]
        return self.dice.pick(pairs)

    def create_pool(self, account: AccountId) -> Signable:
        a, b = self.dice.pick(((COIN, USD), (COIN, OLD), (USD, OLD)))
        return CreatePool(*self._head(account), a, b, 30, self._fee(account, USD), USD)

    def add_liquidity(self, account: AccountId) -> Signable:
        a, b = self._pair()
        limits = Amount(self._some(account, a) // 2), Amount(self._some(account, b) // 2)
        return AddLiquidity(*self._head(account), a, b, *limits, NOTHING, self._fee(account, a), a)

    def remove_liquidity(self, account: AccountId) -> Signable:
        a, b = self._pair()
        shares = self._some(account, TokenId(self.state.pool(a, b).lp_token))
        return RemoveLiquidity(*self._head(account), a, b, NOTHING, NOTHING, shares, self._fee(account, b), b)

    def pool_swap(self, account: AccountId) -> Signable:
        lower, higher = self._pair()
        a, b = self.dice.pick(((lower, higher), (higher, lower)))
        amount = Amount(self._some(account, a) // 3)
        return PoolSwap(*self._head(account), a, b, amount, NOTHING, self._fee(account, a), a)

    def order_match(self, maker: AccountId, taker: AccountId) -> OrderMatch | None:
        """The taker's price is the maker's or better; one of them is mostly filled in part."""
        a, b = self.dice.pick(((COIN, USD), (USD, OLD), (OLD, COIN)))
        sell_a, sell_b = self._some(maker, a), self._some(taker, b)
        if not (sell_a and sell_b and self.state.account(taker).public_key_hash):
            return None
        slot = OrderSlot(self.dice.below(4))
        orders = [
            Order(maker, slot, self._order_nonce(maker, slot), FAR, a, b, sell_a, Amount(sell_b // 2 + 1), 30),
            Order(taker, slot, self._order_nonce(taker, slot), FAR, b, a, sell_b, Amount(sell_a // 2), 10),
        ]
        return OrderMatch(self._sign(orders[0]), self._sign(orders[1]))

    def _order_nonce(self, account: AccountId, slot: OrderSlot) -> Nonce:
        return Nonce(self.state.order(account, slot)[0] + 1)

    # -- chains ------------------------------------------------------------------------------------------------------

    def follow(self, chain: ChainId, last: int) -> None:
        """A chain takes the primary's blocks up to a number, and hears that the primary has."""
        node, primary = self.rig[chain], self.rig[PRIMARY]
        for number in range(node.status()[0] + 1, last + 1):
            node.commit(primary.drafts[number - 1])
            node.prove(number)
        if last:
            self.rig.announce(PRIMARY, chain, last)

    def exchange(self) -> None:
        """Everybody hears what everybody else has accepted; then all execute what they can."""
        accepted = {chain: self.rig[chain].status()[2] for chain in CHAINS}
        for source in CHAINS:
            for to in CHAINS:
                number = min(accepted[source], accepted[to])
                if source != to and number:
                    self.rig.announce(source, to, number)
        for chain in CHAINS:
            for number in range(self.rig[chain].status()[3] + 1, accepted[chain] + 1):
                try:
                    self.rig[chain].execute(number)
                except Reverted as error:
                    assert error.reason == "execute: a chain is missing"
                    break

    def tick(self, seconds: int) -> None:
        """Time passes everywhere."""
        for node in self.rig.nodes.values():
            node.evm.time += seconds

    def live(self, blocks: int) -> None:
        """Days on which everything works."""
        for _ in range(blocks):
            for _ in range(2):
                self.queue_something()
            self.tick(12)
            number = self.seal().number
            for chain in (A, C):
                self.follow(chain, number)
            if self.dice.below(3) == 0:
                self.exchange()
