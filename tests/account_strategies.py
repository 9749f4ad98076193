"""Hypothesis strategies for the account lane's records and signed operations: any that are well formed."""

from collections.abc import Callable

from hypothesis import strategies as st

from tests.strategies import Dice, roll_payout, roll_request, rolled
from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.change_pub_key import ChangePubKey, KeyChange
from zklink.operations.claim_fees import ClaimFees
from zklink.operations.create_pool import CreatePool
from zklink.operations.deposit import DepositRequest
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.full_exit import FullExitPart, FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.ledger_data import FULL_EXIT_KINDS, LEDGER_KINDS, LedgerData
from zklink.operations.order import Order
from zklink.operations.order_match import OrderData
from zklink.operations.payout import PAYOUT_KINDS, Payout
from zklink.operations.pool_data import POOL_KINDS, PoolData
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.remove_liquidity import RemoveLiquidity
from zklink.operations.requests import AccountRequest
from zklink.operations.swap import SwapRequest
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.primitives.field import R
from zklink.protocol.addresses import ZERO_ADDRESS
from zklink.protocol.chain_sets import with_chain
from zklink.protocol.ids import (
    FEE_DENOMINATOR,
    MAX_CHAINS,
    NONCE_LIMIT,
    AccountId,
    Amount,
    BlockNumber,
    ChainId,
    ChainSet,
    Kind,
    Nonce,
    OrderSlot,
    RequestId,
    TokenId,
)
from zklink.protocol.packing import compute_nearest_fee

Record = (
    SwapRequest
    | DepositRequest
    | FullExitRequest
    | FullExitPart
    | KeyRequest
    | KeyChange
    | Payout
    | LedgerData
    | PoolData
    | OrderData
)
"""Everything that a slice holds."""

Operation = (
    Transfer
    | Withdraw
    | ForcedExit
    | ChangePubKey
    | ClaimFees
    | CreatePool
    | AddLiquidity
    | RemoveLiquidity
    | PoolSwap
    | Order
)
"""Everything that is signed."""


def roll_chain(dice: Dice) -> ChainId:
    """A chain of the table."""
    return ChainId(1 + dice.below(MAX_CHAINS))


def roll_token(dice: Dice) -> TokenId:
    """Any token id, also an LP token's."""
    return TokenId(dice.below(1 << 16))


def roll_account(dice: Dice) -> AccountId:
    """Any account id that has a field."""
    return AccountId(dice.pick((dice.below(16), dice.below(1 << 32))))


def roll_fee(dice: Dice) -> Amount:
    """A fee that can be packed."""
    return compute_nearest_fee(dice.amount())


def roll_deposit(dice: Dice) -> DepositRequest:
    """Any deposit."""
    return DepositRequest(
        source=roll_chain(dice),
        request_id=RequestId(dice.below(1 << 64)),
        token=roll_token(dice),
        amount=dice.amount(),
        owner=dice.bytes(32),
        refund_to=dice.bytes(32),
        queued_at=dice.below(1 << 40),
        account=roll_account(dice),
        by_owner=bool(dice.below(2)),
        native_fee_gwei=dice.below(1 << 40),
    )


def roll_full_exit(dice: Dice) -> FullExitRequest:
    """Any full exit."""
    source = roll_chain(dice)
    return FullExitRequest(
        source=source,
        request_id=RequestId(dice.below(1 << 64)),
        account=roll_account(dice),
        token=roll_token(dice),
        owner=dice.bytes(32),
        second=dice.bytes(32),
        mask=with_chain(ChainSet(dice.below(1 << MAX_CHAINS)), source),
        queued_at=dice.below(1 << 40),
        native_fee_gwei=dice.below(1 << 40),
    )


def roll_full_exit_part(dice: Dice) -> FullExitPart:
    """Any record of a full exit that was served in part."""
    return FullExitPart(roll_full_exit(dice))


def roll_key_request(dice: Dice) -> KeyRequest:
    """Any key request, also with a hash that is no canonical field element."""
    return KeyRequest(
        source=roll_chain(dice),
        request_id=RequestId(dice.below(1 << 64)),
        account=roll_account(dice),
        owner=dice.bytes(32),
        public_key_hash=dice.below(dice.pick((R, 1 << 256))),
        queued_at=dice.below(1 << 40),
        native_fee_gwei=dice.below(1 << 40),
    )


def roll_key_change(dice: Dice) -> KeyChange:
    """Any key change, also with a hash that is no canonical field element."""
    account, nonce = roll_account(dice), Nonce(dice.below(NONCE_LIMIT))
    key_hash = dice.below(dice.pick((R, 1 << 256)))
    return KeyChange(roll_chain(dice), account, nonce, dice.bytes(32), key_hash, dice.below(1 << 40))


def roll_any_payout(dice: Dice) -> Payout:
    """A payout of either lane."""
    if dice.below(2):
        return roll_payout(dice)
    kind = dice.pick(PAYOUT_KINDS)
    is_full_exit = kind == Kind.FULL_EXIT_PAYOUT
    return Payout(
        kind=kind,
        source=ChainId(dice.below(MAX_CHAINS + 1)),
        chain=roll_chain(dice),
        id=dice.below(1 << 64),
        token=roll_token(dice),
        amount=dice.amount(),
        recipient=dice.bytes(32),
        fill_fee=dice.amount(),
        block_number=BlockNumber(dice.below(1 << 64) * is_full_exit),
        slot=dice.below(1 << 16) * is_full_exit,
    )


def roll_ledger_data(dice: Dice) -> LedgerData:
    """The data of a ledger slot, with one word or two."""
    kind = dice.pick((*LEDGER_KINDS, Kind.TRANSFER_NEW))
    return LedgerData(
        kind=kind,
        account=roll_account(dice),
        target=roll_account(dice),
        token=roll_token(dice),
        packed_fee=dice.below(1 << 16),
        fee_token=roll_token(dice),
        chain=ChainId(dice.below(1 << 8)),
        amount=dice.amount(),
        owner=dice.bytes(32) if kind == Kind.TRANSFER_NEW else ZERO_ADDRESS,
        source=ChainId(dice.below(1 << 8) if kind in FULL_EXIT_KINDS else 0),
    )


def roll_pool_data(dice: Dice) -> PoolData:
    """The data of a pool slot."""
    kind = dice.pick(POOL_KINDS)
    return PoolData(
        kind=kind,
        account=roll_account(dice),
        token_a=roll_token(dice),
        token_b=roll_token(dice),
        packed_fee=dice.below(1 << 16),
        fee_token=roll_token(dice),
        lp_token=roll_token(dice),
        pool_fee=dice.below(1 << 16),
        amount_a=dice.amount(),
        amount_b=dice.amount(),
        shares=dice.amount(),
        chain=ChainId(dice.below(1 << 8) if kind == Kind.SHARE_EXIT else 0),
    )


def roll_order_data(dice: Dice) -> OrderData:
    """The data of an order slot."""
    return OrderData(
        maker=roll_account(dice),
        taker=roll_account(dice),
        token_a=roll_token(dice),
        token_b=roll_token(dice),
        maker_slot=OrderSlot(dice.below(1 << 8)),
        taker_slot=OrderSlot(dice.below(1 << 8)),
        amount_a=dice.amount(),
        amount_b=dice.amount(),
        maker_nonce=Nonce(dice.below(NONCE_LIMIT)),
        taker_nonce=Nonce(dice.below(NONCE_LIMIT)),
        maker_fee_rate=dice.below(1 << 16),
        taker_fee_rate=dice.below(1 << 16),
    )


RECORDS: tuple[Callable[[Dice], Record], ...] = (
    roll_request,
    roll_deposit,
    roll_full_exit,
    roll_full_exit_part,
    roll_key_request,
    roll_key_change,
    roll_any_payout,
    roll_ledger_data,
    roll_pool_data,
    roll_order_data,
)


def records() -> st.SearchStrategy[Record]:
    """Any record of either lane."""
    return rolled(lambda dice: dice.pick(RECORDS)(dice))


REQUESTS: tuple[Callable[[Dice], AccountRequest], ...] = (roll_deposit, roll_full_exit, roll_key_request)


def account_requests() -> st.SearchStrategy[AccountRequest]:
    """Any request of the account lane."""
    return rolled(lambda dice: dice.pick(REQUESTS)(dice))


def roll_operation(dice: Dice) -> Operation:
    """Any signed operation whose message can be computed."""
    signer = roll_account(dice), Nonce(dice.below(NONCE_LIMIT)), dice.below(1 << 40)
    token, other, fee_token = roll_token(dice), roll_token(dice), roll_token(dice)
    one, two, three, fee = dice.amount(), dice.amount(), dice.amount(), roll_fee(dice)
    chain, party, target = roll_chain(dice), dice.bytes(32), roll_account(dice)
    rate = dice.below(FEE_DENOMINATOR)
    slot = OrderSlot(dice.below(1 << 8))
    options: tuple[Operation, ...] = (
        Transfer(*signer, token, one, fee, party),
        Withdraw(*signer, token, one, fee, chain, party, two),
        ForcedExit(*signer, target, token, chain, fee, fee_token),
        ChangePubKey(*signer, int.from_bytes(party, "big") % R, chain, fee, fee_token),
        ClaimFees(*signer, token, one, fee),
        CreatePool(*signer, token, other, rate, fee, fee_token),
        AddLiquidity(*signer, token, other, one, two, three, fee, fee_token),
        RemoveLiquidity(*signer, token, other, one, two, three, fee, fee_token),
        PoolSwap(*signer, token, other, one, two, fee, fee_token),
        Order(signer[0], slot, signer[1], signer[2], token, other, one, two, rate),
    )
    return dice.pick(options)


def operations() -> st.SearchStrategy[Operation]:
    """Any signed operation whose message can be computed."""
    return rolled(roll_operation)
