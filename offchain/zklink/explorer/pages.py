"""The table of pages, and the routes that serve them beside the API's."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from zklink.api.calls import Calls
from zklink.api.guard import refuse_unknown
from zklink.explorer.chain_relay import PATH as RELAY_PATH
from zklink.explorer.chain_relay import ChainRelay
from zklink.explorer.page import HEADERS, Show, respond, show_refusal
from zklink.explorer.static_files import PREFIX, answer_file
from zklink.explorer.timings import Timings
from zklink.explorer.views.accounts import show_account, show_operation
from zklink.explorer.views.blocks import make_block_page, show_blocks
from zklink.explorer.views.home import show_home
from zklink.explorer.views.places import show_chains, show_trust
from zklink.explorer.views.search import show_search
from zklink.explorer.views.swap import show_swap
from zklink.explorer.views.times import make_times_page
from zklink.explorer.views.tokens import show_pools, show_token, show_tokens
from zklink.explorer.views.transfers import show_address, show_request, show_transaction, show_transfers
from zklink.protocol.errors import RequestRefused

PAGES: Final[Mapping[str, Show]] = {
    "/": show_home,
    "/swap": show_swap,
    "/search": show_search,
    "/transfers": show_transfers,
    "/transfers/{tx_hash}": show_transaction,
    "/requests/{key}": show_request,
    "/addresses/{owner}": show_address,
    "/blocks": show_blocks,
    "/accounts/{account}": show_account,
    "/operations/{id}": show_operation,
    "/tokens": show_tokens,
    "/tokens/{token}": show_token,
    "/pools": show_pools,
    "/chains": show_chains,
    "/trust": show_trust,
}
"""Every page by its path, but those that show times."""

TIMED_PAGES: Final[Mapping[str, Callable[[Timings], Show]]] = {
    "/blocks/{number}": make_block_page,
    "/times": make_times_page,
}
"""Pages that show what was timed, by their paths."""


def build_pages(calls: Calls) -> list[BaseRoute]:
    """Routes for all pages and their files, and at the end one for every other path: `pages` of `build_app`."""
    timings = Timings(calls.sources, calls.sources.node)
    shows = {**PAGES, **{path: make(timings) for path, make in TIMED_PAGES.items()}}
    routes: list[BaseRoute] = [Route(path, _Page(calls, show)) for path, show in shows.items()]
    return [*routes, Route(RELAY_PATH, ChainRelay(calls)), Route("/{rest:path}", _Rest())]


class _Page:
    """A page as an ASGI application, so that every verb comes here."""

    def __init__(self, calls: Calls, show: Show) -> None:
        self._calls, self._show = calls, show

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        response = await respond(self._calls, self._show, Request(scope, receive))
        await response(scope, receive, send)


class _Rest:
    """What is no page: a file, or nothing. Programs are refused as the API does it, readers in words."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await _answer_rest(Request(scope, receive))(scope, receive, send)


def _answer_rest(request: Request) -> Response:
    file = answer_file(request) if request.url.path.startswith(PREFIX) else None
    if file is not None:
        file.headers.update({"Content-Security-Policy": HEADERS["Content-Security-Policy"]})
        return file
    is_reader = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1/")
    if not is_reader:
        return refuse_unknown(request, None)
    return show_refusal(request, RequestRefused("no_such_method", "There is no page at this address."))
