"""What stands in a node's settings is a secret, whatever it looks like, and is found in a text in whatever form."""

import html
import json
import logging
from base64 import b64encode
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.auth import HTTPBasicAuth
from web3 import HTTPProvider, Web3

from tests.l1.fake_node import PROFILE, FakeNode
from zklink.l1.transport import secrets
from zklink.l1.transport.guard import guard
from zklink.l1.transport.nodes import Node, NodePool
from zklink.l1.transport.redaction import redact
from zklink.l1.transport.roster import PoolPolicy
from zklink.l1.transport.secrets import MASK, keep_secret, keep_words
from zklink.lab.rpc_faults import error

KEYS = ["abc", "tiger", "opensesame", "correct-horse-battery", "93117402", "k3yMarked9f8e7d6cXy", "pä ss/wörd+&?"]
HOST = "http://node.example"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests' nodes are called is no secret here."""
    monkeypatch.setattr(secrets, "_secrets", set())
    monkeypatch.setattr(secrets, "_pieces", set())


def coded(key: str) -> str:
    return quote(key, safe="")


PLACES: dict[str, Callable[[str], object]] = {
    "segment": lambda key: keep_secret(f"{HOST}/v2/{coded(key)}z"),
    "only segment": lambda key: keep_secret(f"{HOST}/{coded(key)}z"),
    "segment before others": lambda key: keep_secret(f"{HOST}/{coded(key)}z/rpc/ethereum"),
    "part of a segment": lambda key: keep_secret(f"{HOST}/rpc;key={coded(key)}z"),
    "query": lambda key: keep_secret(f"{HOST}/?apikey={coded(key)}z&chain=1"),
    "bare query": lambda key: keep_secret(f"{HOST}/rpc?{coded(key)}z"),
    "fragment": lambda key: keep_secret(f"{HOST}/rpc#{coded(key)}z"),
    "user": lambda key: keep_secret(f"http://{coded(key)}@node.example/rpc"),
    "password": lambda key: keep_secret(f"http://operator:{coded(key)}@node.example/rpc"),
    "websocket": lambda key: keep_secret(f"wss://operator:{coded(key)}@node.example:8546"),
    "header": lambda key: keep_secret(HOST, {"x-anything": f"{key}z"}),
    "bearer": lambda key: keep_secret(HOST, {"Authorization": f"Bearer {coded(key)}z"}),
    "basic": lambda key: keep_secret(
        HOST, {"Authorization": f"Basic {b64encode(f'me:{coded(key)}'.encode()).decode()}"}
    ),
    "cookie": lambda key: keep_secret(HOST, {"Cookie": f"a=1; session={coded(key)}z"}),
    "bytes": lambda key: keep_secret(HOST, {b"x-key".decode(): f"{coded(key)}z".encode()}),
}
NO_SUFFIX = ("user", "password", "websocket", "basic")


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("place", PLACES)
def test_keep_secret__any_place_any_key__masked_where_it_stands_bare(place: str, key: str) -> None:
    PLACES[place](key)
    echoed = key if place in NO_SUFFIX else f"{key}z"
    assert redact(f"the project {echoed}, of this month, has ended") == f"the project {MASK}, of this month, has ended"


FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper": lambda key: key.upper() if key.isascii() else key,
    "quoted": lambda key: f"'{key}'",
    "percent": lambda key: quote(key, safe=""),
    "every byte": lambda key: "".join(f"%{byte:02x}" for byte in key.encode()),
    "every byte twice": lambda key: "".join(f"%25{byte:02X}" for byte in key.encode()),
    "one letter": lambda key: (
        f"{quote(key[:1], safe='')}%{ord('e'):02x}{quote(key[2:], safe='')}" if key[1:2] == "e" else quote(key)
    ),
    "json": lambda key: json.dumps(key),
    "json in json": lambda key: json.dumps(json.dumps(key)),
    "html": html.escape,
    "html numbers": lambda key: "".join(f"&#{ord(letter)};" for letter in key),
    "in an address": lambda key: f"https://other.example/{quote(key, safe='')}/x",
    "after an escape": lambda key: f"%3D{quote(key, safe='')}%26",
    "after a line": lambda key: rf"\n{key}\n",
    "pair": lambda key: f"key={key}",
    "brackets": lambda key: f"[{key}]",
    "base64": lambda key: b64encode(key.encode()).decode() if len(key) >= 12 else key,
    "hex": lambda key: key.encode().hex() if len(key) >= 6 else key,
}


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("form", FORMS)
def test_redact__any_form__masked(form: str, key: str) -> None:
    keep_words([key])
    shown = redact(f"node says {FORMS[form](key)} is over its limit")
    for part in (key, key.upper(), quote(key, safe=""), FORMS[form](key).strip("'\"[]")):
        assert part.lower() not in shown.lower()
    assert MASK in shown or form == "in an address"
    assert shown.startswith("node says ") and shown.endswith(" is over its limit")


@pytest.mark.parametrize("cut", [slice(0, 8), slice(0, 12), slice(5, None), slice(3, 14), slice(-8, None)])
def test_redact__a_key_made_by_chance_that_is_cut_off__masked(cut: slice) -> None:
    key = "k3yMarked9f8e7d6cXy"
    keep_words([key])
    assert redact(f"your key {key[cut]}… is unknown") == f"your key {MASK}… is unknown"


@pytest.mark.parametrize(
    "text",
    [
        "block 0x12ab: bridge: not open (12 of 14)",
        "the nodes of ethereum and polygon-mainnet answer v1 and 137",
        "abcd, dabc, 1abc2 and tigers stay; a committee of three",
        "0x" + "ab" * 32,
        "100% of 5%, a\\b, R&D",
    ],
)
def test_redact__words_that_are_no_secret__stay(text: str) -> None:
    keep_secret("https://rpc.example/v1/polygon-mainnet/137?network=ethereum")
    keep_words(["abc", "tigeress", "k3yMarked9f8e7d6cXy"])
    assert redact(text) == text


def test_keep_secret__the_chains_own_name__stays() -> None:
    keep_secret(f"{HOST}/my-chain/abcdef", public=("my-chain",))
    assert redact("my-chain: abcdef") == f"my-chain: {MASK}"


def test_keep_secret__an_at_in_the_path__is_no_password() -> None:
    keep_secret("http://node.example:8545/rpc/@handle")
    assert redact("node.example:8545 of @handle") == f"node.example:8545 of {MASK}"


def test_keep_secret__raw_characters_in_a_password__masked_whole_and_in_part() -> None:
    keep_secret("http://me:pass/word@more?of@node.example/rpc")
    for text in ("pass/word@more?of", "more?of", "word", "pass%2Fword%40more%3Fof"):
        assert redact(f"wrong: {text}!") == f"wrong: {MASK}!"


def providers() -> Iterator[tuple[str, HTTPProvider]]:
    yield "auth", HTTPProvider(HOST, {"auth": ("me", "sesame/@?open")})
    yield "auth object", HTTPProvider(HOST, {"auth": HTTPBasicAuth("me", "sesame/@?open")})
    yield "params", HTTPProvider(HOST, {"params": {"key": "sesame/@?open"}})
    yield "cookies", HTTPProvider(HOST, {"cookies": {"a": "sesame/@?open"}})
    yield "proxies", HTTPProvider(HOST, {"proxies": {"https": "http://me:sesame%2F%40%3Fopen@proxy.example:3128"}})
    session = requests.Session()
    session.auth = ("me", "sesame/@?open")
    yield "session's auth", HTTPProvider(HOST, session=session)
    session = requests.Session()
    session.headers["x-key"] = "sesame/@?open"
    yield "session's headers", HTTPProvider(HOST, session=session)


@pytest.mark.parametrize("name", [name for name, _ in providers()])
def test_guard__any_setting_of_a_provider__masked(name: str) -> None:
    guard(Web3(dict(providers())[name]))
    for text in ("sesame/@?open", "sesame%2F%40%3Fopen"):
        assert redact(f"wrong: {text}!") == f"wrong: {MASK}!"


def test_guard__headers_of_a_websocket__masked() -> None:
    w3 = Web3(FakeNode())
    w3.provider.websocket_kwargs = {"additional_headers": {"x-key": "opensesame"}}  # type: ignore[attr-defined]
    guard(w3)
    assert redact("opensesame") == MASK


@pytest.mark.parametrize("key", ["opensesame", "tiger"])
def test_pool__a_node_echoes_a_bare_key__its_own_log_does_not_show_it(
    key: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    keep_words([key])
    node = FakeNode()
    pool = NodePool(PROFILE, [Node("node-0", node)], PoolPolicy())
    node.fail("eth_getBalance", error(f"project {key} is over its limit\nsecond line {key}"))
    assert pool.make_request("eth_getBalance", ["0x", "latest"])["error"]  # type: ignore[arg-type]
    assert f"project {MASK} is over its limit" in caplog.text and "second line" not in caplog.text


def test_redact__many_secrets_and_a_long_answer__in_one_pass() -> None:
    keep_words(f"{index:04x}Key{index:04x}Marked" for index in range(200))
    text = "0x" + "ab" * 200_000
    assert redact(text) == text
    assert redact("%41" * 50_000) == "%41" * 50_000


@given(st.text(min_size=6, max_size=30), st.text(max_size=20), st.text(max_size=20), st.sampled_from(sorted(FORMS)))
def test_redact__any_text_any_secret__never_shown(key: str, before: str, after: str, form: str) -> None:
    secrets._secrets.clear()
    keep_words([key])
    try:
        text = f"{before} {FORMS[form](key)} {after}"
    except UnicodeEncodeError:
        return
    if key not in f"{before} {after}":
        assert key not in redact(text)
