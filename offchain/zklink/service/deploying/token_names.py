"""Whether the contracts that an environment names are the tokens that it means: an address of another token is a typing
mistake that nothing else notices, and that is registered for good. Only reads.
"""

from collections.abc import Iterable, Mapping

from zklink.l1.contracts.token import TokenClient
from zklink.l1.transport.client import ChainClient
from zklink.protocol.errors import CallReverted, TokenUnfit
from zklink.protocol.ids import ChainId
from zklink.service.deploying.planning import TokenSaid


def check_token_names(said: Iterable[TokenSaid], clients: Mapping[ChainId, ChainClient]) -> None:
    """Raise TokenUnfit for a contract that has another symbol, or other decimals, than the environment says."""
    for each in said:
        client = clients[each.chain]
        name, token = client.profile.name, TokenClient(client, each.address)
        try:
            symbol, decimals = token.symbol(), token.decimals()
        except CallReverted as error:
            raise TokenUnfit(name, each.token, f"{each.address} does not say its symbol and decimals") from error
        if symbol != each.symbol:
            raise TokenUnfit(
                name,
                each.token,
                f"{each.address} calls itself {symbol!r}, and the environment says {each.symbol!r}: if it is the right "
                f"contract, say `symbols = {{ {name} = ... }}`",
            )
        if each.decimals is not None and decimals != each.decimals:
            raise TokenUnfit(
                name, each.token, f"{each.address} has {decimals} decimals, and the environment says {each.decimals}"
            )
