"""An owner's port on a node in this process: the `Operator` that wallets of tests and demonstrations talk to."""

from collections.abc import Sequence
from typing import Any

from zklink.node.node import Node
from zklink.operations.operation_id import OperationId
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.operations.swap import Way
from zklink.protocol.ids import AccountId, Amount, ChainId, Lane, Nonce, TokenId
from zklink.transition.swap_ways import find_best_way


class InProcessOperator:
    """An Operator (see `zklink.sdk.operator_port`). Only for the thread that calls `Node.step`."""

    def __init__(self, node: Node) -> None:
        self._node, self._sequencer = node, node.sequencer

    @property
    def deployment_hash(self) -> bytes:
        return self._sequencer.parameters.deployment_hash

    @property
    def account_domain(self) -> int:
        return self._sequencer.parameters.domain(Lane.ACCOUNT)

    @property
    def primary(self) -> ChainId:
        return self._sequencer.parameters.primary

    def accounts_of(self, owner: bytes) -> Sequence[AccountId]:
        return self._sequencer.state.accounts_of(owner)

    def next_nonce(self, account: AccountId) -> Nonce:
        waiting = len(self._sequencer.intake.queue.of(account))
        return Nonce(self._sequencer.state.account(account).nonce + waiting)

    def balance(self, account: AccountId, token: TokenId) -> int:
        return self._sequencer.state.balance(account, token)

    def fee_tokens(self) -> Sequence[TokenId]:
        return sorted(self._sequencer.parameters.terms.prices or (TokenId(0),))

    def least_fee(self, operation: Any) -> Amount:
        return self._sequencer.compute_least_fee(operation)

    def least_fee_rate(self, token_buy: TokenId, amount_buy: int) -> int:
        return self._sequencer.parameters.terms.compute_fee_rate(token_buy, amount_buy)

    def find_best_way(self, token_in: TokenId, token_out: TokenId, dx: int) -> Way | None:
        return find_best_way(dict(self._sequencer.state.pools()), token_in, token_out, dx)

    def submit(self, operation: Signed[Any] | OrderMatch, consent: bytes) -> OperationId:
        return self._node.submit(operation, consent)
