"""Signed operations that fit a state, rolled at random: any account with a key, any of its tokens.

Takes the state that the operation meets; gives one that is mostly valid, or None where there is nothing to do it with.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import TypeVar

from tests.properties.lifetime.actors import NEWCOMERS, Person, layer2_keys
from tests.support.books.chains import DECIMALS, TOKENS
from tests.support.three_chains import PRIMARY, RECIPIENTS
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.lab.machines import Dice
from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.claim_fees import ClaimFees
from zklink.operations.create_pool import CreatePool
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.remove_liquidity import RemoveLiquidity
from zklink.operations.signed import Signable, Signed, sign
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.chain_sets import has_chain
from zklink.protocol.ids import OPERATOR_ACCOUNT, AccountId, Amount, ChainId, Nonce, OrderSlot, TokenId
from zklink.protocol.packing import compute_nearest_fee
from zklink.state.rows import Pool
from zklink.state.state import PoolId, State
from zklink.transition.rules import AccountOperation

FOREVER = 2**40 - 1
NO_FEE = Amount(0)
Rolled = AccountOperation | None
T = TypeVar("T", bound=Signable)


@dataclass
class Roll:
    """Rolls on one state. `orders` are makers' orders that may still be open, kept from block to block."""

    dice: Dice
    state: State
    domain: int
    people: dict[bytes, Person]
    receivers: dict[ChainId, str]
    orders: list[Signed[Order]] = field(default_factory=list)

    def kinds(self) -> tuple[tuple[Callable[[], Rolled], ...], ...]:
        """One method per type of operation, by kind of slot; a method that stands twice is likelier."""
        ledger = (self.transfer, self.transfer, self.withdraw, self.withdraw, self.forced_exit)
        pool = (self.create_pool, self.add_liquidity, self.add_liquidity, self.remove_liquidity)
        return (
            (*ledger, self.change_pub_key, self.change_pub_key, self.claim_fees),
            (*pool, self.remove_liquidity, self.pool_swap, self.pool_swap),
            (self.order_match,),
        )

    # -- ledger operations ---------------------------------------------------------------------------------------------

    def transfer(self) -> Rolled:
        """To somebody with an account, or to a newcomer."""
        found = self._holding(tuple(map(TokenId, range(1, self.state.preset.token_limit))))
        if found is None:
            return None
        account, token = found
        fee = self._fee(account, token)
        amount = self._spend(account, token, fee)
        recipient = self.dice.pick("recipient", [*self.people, *(person.owner for person in NEWCOMERS[:2])])
        return self._sign(Transfer(account, self._nonce(account), FOREVER, token, amount, fee, recipient))

    def withdraw(self) -> Rolled:
        """Normal or fast, to anybody, also to a contract that refuses coin."""
        found = self._holding(TOKENS)
        if found is None:
            return None
        account, token = found
        chain = self.dice.pick("chain", tuple(DECIMALS[token]))
        fee = self._fee(account, token)
        amount = Amount(min(self._spend(account, token, fee), self.state.token(token).reserve(chain)))
        fill_fee = Amount(self.dice.pick("fill fee", (0, amount // 50)))
        recipient = universal_address(self.dice.pick("recipient", (*RECIPIENTS, self.receivers[chain])))
        nonce = self._nonce(account)
        return self._sign(Withdraw(account, nonce, FOREVER, token, amount, fee, chain, recipient, fill_fee))

    def forced_exit(self) -> Rolled:
        """Of an account without a key, that has something, to a chain that has as much and where its owner may be."""
        found = self._holding(TOKENS)
        targets = [
            (account, token, chain)
            for account, view in self.state.accounts()
            for token, balance in view.balances.items()
            for chain in DECIMALS.get(token, ())
            if not view.public_key_hash and has_chain(view.known, chain)
            if balance <= self.state.token(token).reserve(chain)
        ]
        if found is None or not targets:
            return None
        account, fee_token = found
        target, token, chain = self.dice.pick("target", targets)
        fee = self._fee(account, fee_token)
        nonce = self._nonce(account)
        return self._sign(ForcedExit(account, nonce, FOREVER, target, token, chain, fee, fee_token))

    def change_pub_key(self, who: AccountId | None = None) -> Rolled:
        """To any key of the owner's, who signs on the primary; people without keys never do, and wallets cannot."""
        accounts = [
            a
            for a, view in self.state.accounts()
            if (person := self.people[view.owner]).key is not None and person.name[:7] not in ("keyless", "newcome")
        ]
        account = self.dice.pick("account", accounts) if who is None else who
        person = self.people[self.state.account(account).owner]
        key_hash, key = self.dice.pick("key", list(layer2_keys(person.name).items()))
        fee_token = self.dice.pick("fee token", TOKENS)
        fee = self._fee(account, fee_token)
        operation = ChangePubKey(account, self._nonce(account), FOREVER, key_hash, PRIMARY, fee, fee_token)
        return sign(operation, self.domain, key)

    def claim_fees(self) -> Rolled:
        """The operator's."""
        tokens = [token for token, row in self.state.tokens() if token and row.fees]
        if not tokens or self._key(OPERATOR_ACCOUNT) is None:
            return None
        token = self.dice.pick("token", tokens)
        amount = Amount(self.state.token(token).fees // self.dice.pick("amount", (1, 2, 3)))
        return self._sign(ClaimFees(OPERATOR_ACCOUNT, self._nonce(OPERATOR_ACCOUNT), FOREVER, token, amount, NO_FEE))

    # -- pools ---------------------------------------------------------------------------------------------------------

    def create_pool(self) -> Rolled:
        """Of any pair that has none."""
        pairs = [pair for pair in combinations(TOKENS, 2) if self.state.pool(*pair).is_empty]
        found = self._holding(TOKENS)
        if not pairs or found is None:
            return None
        account, fee_token = found
        fee, pool_fee = self._fee(account, fee_token), self.dice.pick("pool fee", (30, 0, 100))
        pair = self.dice.pick("pair", pairs)
        return self._sign(CreatePool(account, self._nonce(account), FOREVER, *pair, pool_fee, fee, fee_token))

    def add_liquidity(self) -> Rolled:
        """As much as there is of both, or less."""
        found = self._pool()
        signers = self._signers()
        if found is None or not signers:
            return None
        pair, _ = found
        rich = [a for a in signers if all(self.state.balance(a, token) for token in pair)]
        if not rich:
            return None
        account, fee_token = self.dice.pick("account", rich), self.dice.pick("fee token", TOKENS)
        limits = (self._spend(account, pair[0], 0), self._spend(account, pair[1], 0))
        nonce = self._nonce(account)
        return self._sign(AddLiquidity(account, nonce, FOREVER, *pair, *limits, NO_FEE, NO_FEE, fee_token))

    def remove_liquidity(self) -> Rolled:
        """Some or all of an account's shares."""
        shares = [TokenId(pool.lp_token) for _, pool in self.state.pools()]
        found = self._holding(shares)
        if found is None:
            return None
        account, token = found
        pair = next(pool_id for pool_id, pool in self.state.pools() if pool.lp_token == token)
        amount = self._spend(account, token, 0)
        nonce, fee_token = self._nonce(account), self.dice.pick("fee token", TOKENS)
        limits = (NO_FEE, NO_FEE, amount)
        return self._sign(RemoveLiquidity(account, nonce, FOREVER, *pair, *limits, NO_FEE, fee_token))

    def pool_swap(self) -> Rolled:
        """Either way, of any size."""
        found = self._pool()
        if found is None:
            return None
        pair, _ = found
        pair = self.dice.pick("pair", (pair, (pair[1], pair[0])))
        holder = self._holding((pair[0],))
        if holder is None:
            return None
        account = holder[0]
        fee = self._fee(account, pair[0])
        amount = self._spend(account, pair[0], fee)
        nonce = self._nonce(account)
        return self._sign(PoolSwap(account, nonce, FOREVER, *pair, amount, NO_FEE, fee, pair[0]))

    # -- orders --------------------------------------------------------------------------------------------------------

    def order_match(self) -> Rolled:
        """A new maker, or one whose order is filled in part, and a taker that meets its price."""
        going = list(self._open_orders())
        maker = self.dice.pick("maker", going) if going and not self.dice.chance("maker", 3) else self._new_order()
        if maker is None:
            return None
        order = maker.operation
        found = self._holding((order.token_buy,))
        if found is None:
            return None
        account = found[0]
        sell = self._spend(account, order.token_buy, 0)
        buy = Amount(sell * order.amount_sell // order.amount_buy // self.dice.pick("buy", (1, 1, 2)))
        taker = self._offer(account, order.token_buy, order.token_sell, sell, buy)
        if taker is None:
            return None
        amount = self.dice.pick("amount", (None, None, Amount(order.amount_sell // 3)))
        return OrderMatch(maker, taker, amount)

    def _open_orders(self) -> Iterator[Signed[Order]]:
        for maker in self.orders:
            order = maker.operation
            leaf = self.state.order(order.account, order.slot)
            if leaf[0] == order.order_nonce and 0 < leaf[1] < order.amount_sell:
                key = self._key(order.account)
                if key is not None and key.public_key == maker.public_key:
                    yield maker

    def _new_order(self) -> Signed[Order] | None:
        found, other = self._holding(TOKENS), self._holding(TOKENS)
        if found is None or other is None or found[1] == other[1]:
            return None
        maker = self._offer(*found, other[1], self._spend(*found, 0), self._spend(*other, 0))
        if maker is not None:
            self.orders.append(maker)
        return maker

    def _offer(
        self, account: AccountId, sold: TokenId, bought: TokenId, sell: Amount, buy: Amount
    ) -> Signed[Order] | None:
        if not sell or not buy:
            return None
        slot = OrderSlot(self.dice.number("slot", 0, 2))
        nonce = Nonce(self.state.order(account, slot)[0] + 1)
        rate = self.dice.pick("rate", (0, 30, 9_999))
        return self._sign(Order(account, slot, nonce, FOREVER, sold, bought, sell, buy, rate))

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _signers(self) -> list[AccountId]:
        return [account for account, view in self.state.accounts() if view.public_key_hash]

    def _holding(self, tokens: tuple[TokenId, ...] | list[TokenId]) -> tuple[AccountId, TokenId] | None:
        """An account with a key, and a token that it has."""
        found = [(a, token) for a in self._signers() for token in tokens if self.state.balance(a, token)]
        return self.dice.pick("holding", found) if found else None

    def _pool(self) -> tuple[PoolId, Pool] | None:
        pools = [(pool_id, pool) for pool_id, pool in self.state.pools() if not pool.is_empty]
        return self.dice.pick("pool", pools) if pools else None

    def _key(self, account: AccountId) -> PrivateKey | None:
        view = self.state.account(account)
        return layer2_keys(self.people[view.owner].name).get(view.public_key_hash)

    def _sign(self, operation: T) -> Signed[T]:
        key = self._key(operation.account)
        assert key is not None
        return sign(operation, self.domain, key)

    def _nonce(self, account: AccountId) -> Nonce:
        return self.state.account(account).nonce

    def _fee(self, account: AccountId, token: TokenId) -> Amount:
        return compute_nearest_fee(
            self.dice.pick("fee", (0, 0, 1, 7, 1_000)) if self.state.balance(account, token) > 10_000 else 0
        )

    def _spend(self, account: AccountId, token: TokenId, fee: int) -> Amount:
        """What the account can spend besides the fee, or a part of it."""
        left = max(self.state.balance(account, token) - fee, 0)
        return Amount(self.dice.pick("part", (left, left // 2, left // 3, left // 7, left // 50)))
