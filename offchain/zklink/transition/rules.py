"""The account lane's operations by their type: the kind of slot that each takes, its check and its application."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.claim_fees import ClaimFees
from zklink.operations.create_pool import CreatePool
from zklink.operations.deposit import DepositRequest
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.order_match import OrderMatch
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.remove_liquidity import RemoveLiquidity
from zklink.operations.signed import Signed
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.state.state import State
from zklink.transition.add_liquidity import apply_add_liquidity, check_add_liquidity
from zklink.transition.change_pub_key import apply_change_pub_key, check_change_pub_key
from zklink.transition.claim_fees import apply_claim_fees, check_claim_fees
from zklink.transition.context import Context
from zklink.transition.create_pool import apply_create_pool, check_create_pool
from zklink.transition.deposit import apply_deposit, check_deposit
from zklink.transition.forced_exit import apply_forced_exit, check_forced_exit
from zklink.transition.full_exit import apply_full_exit, check_full_exit
from zklink.transition.key_request import apply_key_request, check_key_request
from zklink.transition.ledger_slot import LedgerSlot
from zklink.transition.order_match import MatchSlot, apply_order_match, check_order_match
from zklink.transition.pool_slot import PoolSlot
from zklink.transition.pool_swap import apply_pool_swap, check_pool_swap
from zklink.transition.remove_liquidity import apply_remove_liquidity, check_remove_liquidity
from zklink.transition.share_exit import apply_share_exit, check_share_exit
from zklink.transition.transfer import apply_transfer, check_transfer
from zklink.transition.withdraw import apply_withdraw, check_withdraw

LedgerOperation: TypeAlias = Transfer | Withdraw | ForcedExit | ChangePubKey | ClaimFees
PoolOperation: TypeAlias = CreatePool | AddLiquidity | RemoveLiquidity | PoolSwap
AccountOperation: TypeAlias = (
    DepositRequest
    | FullExitRequest
    | KeyRequest
    | Signed[Transfer]
    | Signed[Withdraw]
    | Signed[ForcedExit]
    | Signed[ChangePubKey]
    | Signed[ClaimFees]
    | Signed[CreatePool]
    | Signed[AddLiquidity]
    | Signed[RemoveLiquidity]
    | Signed[PoolSwap]
    | OrderMatch
)
AccountSlot: TypeAlias = LedgerSlot | PoolSlot | MatchSlot

Slot_co = TypeVar("Slot_co", covariant=True)


class Rule(NamedTuple, Generic[Slot_co]):
    """How operations of one type are checked and applied."""

    check: Callable[[State, Any, Context], None]
    apply: Callable[[State, Any, Context], Slot_co]


LEDGER_RULES: Final[Mapping[type, Rule[LedgerSlot]]] = {
    DepositRequest: Rule(check_deposit, apply_deposit),
    FullExitRequest: Rule(check_full_exit, apply_full_exit),
    KeyRequest: Rule(check_key_request, apply_key_request),
    Transfer: Rule(check_transfer, apply_transfer),
    Withdraw: Rule(check_withdraw, apply_withdraw),
    ForcedExit: Rule(check_forced_exit, apply_forced_exit),
    ChangePubKey: Rule(check_change_pub_key, apply_change_pub_key),
    ClaimFees: Rule(check_claim_fees, apply_claim_fees),
}
POOL_RULES: Final[Mapping[type, Rule[PoolSlot]]] = {
    CreatePool: Rule(check_create_pool, apply_create_pool),
    AddLiquidity: Rule(check_add_liquidity, apply_add_liquidity),
    RemoveLiquidity: Rule(check_remove_liquidity, apply_remove_liquidity),
    PoolSwap: Rule(check_pool_swap, apply_pool_swap),
    FullExitRequest: Rule(check_share_exit, apply_share_exit),
}
ORDER_RULES: Final[Mapping[type, Rule[MatchSlot]]] = {OrderMatch: Rule(check_order_match, apply_order_match)}
"""For each kind of slots, the rules by the type of the request or of the signed operation."""

RULES: Final[Mapping[type, Rule[AccountSlot]]] = {**POOL_RULES, **LEDGER_RULES, **ORDER_RULES}
"""By type; a full exit stands here as that of an ordinary token."""


def check_operation(state: State, operation: AccountOperation, context: Context) -> None:
    """Run the operation's own check, which raises a ZkLinkError with the reason; change nothing."""
    _rule_of(operation, context).check(state, operation, context)


def apply_operation(state: State, operation: AccountOperation, context: Context) -> AccountSlot:
    """Carry out an operation that `check_operation` has just let pass on this very state."""
    return _rule_of(operation, context).apply(state, operation, context)


def _rule_of(operation: AccountOperation, context: Context) -> Rule[AccountSlot]:
    if isinstance(operation, FullExitRequest) and operation.is_of_shares(context.preset):
        return POOL_RULES[FullExitRequest]
    return RULES[type_of(operation)]


def type_of(operation: AccountOperation) -> type:
    """The type of the request or of the signed operation."""
    return type(operation.operation) if isinstance(operation, Signed) else type(operation)
