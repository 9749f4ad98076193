"""Over which domain owners of a token sign authorizations, on each chain of a relayer, as far as tokens have said.

A token is asked until it has answered once: it does not change that. For any thread.
"""

import logging
from collections.abc import Mapping
from threading import Lock

from zklink.l1.contracts.permits import Domain
from zklink.l1.contracts.token import TokenClient
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import ChainId, TokenId

log = logging.getLogger(__name__)


class TokenDomains:
    """The domains of a relayer's tokens."""

    def __init__(self, tokens: Mapping[tuple[ChainId, TokenId], TokenClient]) -> None:
        self._tokens = tokens
        self._known: dict[tuple[ChainId, TokenId], Domain | None] = {}
        self._lock = Lock()

    def find(self, chain: ChainId, token: TokenId) -> Domain | None:
        """The domain; None for a token that takes no authorizations, or that has not answered yet."""
        with self._lock:
            return self._known.get((chain, token))

    def look(self) -> None:
        """Ask the tokens that have not answered yet."""
        for place, token in self._tokens.items():
            with self._lock:
                if place in self._known:
                    continue
            try:
                domain = token.find_authorization_domain()
            except ZkLinkError as error:
                log.warning("a token could not be asked for its domain: %s", error)
                continue
            with self._lock:
                self._known[place] = domain
