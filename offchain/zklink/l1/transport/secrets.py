"""Knows the secrets of the nodes in use, and takes them out of a text wherever they stand.

Takes the addresses, headers and other settings with which nodes are reached: whatever stands in them is a secret, but
for the host and for words that everybody knows, such as a chain's name or a version. A secret of fewer than
SHORTEST_SECRET characters could be guessed, and is not recognised. Never asks a node.
"""

import html
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

MASK: Final = "***"
SHORTEST_SECRET: Final = 3
SHORTEST_INSIDE: Final = 6
"""A shorter secret is recognised where no letter or digit is beside it."""
PIECE: Final = 8
"""So many characters in a row of a key made by chance are masked without the rest of it."""

_PUBLIC: Final = frozenset(
    re.findall(
        r"\S+",
        """
        api apikey app archive auth authorization base basic bc bearer blockchain chain client data digest docs endpoint
        eth evm ext full gateway geth http https id json jsonrpc jwt key light main mainnet net network networks node
        nodes org prod production project public query rest rpc rpcs server service stage staging test testnet token
        unsupported user web web3 wss
        amoy anvil arb arbitrum aurora avalanche avax beacon berachain binance blast bnb bsc celo chapel cronos dev
        devnet ethereum fantom fuji gnosis goerli hardhat holesky hoodi linea local localhost mantle matic moonbeam nova
        one optimism polygon pos scroll sepolia solana sonic xdai zkevm zksync
        """,
    )
)
_PUBLIC_WORD: Final = re.compile(r"v?[0-9]{1,3}(?:\.[0-9]+)*|[0-9]{1,8}", re.IGNORECASE)
_PLAIN_HEADERS: Final = (
    *("accept", "accept-encoding", "accept-language", "connection", "content-type", "content-length", "host"),
    *("user-agent", "keep-alive", "cache-control", "pragma"),
)
_BESIDE: Final = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrtbf])|(?<=\\u[0-9A-Fa-f]{4}))"
_HOST_AND_PORT: Final = re.compile(r"(?:\[[^\]@]*\]|[^:@]*)(?::[0-9]*)?")
_WORD: Final = re.compile(r"[^\s\"'<>]+")
_ESCAPE: Final = re.compile(r"\\+(?:u00([0-9a-f]{2})|x([0-9a-f]{2})|([/\"']))", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TO_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_DEEPEST: Final = 8

_secrets: set[str] = set()
"""What must never be shown, of every node that this process talks to."""
_pieces: set[str] = set()


def keep_secret(url: str, headers: Mapping[str, Any] | None = None, public: Iterable[str] = ()) -> None:
    """Learn the secrets of a node's address and of the headers that are sent there. `public` are more words that are
    no secrets.
    """
    words = {word.lower() for name in public for word in _split_words(name)}
    found = set(_read_user(url)) | set(_read_target(url, words))
    for name, value in (headers or {}).items():
        if str(name).lower() not in _PLAIN_HEADERS:
            found |= set(_read_header(value.decode("latin-1") if isinstance(value, bytes) else str(value), words))
    keep_words(found)


def keep_words(words: Iterable[str]) -> None:
    """Learn secrets as they are."""
    for word in words:
        for form in {word, unquote(word), unquote(unquote(word))}:
            if len(form) >= SHORTEST_SECRET:
                _secrets.update(spelled.translate(_TO_LOWER) for spelled in _spell(form))
                _pieces.update(_cut(form))


def mask_secrets(text: str) -> str:
    """The text without known secrets: as they are, in either case, cut off, and in the escapes of addresses, JSON,
    HTML and base64.
    """
    text = _mask_plain(text)
    if _secrets and any(mark in text for mark in "%\\&"):
        text = _WORD.sub(lambda match: _mask_escaped(match.group()), text)
        text = _mask_escaped(text)  # a secret of several words
    return text


def _mask_plain(text: str) -> str:
    lowered = text.translate(_TO_LOWER)
    found = sorted((secret for secret in _secrets if secret in lowered), key=len, reverse=True)
    if found:
        text = re.sub("|".join(map(_find, found)), MASK, text, flags=re.IGNORECASE)
    return _mask_pieces(text)


def _mask_escaped(text: str) -> str:
    """The text itself, or, if a secret stands in it escaped, without its escapes."""
    decoded = text
    for _ in range(_DEEPEST):
        before, decoded = decoded, html.unescape(unquote(_ESCAPE.sub(_unescape, decoded)))
        if decoded == before:
            break
    if decoded == text or (masked := _mask_plain(decoded)) == decoded:
        return text
    return _CONTROL.sub(" ", masked)


def _unescape(match: re.Match[str]) -> str:
    code = match.group(1) or match.group(2)
    return chr(int(code, 16)) if code else match.group(3)


def _mask_pieces(text: str) -> str:
    """Mask what is covered by pieces of keys."""
    if not _pieces:
        return text
    lowered = text.translate(_TO_LOWER)
    hidden: list[list[int]] = []
    for start in range(len(text) - PIECE + 1):
        if lowered[start : start + PIECE] in _pieces:
            if not hidden or start > hidden[-1][1]:
                hidden.append([start, start])
            hidden[-1][1] = start + PIECE
    for start, end in reversed(hidden):
        text = text[:start] + MASK + text[end:]
    return text


def _find(secret: str) -> str:
    """How a secret is found in a text."""
    literal = re.escape(secret)
    return literal if len(secret) >= SHORTEST_INSIDE else rf"{_BESIDE}{literal}(?![A-Za-z0-9])"


def _spell(secret: str) -> Iterator[str]:
    """The forms in which libraries write a secret."""
    yield from (secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1], html.escape(secret))
    if len(secret) >= SHORTEST_INSIDE:
        data = secret.encode(errors="replace")
        for start in range(3):  # base64 of a longer text has a secret in one of three forms, but for its ends
            coded = b64encode(bytes(start) + data).decode()[4 * (start > 0) : 4 * ((start + len(data)) // 3)]
            if len(coded) >= PIECE:
                yield from (coded, coded.replace("+", "-").replace("/", "_"))
        yield data.hex()


def _cut(secret: str) -> Iterator[str]:
    """The pieces of a key made by chance; of words there are none."""
    for part in re.split(r"[-_.:/+=\s]", secret):
        is_mixed = part not in (part.lower(), part.upper()) or any(map(str.isdigit, part))
        if len(part) >= PIECE + 4 and part.isascii() and is_mixed:
            pieces = (part[start : start + PIECE].lower() for start in range(len(part) - PIECE + 1))
            yield from (piece for piece in pieces if len(set(piece)) >= PIECE // 2)


# -- where secrets stand ------------------------------------------------------------------------------------------


def _read_user(url: str) -> Iterator[str]:
    """User and password, which may hold any character: all before the last @."""
    _, _, rest = url.rpartition("://") if url.count("://") == 1 else url.partition("://")
    user, at, _ = rest.rpartition("@")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if not at or _HOST_AND_PORT.fullmatch(authority):  # an @ of the path
        return
    name, _, password = user.partition(":")
    yield from (name, password, user)
    yield from (*re.split(r"[:@]", user), *re.split(r"[:/?#@]", user))
    yield b64encode(unquote(user).encode()).decode()


def _read_target(url: str, public: Iterable[str]) -> Iterator[str]:
    """The parts of path, query and fragment."""
    rest = url.partition("://")[2] or url
    cut = min((index for index in map(rest.find, "/?#") if index >= 0), default=len(rest))
    target = rest[cut:].lstrip("/")
    if re.search(r"[/?#]", target) and len(target) >= SHORTEST_INSIDE:
        yield target
    path, mark, query = target.partition("?")
    for segment in re.split(r"[/#]", path):
        yield from _read_parts(segment, public)
    for entry in re.split(r"[?&;#]", query if mark else ""):
        name, is_pair, value = entry.partition("=")
        yield from _read_parts(value if is_pair else name, public)
        if is_pair and any(map(str.isdigit, name)):
            yield from _read_parts(name, public)


def _read_header(value: str, public: Iterable[str]) -> Iterator[str]:
    """A header's value, its parts, and what a Basic authorization holds."""
    yield from (part for part in (value, *re.split(r"[\s;,=]+", value)) if not _is_public(part, public))
    scheme, _, coded = value.strip().partition(" ")
    if scheme.lower() == "basic":
        try:
            yield from _read_user(f"http://{b64decode(coded).decode()}@")
        except ValueError:
            return


def _read_parts(text: str, public: Iterable[str]) -> Iterator[str]:
    """A text and what is set apart in it."""
    for part in (text, *re.split(r"[;,=:@!|]", text)):
        if not _is_public(unquote(part), public):
            yield part


def _is_public(text: str, public: Iterable[str]) -> bool:
    """Whether a text consists of words that everybody knows, and of small numbers."""
    return all(
        word.lower() in _PUBLIC or word.lower() in public or _PUBLIC_WORD.fullmatch(word) for word in _split_words(text)
    )


def _split_words(text: str) -> list[str]:
    return [word for word in re.split(r"[-_.+ ~]", text) if word]
