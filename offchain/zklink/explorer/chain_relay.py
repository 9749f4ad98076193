"""A way to the chains of a devnet for its pages: JSON-RPC of one chain at `POST /swap/rpc/{chain}`, a few methods only.

A page's policy lets it speak to nobody but the node that serves it. On a devnet, where the test wallet needs a chain,
this passes its questions on; a node that is no devnet, or has a chain that is none of the laboratory's, refuses them. A
wallet of Solana answers no questions, so those to a chain there are passed on by every node. It holds no key, signs
nothing, and lets through no method that changes a node.
"""

import logging
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from web3.types import RPCEndpoint

from zklink.api.allowance import name_caller
from zklink.api.bodies import read_body
from zklink.api.calls import Calls
from zklink.api.json_text import decode_json
from zklink.api.replies import reply, reply_refusal
from zklink.api.sources import Sources
from zklink.explorer.relay_threads import RelayThreads
from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import RequestRefused, RpcRefused
from zklink.protocol.ids import ChainId

LOG: Final = logging.getLogger(__name__)

PATH: Final = "/swap/rpc/{chain:int}"
METHODS: Final = frozenset(
    {
        "eth_blockNumber",
        "eth_call",
        "eth_chainId",
        "eth_estimateGas",
        "eth_gasPrice",
        "eth_getBalance",
        "eth_getBlockByNumber",
        "eth_getCode",
        "eth_getTransactionByHash",
        "eth_getTransactionCount",
        "eth_getTransactionReceipt",
        "eth_sendRawTransaction",
        "net_version",
    }
)
"""What a wallet needs: reads, and transactions that it has signed itself."""

PROGRAM_METHODS: Final = frozenset(
    {
        "getBlockHeight",
        "getBlockTime",
        "getLatestBlockhash",
        "getMultipleAccounts",
        "getSignatureStatuses",
        "getSlot",
        "sendTransaction",
        "simulateTransaction",
    }
)
"""What the page needs of a Solana chain; at most `MOST_KEYS` accounts or transactions at once."""
MOST_KEYS: Final = 4
PROGRAM_OPTIONS: Final = frozenset(
    {"commitment", "encoding", "maxRetries", "searchTransactionHistory", "sigVerify", "skipPreflight"}
)
"""What a question may say beside; anything else may make a short question's answer long."""
MOST_BYTES: Final = 16_384
"""Bytes of an account that are shown: all of the bridge's, and of a stranger's, which may have millions, no more."""

COST: Final = 1
DEAR_COST: Final = 5
DEAR_METHODS: Final = frozenset({"eth_sendRawTransaction", "sendTransaction", "simulateTransaction"})
"""What makes a node run a transaction, or tell the cluster of it, costs more of the caller's allowance than a read."""


def is_offered(sources: Sources) -> bool:
    """Whether the node is a devnet's, and every chain one of the laboratory, whatever id it has."""
    return sources.is_devnet and all(profile.is_local for profile in sources.profiles.values())


class ChainRelay:
    """The endpoint, an ASGI application."""

    def __init__(self, calls: Calls) -> None:
        self._calls, self._threads = calls, RelayThreads()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except RequestRefused as error:
            response = reply_refusal(error)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        sources, chain = self._calls.sources, ChainId(request.path_params["chain"])
        if chain not in sources.programs and not is_offered(sources):
            raise RequestRefused("no_such_method", "only a devnet passes questions on to its chains")
        if request.method != "POST":
            raise RequestRefused("wrong_verb", "this path takes POST", {"allow": "POST"})
        if chain not in sources.bridges and chain not in sources.programs:
            raise RequestRefused("no_such_method", f"the deployment has no chain {chain}")
        caller = name_caller(request.client.host if request.client else None)
        self._calls.allowances.spend(caller, COST)
        limits = self._calls.limits
        question = decode_json(await read_body(request, limits), limits.depth)
        if not isinstance(question, dict) or not isinstance(question.get("params", []), list):
            raise RequestRefused("not_a_request", "one call with `method` and a list of `params`")
        method = question.get("method")
        params: list[Any] = question.get("params", [])
        is_program = chain in sources.programs
        if not isinstance(method, str) or method not in (PROGRAM_METHODS if is_program else METHODS):
            raise RequestRefused("no_such_method", f"{str(method)[:40]!r} is not passed on")
        if method in DEAR_METHODS:
            self._calls.allowances.spend(caller, DEAR_COST - COST)
        try:
            ask = self._ask_program if is_program else self._pass_on
            answer = await ask(caller, chain, method, params)
        except RequestRefused:
            raise
        except RpcRefused as error:
            answer = {"error": {"code": -32000, "message": error.detail}}
        except Exception as error:
            LOG.info("a question of a page to chain %s failed: %s", chain, redact(str(error)))
            answer = {"error": {"code": -32000, "message": "the chain's node does not answer"}}
        return reply({"jsonrpc": "2.0", "id": question.get("id"), **answer})

    async def _pass_on(self, caller: str, chain: ChainId, method: str, params: list[Any]) -> dict[str, Any]:
        provider = self._calls.sources.bridges[chain].client.w3.provider
        found = await self._threads.ask(caller, chain, provider.make_request, RPCEndpoint(method), params)
        if "error" not in found:
            return {"result": found.get("result")}
        given: Any = found["error"]
        shown = (
            {key: given[key] for key in ("code", "message", "data") if key in given} if isinstance(given, dict) else {}
        )
        return {"error": {"code": -32000, "message": "refused", **shown}}

    async def _ask_program(self, caller: str, chain: ChainId, method: str, params: list[Any]) -> dict[str, Any]:
        if params and isinstance(params[0], list) and len(params[0]) > MOST_KEYS:
            raise RequestRefused("invalid_request", f"at most {MOST_KEYS} at once", {"field": "params"})
        if any(isinstance(each, dict) and not PROGRAM_OPTIONS.issuperset(each) for each in params):
            raise RequestRefused("invalid_request", "an option that is not passed on", {"field": "params"})
        if method == "getMultipleAccounts":
            options = params[1] if len(params) > 1 and isinstance(params[1], dict) else {}
            params = [*params[:1], {**options, "dataSlice": {"offset": 0, "length": MOST_BYTES}}]
        return {"result": await self._threads.ask(caller, chain, self._calls.sources.programs[chain], method, *params)}
