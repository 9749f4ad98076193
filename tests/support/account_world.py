"""Random states of the account lane and operations near their limits, for tests of the pure core.

A world is small on purpose: five accounts, three tokens, three pairs (a pool with liquidity, one without, none), so
that every outcome is common. Operations are rolled on the state they meet, on, above or below what decides them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from tests.strategies import NOW, Dice
from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.claim_fees import ClaimFees
from zklink.operations.create_pool import CreatePool
from zklink.operations.deposit import DepositRequest
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.remove_liquidity import RemoveLiquidity
from zklink.operations.signed import Signable, Signed, sign
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.chain_sets import ALL_CHAINS, NO_CHAINS, make_chain_set, with_chain
from zklink.protocol.ids import (
    MAX_CHAINS,
    POOL_COUNT_ROW,
    AccountId,
    Amount,
    ChainId,
    ChainSet,
    Nonce,
    OrderSlot,
    RequestId,
    TokenId,
)
from zklink.protocol.packing import compute_nearest_fee
from zklink.protocol.presets import MINIMAL, Preset
from zklink.protocol.signing import compute_public_key_hash
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State
from zklink.transition.add_liquidity import compute_add_liquidity
from zklink.transition.context import Context
from zklink.transition.pool_swap import compute_pool_swap
from zklink.transition.rules import AccountOperation

T = TypeVar("T", bound=Signable)
DOMAIN: Final = 0xACC
OPERATOR, ALICE, BOB, KEYLESS, SECOND = (AccountId(i) for i in range(5))
"""SECOND is another account of Alice's owner; it and KEYLESS have no key."""

SIGNERS: Final = (ALICE, BOB, OPERATOR)
KEYS: Final = {account: PrivateKey.from_seed(bytes([account + 1]) * 32) for account in SIGNERS}
HASHES: Final = {account: compute_public_key_hash(key.public_key) for account, key in KEYS.items()}
NEW_KEY: Final = PrivateKey.from_seed(bytes([77]) * 32)
X, Y, Z = (TokenId(i) for i in (1, 2, 3))
TOKENS: Final = (X, Y, Z)
SHARES, NO_SHARES, NO_POOL = (TokenId(MINIMAL.lp_base + i) for i in range(3))
"""The LP token of the pool of X and Y; that of X and Z, whose pool is empty; one that no pool has issued."""

CHAINS: Final = (ChainId(1), ChainId(2), ChainId(MAX_CHAINS))
LIMIT: Final = 1 << 100
LATER: Final = NOW + 60


def owner_of(account: int) -> bytes:
    """The owner of an account of the world: 32 bytes of which no part is zero. SECOND is Alice's."""
    return bytes([0xA0 + (ALICE if account == SECOND else account)]) * 32


def context(preset: Preset = MINIMAL, *, with_paths: bool = False) -> Context:
    """What operations of a world are checked under."""
    return Context(preset, DOMAIN, NOW, with_paths)


def roll_state(dice: Dice, preset: Preset = MINIMAL) -> State:
    """A state that conserves: balances, fees and a pool of any size, often nothing; reserves split over CHAINS."""
    state = State(preset)
    owed = dict.fromkeys(TOKENS, 0)
    for account in (OPERATOR, ALICE, BOB, KEYLESS, SECOND):
        state.set_owner(account, owner_of(account))
        state.set_nonce(account, Nonce(dice.below(3)))
        state.set_public_key_hash(account, HASHES.get(account, 0))
        state.set_known(account, dice.pick((ALL_CHAINS, make_chain_set(CHAINS[:1]), NO_CHAINS)))
        for token in TOKENS:
            amount = dice.pick((dice.amount(LIMIT), dice.amount(LIMIT), dice.amount(LIMIT), Amount(0)))
            state.set_balance(account, token, amount)
            owed[token] += amount
    _roll_pools(dice, state, owed)
    for token in TOKENS:
        fees = dice.pick((0, dice.below(1000), dice.amount(LIMIT)))
        state.set_token(token, TokenRow(_split(dice, owed[token] + fees), fees))
    return state


def _roll_pools(dice: Dice, state: State, owed: dict[TokenId, int]) -> None:
    state.set_token(POOL_COUNT_ROW, TokenRow((0,) * MAX_CHAINS, 2))
    state.set_pool(X, Z, Pool(0, 0, 0, 5, NO_SHARES))
    reserves = dice.amount(LIMIT, least=1), dice.amount(LIMIT, least=1)
    holders = [dice.amount(LIMIT) for _ in range(3)]
    fees = dice.below(100)
    supply = sum(holders) + fees
    if not supply:
        reserves = Amount(0), Amount(0)
    state.set_pool(X, Y, Pool(*reserves, supply, dice.pick((30, 0, 9_999)), SHARES))
    for account, shares in zip(SIGNERS, holders, strict=True):
        state.set_balance(account, SHARES, shares)
    state.set_token(SHARES, TokenRow((0,) * MAX_CHAINS, fees))
    for token, reserve in zip((X, Y), reserves, strict=True):
        owed[token] += reserve


def _split(dice: Dice, total: int) -> tuple[int, ...]:
    reserves = [0] * MAX_CHAINS
    for chain in CHAINS[:-1]:
        part = dice.pick((total // 2, 0, total, dice.below(total + 1), min(total, dice.below(1000))))
        reserves[chain - 1] = part
        total -= part
    reserves[CHAINS[-1] - 1] = total
    return tuple(reserves)


@dataclass(slots=True)
class Roller:
    """Rolls operations that fit the state as it is, most of them valid."""

    dice: Dice
    state: State
    requests: int = 0

    def roll(self) -> AccountOperation:
        """Any operation."""
        return self.dice.pick(self.kinds())()

    def kinds(self) -> tuple[Callable[[], AccountOperation], ...]:
        """One method per type of operation."""
        ledger = (self.deposit, self.full_exit, self.key_request, self.transfer, self.withdraw, self.forced_exit)
        others = (self.change_pub_key, self.claim_fees, self.create_pool, self.pool_swap, self.order_match)
        return (*ledger, *others, self.add_liquidity, self.remove_liquidity, self.share_exit)

    # -- requests ------------------------------------------------------------------------------------------------------

    def deposit(self) -> DepositRequest:
        return DepositRequest(
            source=self.dice.pick(CHAINS),
            request_id=self._next_request(),
            token=self.dice.pick(TOKENS),
            amount=self.dice.amount(LIMIT),
            owner=owner_of(self.dice.below(9)),
            refund_to=owner_of(self.dice.below(9)),
            queued_at=NOW - self.dice.below(60),
            account=AccountId(self.dice.below(6)),
            by_owner=self.dice.below(2) == 1,
        )

    def full_exit(self) -> FullExitRequest:
        account = AccountId(self.dice.below(6))
        owner = self.dice.pick((owner_of(account), owner_of(account), owner_of(BOB)))
        token = self.dice.pick(TOKENS)
        row = self.state.token(token)
        scarce = min(CHAINS, key=lambda chain: row.reserve(chain) or LIMIT)
        return self._exit(self.dice.pick((*CHAINS, scarce, scarce, scarce)), account, token, owner)

    def share_exit(self) -> FullExitRequest:
        account = self.dice.pick((*SIGNERS, KEYLESS))
        owner = self.dice.pick((owner_of(account), owner_of(account), owner_of(BOB)))
        token = self.dice.pick((SHARES, SHARES, NO_SHARES, NO_POOL))
        return self._exit(self.dice.pick(CHAINS), account, token, owner)

    def _exit(self, source: ChainId, account: AccountId, token: TokenId, owner: bytes) -> FullExitRequest:
        mask = self.dice.pick((make_chain_set(CHAINS), make_chain_set([source]), ChainSet(self.dice.below(256))))
        mask = with_chain(mask, source)
        return FullExitRequest(source, self._next_request(), account, token, owner, owner_of(8), mask, NOW)

    def key_request(self) -> KeyRequest:
        """For the key that the account has anyway, so that it can go on signing; another's asks for a new one."""
        account = self.dice.pick((*SIGNERS, KEYLESS, SECOND))
        owner = self.dice.pick((owner_of(account), owner_of(account), owner_of(BOB)))
        new = compute_public_key_hash(NEW_KEY.public_key)
        own = HASHES.get(account, self.dice.pick((0, 0, new)))
        key_hash = own if owner == owner_of(account) else new
        return KeyRequest(self.dice.pick(CHAINS), self._next_request(), account, owner, key_hash, NOW)

    def _next_request(self) -> RequestId:
        self.requests += 1
        return RequestId(self.requests)

    # -- ledger operations ---------------------------------------------------------------------------------------------

    def transfer(self) -> Signed[Transfer]:
        account, token = self._signer(), self.dice.pick((*TOKENS, SHARES))
        fee = self._fee(account, token)
        recipient = owner_of(self.dice.below(9))
        amount = self._spend(account, token, fee)
        return self._sign(Transfer(account, self._nonce(account), self._until(), token, amount, fee, recipient))

    def withdraw(self) -> Signed[Withdraw]:
        account, token, chain = self._signer(), self.dice.pick(TOKENS), self.dice.pick(CHAINS)
        fee = self._fee(account, token)
        reserve = self.state.token(token).reserve(chain)
        amount = Amount(min(self._spend(account, token, fee), reserve + self.dice.pick((0, 0, 0, 1))))
        nonce, fill_fee = self._nonce(account), self.dice.amount(amount + 1)
        recipient = self.dice.bytes(32)
        return self._sign(Withdraw(account, nonce, self._until(), token, amount, fee, chain, recipient, fill_fee))

    def forced_exit(self) -> Signed[ForcedExit]:
        account, fee_token = self._signer(), self.dice.pick((*TOKENS, SHARES))
        target = self.dice.pick((KEYLESS, SECOND, KEYLESS, SECOND, BOB, AccountId(6)))
        token, chain = self.dice.pick(TOKENS), self.dice.pick(CHAINS)
        fee = self._fee(account, fee_token)
        return self._sign(
            ForcedExit(account, self._nonce(account), self._until(), target, token, chain, fee, fee_token)
        )

    def change_pub_key(self) -> Signed[ChangePubKey]:
        """To the key that the account has anyway, so that it can go on signing, or a first one."""
        account = self.dice.pick((*SIGNERS, KEYLESS))
        key = KEYS.get(account, NEW_KEY)
        fee_token = self.dice.pick(TOKENS)
        key_hash = compute_public_key_hash(key.public_key)
        nonce, chain, fee = self._nonce(account), self.dice.pick(CHAINS), self._fee(account, fee_token)
        return sign(ChangePubKey(account, nonce, self._until(), key_hash, chain, fee, fee_token), DOMAIN, key)

    def claim_fees(self) -> Signed[ClaimFees]:
        account, token = self.dice.pick((OPERATOR, OPERATOR, OPERATOR, ALICE)), self.dice.pick((*TOKENS, SHARES))
        accrued = self.state.token(token).fees
        amount = Amount(self.dice.pick((accrued, accrued // 2, accrued + 1, 0)))
        fee = compute_nearest_fee(self.dice.pick((0, amount // 3, amount)))
        return self._sign(ClaimFees(account, self._nonce(account), self._until(), token, amount, fee))

    # -- pools and orders ----------------------------------------------------------------------------------------------

    def create_pool(self) -> Signed[CreatePool]:
        pair, account, fee_token = self.dice.pick(((Y, Z), (Y, Z), (X, Y))), self._signer(), self.dice.pick(TOKENS)
        fee = self._fee(account, fee_token)
        return self._sign(
            CreatePool(account, self._nonce(account), self._until(), *pair, self.dice.pick((30, 0)), fee, fee_token)
        )

    def add_liquidity(self) -> Signed[AddLiquidity]:
        pair, fee_token = self.dice.pick(((X, Y), (X, Z), (X, Y), (X, Z), (Y, Z))), self.dice.pick((*TOKENS, SHARES))
        account = self._signer()
        fee = self._fee(account, fee_token)
        limits = self._spend(account, pair[0], 0), self._spend(account, pair[1], 0)
        shares = compute_add_liquidity(self.state.pool(*pair), *limits).shares
        least = Amount(min(self.dice.pick((0, 0, shares, shares + 1)), (1 << 112) - 1))
        return self._sign(
            AddLiquidity(account, self._nonce(account), self._until(), *pair, *limits, least, fee, fee_token)
        )

    def remove_liquidity(self) -> Signed[RemoveLiquidity]:
        account, pair, fee_token = self._signer(), self.dice.pick(((X, Y), (X, Y), (X, Z))), self.dice.pick(TOKENS)
        pool = self.state.pool(*pair)
        shares = self._spend(account, TokenId(pool.lp_token), 0)
        fee = self._fee(account, fee_token)
        limits = self._least(shares, pool.reserve_lower, pool), self._least(shares, pool.reserve_higher, pool)
        return self._sign(
            RemoveLiquidity(account, self._nonce(account), self._until(), *pair, *limits, shares, fee, fee_token)
        )

    def _least(self, shares: int, reserve: int, pool: Pool) -> Amount:
        return Amount(self.dice.pick((0, shares * reserve // max(pool.lp_supply, 1), 0)))

    def pool_swap(self) -> Signed[PoolSwap]:
        account, pair, fee_token = (
            self._signer(),
            self.dice.pick(((X, Y), (Y, X), (X, Y), (Y, X), (Z, X))),
            self.dice.pick(TOKENS),
        )
        amount = max(self._spend(account, pair[0], 0), 1)
        out = compute_pool_swap(self.state.pool(*pair), *pair, amount)
        least, fee = Amount(out + self.dice.pick((-out, -out, 0, 1))), self._fee(account, fee_token)
        return self._sign(
            PoolSwap(account, self._nonce(account), self._until(), *pair, Amount(amount), least, fee, fee_token)
        )

    def order_match(self) -> OrderMatch:
        """Two orders whose prices mostly cross, often of one account; the matcher mostly takes what it can."""
        maker = self._signer()
        taker = self.dice.pick((maker, self._signer()))
        pair = self.dice.pick(((X, Y), (Z, X), (Y, SHARES)))
        sell_a, buy_b = self._offer(maker, pair[0]), self.dice.amount(LIMIT, least=1)
        sell_b = max(self._offer(taker, pair[1]), 1)
        buy_a = Amount(max(sell_b * sell_a // buy_b - self.dice.pick((0, 0, 1, sell_a)), 0))
        orders = (
            self._order(maker, pair[0], pair[1], sell_a, buy_b),
            self._order(taker, pair[1], pair[0], Amount(sell_b), Amount(min(buy_a, LIMIT))),
        )
        amount = self.dice.pick((None, None, None, self.dice.amount(sell_a + 1)))
        return OrderMatch(self._sign(orders[0]), self._sign(orders[1]), amount)

    def _offer(self, account: AccountId, token: TokenId) -> Amount:
        return max(self._spend(account, token, 0), Amount(1))

    def _order(self, account: AccountId, sold: TokenId, bought: TokenId, sell: Amount, buy: Amount) -> Order:
        slot = OrderSlot(self.dice.below(2))
        nonce = Nonce(max(self.state.order(account, slot)[0] + self.dice.pick((0, 1, 1, -1)), 0))
        rate = self.dice.pick((0, 30, 9_999))
        return Order(account, slot, nonce, self._until(), sold, bought, sell, buy, rate)

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _signer(self) -> AccountId:
        return self.dice.pick(SIGNERS)

    def _nonce(self, account: AccountId) -> Nonce:
        nonce = self.state.account(account).nonce
        return Nonce(nonce + 1) if self.dice.below(16) == 15 else nonce

    def _until(self) -> int:
        return NOW + self.dice.pick((60, 0, 60, 60, 60, 60, 60, -1))

    def _fee(self, account: AccountId, token: TokenId) -> Amount:
        balance = self.state.balance(account, token)
        return compute_nearest_fee(self.dice.pick((0, 0, balance // 100, min(balance, 7), balance)))

    def _spend(self, account: AccountId, token: TokenId, fee: int) -> Amount:
        """What the account can spend besides the fee, or about that."""
        left = max(self.state.balance(account, token) - fee, 0)
        return Amount(self.dice.pick((left, left // 2, left // 3, left // 9, min(left, 10), left + 1, 0)))

    def _sign(self, operation: T) -> Signed[T]:
        return sign(operation, DOMAIN, KEYS[operation.account])
