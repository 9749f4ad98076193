"""The networks and accounts that ape knows: takes their names, gives web3 and addresses. ape asks for passphrases."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from web3 import Web3


def open_network(choice: str) -> Web3:
    """web3.py on one of ape's networks, such as `ethereum:sepolia`, through the provider that ape's configuration names
    for it. Raises ape's ApeException.
    """
    from ape import networks

    provider = networks.get_provider_from_choice(choice)
    if not provider.is_connected:
        provider.connect()
    return cast(Web3, provider.web3)


@contextmanager
def quiet() -> Iterator[None]:
    """ape logs nothing below an error: at each transaction it warns that it uses a key which is unlocked."""
    from ape.logging import LogLevel, logger

    with logger.at_level(LogLevel.ERROR):
        yield


def load_account(alias: str) -> Any:
    """An account of ape's keystore, or a test account (`TEST::0`); KeyError with the known ones for another name."""
    from ape import accounts

    if alias.startswith("TEST::"):
        return accounts.test_accounts[int(alias.removeprefix("TEST::"))]
    known = tuple(str(name) for name in accounts.aliases)
    if alias not in known:
        raise KeyError(known)
    return accounts.load(alias)
