"""One page: its view is asked, its template filled, and the response gets the headers that every page has.

A refusal becomes a page in words with the status of its code. A page never answers 500: what fails here without being
anybody's refusal is logged with its trace, and the reader is told that the page cannot be shown now (503).
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from zklink.api.allowance import name_caller
from zklink.api.calls import Calls
from zklink.explorer import formats
from zklink.explorer.asking import Asker, load_naming
from zklink.explorer.static_files import name_file
from zklink.protocol.errors import RequestRefused
from zklink.protocol.ids import CUSTODY_LIMIT
from zklink.schema.api.refusals import REFUSALS

LOG: Final = logging.getLogger(__name__)

POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
"""Nothing is loaded from elsewhere, and nothing that stands in a page runs. Icons of wallets are `data:` images."""

HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows: its template and what that is filled with."""

    template: str
    data: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Redirect:
    """The page is another one, at a path of this site."""

    path: str


Show = Callable[[Asker, Request], Awaitable[View | Redirect]]
"""What makes a page. Raises RequestRefused."""


FILTERS: Final = (
    "capitalize_first",
    "count_things",
    "cut_decimals",
    "group_digits",
    "pick_address",
    "shorten",
    "show_age",
    "show_distance",
    "show_span",
    "show_time",
    "stamp_time",
)


@lru_cache(maxsize=1)
def load_templates() -> Environment:
    """The templates; every text that they are filled with is escaped, and a name that is missing is a mistake."""
    folder = Path(__file__).with_name("templates")
    made = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, auto_reload=False)
    made.trim_blocks = made.lstrip_blocks = True
    made.filters |= {name: getattr(formats, name) for name in FILTERS}
    made.globals |= {
        "static": name_file,
        "look_of": formats.look_of,
        "show_units": formats.show_units,
        "no_cap": CUSTODY_LIMIT - 1,
    }
    return made


async def respond(calls: Calls, show: Show, request: Request) -> Response:
    """The page, or one that says why there is none. `after` is the last event before the page was made: its stream
    begins there, so that nothing is missed between the two.
    """
    ask = Asker(calls, name_caller(request.client.host if request.client else None))
    feed = calls.sources.history.feed
    after = f"{feed.run}-{feed.last_number}"
    try:
        if request.method not in ("GET", "HEAD"):
            raise RequestRefused("wrong_verb", "this page takes GET", {"allow": "GET, HEAD"})
        view = await show(ask, request)
        if isinstance(view, Redirect):
            return Response(status_code=303, headers={**HEADERS, "Location": view.path})
        names = await load_naming(ask)
        return _render(request, view.template, {**view.data, "names": names, "after": after}, view.status)
    except RequestRefused as error:
        return show_refusal(request, error)
    except Exception:
        LOG.exception("the page %s failed", request.url.path)
        return show_refusal(request, RequestRefused("internal", "a mistake of this program; it is logged"))


def show_refusal(request: Request, error: RequestRefused) -> Response:
    """A refusal in words."""
    row = REFUSALS[error.code]
    status = 503 if error.code == "internal" else row.status
    data = {"title": TITLES.get(error.code, "This page cannot be shown"), "message": error.message, "do": row.do}
    response = _render(request, "refusal.html", {**data, "status": status, "names": None}, status)
    if "retry_after_seconds" in error.details:
        response.headers["Retry-After"] = error.details["retry_after_seconds"]
    if "allow" in error.details:
        response.headers["Allow"] = error.details["allow"]
    return response


TITLES: Final = {
    "not_found": "Nothing here",
    "no_such_method": "No such page",
    "invalid_request": "That does not look right",
    "too_many_requests": "Too many questions",
    "too_many_connections": "Too many at once",
    "not_ready": "The node is starting",
    "timed_out": "The node did not answer in time",
}


def _render(request: Request, template: str, data: Mapping[str, Any], status: int) -> Response:
    place = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    text = load_templates().get_template(template).render(**data, path=request.url.path, place=place)
    return Response(text, status, HEADERS, "text/html; charset=utf-8")
