"""The one table of the API: every method with its name, path, structures, refusals and cost. All doors, documents and
tests are made from it.
"""

from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from zklink.schema.api import accounts, chains, devnet, oif, operations, trading, transfers
from zklink.schema.api.refusals import ErrorTable
from zklink.schema.api.scalars import NoRequest

COMMON: Final = ("invalid_request", "too_many_requests", "timed_out", "not_ready")
"""Refusals that any method can have."""


@dataclass(frozen=True, slots=True)
class Method:
    """One method. `path` names fields of the request in braces; the other fields are the query of a GET, or the body.
    `cost` is what a call takes from the caller's allowance.
    """

    name: str
    verb: str
    path: str
    request: type[Struct]
    answer: type[Struct]
    summary: str
    refusals: tuple[str, ...] = ()
    cost: int = 1

    @property
    def all_refusals(self) -> tuple[str, ...]:
        """Its own refusals and those of every method."""
        return (*self.refusals, *COMMON)


def _get(
    path: str,
    name: str,
    answer: type[Struct],
    summary: str,
    request: type[Struct] = NoRequest,
    *refusals: str,
    cost: int = 1,
) -> Method:
    return Method(name, "GET", path, request, answer, summary, refusals, cost)


_LOST: Final = "not_found"
METHODS: Final[tuple[Method, ...]] = (
    _get("/v1/status", "status", chains.NodeStatus, "The node: ready, frozen, its height."),
    _get("/v1/deployment", "deployment", chains.Deployment, "What a client needs to sign for this deployment."),
    _get("/v1/chains", "chains", chains.Chains, "All chains, and how far each is."),
    _get("/v1/tokens", "tokens", chains.Tokens, "All tokens with their contracts."),
    _get("/v1/pools", "pools", chains.Pools, "All pools with their reserves.", cost=2),
    _get(
        "/v1/quote",
        "quote",
        trading.QuoteAnswer,
        "What a swap would give now, or why not.",
        trading.QuoteRequest,
        cost=2,
    ),
    _get(
        "/v1/transfers/{tx_hash}",
        "transfer",
        transfers.TransferAnswer,
        "What became of the swaps of a transaction.",
        transfers.TransferRequest,
    ),
    _get(
        "/v1/transfers",
        "transfers",
        transfers.Transfers,
        "The swaps of an address, the newest first.",
        transfers.TransfersRequest,
        cost=5,
    ),
    _get(
        "/v1/accounts",
        "accounts",
        accounts.AccountsAnswer,
        "The accounts of an owner.",
        accounts.AccountsRequest,
        cost=2,
    ),
    _get(
        "/v1/accounts/{account}", "account", accounts.AccountInfo, "An account.", accounts.AccountRequest, _LOST, cost=2
    ),
    _get(
        "/v1/accounts/{account}/balances",
        "balances",
        accounts.BalancesAnswer,
        "An account's balances.",
        accounts.AccountRequest,
        _LOST,
        cost=2,
    ),
    _get(
        "/v1/accounts/{account}/nonce",
        "nonce",
        accounts.NonceAnswer,
        "An account's nonces.",
        accounts.AccountRequest,
        _LOST,
    ),
    Method(
        "submit",
        "POST",
        "/v1/operations",
        operations.SubmitRequest,
        operations.Submitted,
        "Hand in a signed operation, order or match.",
        ("operation_refused",),
        10,
    ),
    _get(
        "/v1/operations/{id}",
        "operation",
        operations.OperationInfo,
        "What became of an operation.",
        operations.OperationRequest,
    ),
    _get(
        "/v1/operations",
        "operations",
        operations.Operations,
        "The operations of an account, or of all, the newest first.",
        operations.OperationsRequest,
        cost=5,
    ),
    Method(
        "fees",
        "POST",
        "/v1/fees",
        trading.FeesRequest,
        trading.FeesAnswer,
        "The least fee of an operation.",
        ("operation_refused",),
        2,
    ),
    _get(
        "/v1/fee-rate",
        "fee_rate",
        trading.FeeRateAnswer,
        "The least fee rate of an order.",
        trading.FeeRateRequest,
        "operation_refused",
    ),
    _get(
        "/v1/order-book/{base}/{quote}",
        "order_book",
        trading.Book,
        "The resting orders of a pair.",
        trading.BookRequest,
        cost=5,
    ),
    _get("/v1/blocks", "blocks", operations.Blocks, "Blocks, the newest first.", operations.BlocksRequest, cost=5),
    _get("/v1/blocks/{number}", "block", operations.BlockInfo, "A block.", operations.BlockRequest, _LOST),
    _get("/v1/solvency", "solvency", chains.Solvency, "Reserves against liabilities, per token and chain.", cost=5),
    _get("/v1/trust", "trust", chains.Trust, "Whom a user relies on, as it is now.", cost=2),
    _get("/v1/errors", "errors", ErrorTable, "The table of refusals."),
    Method(
        "oif_quotes",
        "POST",
        "/v1/quotes",
        oif.OifQuoteRequest,
        oif.OifQuotes,
        "Quotes in the shape of the Open Intents Framework.",
        ("order_refused",),
        3,
    ),
    Method(
        "oif_submit",
        "POST",
        "/v1/orders",
        oif.OifOrderRequest,
        oif.OifOrderResponse,
        "A signed order of the framework, which the node's relayer brings to its chain; or why it does not.",
        (),
        20,
    ),
    _get(
        "/v1/orders/{id}",
        "oif_order",
        oif.OifOrder,
        "An order of the framework by the hash of its transaction, or by the nonce of its authorization.",
        oif.OifOrderById,
        _LOST,
    ),
    Method(
        "faucet",
        "POST",
        "/v1/devnet/faucet",
        devnet.FaucetRequest,
        devnet.FaucetAnswer,
        "Tokens and coins for an address, of a devnet only.",
        ("no_faucet",),
        40,
    ),
)
BY_NAME: Final = {method.name: method for method in METHODS}
