"""Each mistake is named with its chain and with what to do, before anything is sent."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.deploying.testnets import GOVERNOR, MEMBERS, Networks
from zklink.protocol.errors import ZkLinkError

REFUSED: Mapping[str, tuple[Mapping[str, str], str]] = {
    "development keys that nobody allowed": (
        {"allows_development_keys = true": ""},
        "SwapVerifierMinimal has a development key.*sepolia is public.*keys of a ceremony",
    ),
    "development keys on a main network": (
        {"evm_chain_id = 43113": "evm_chain_id = 43114"},
        r"has a development key.*fuji \(EVM chain 43114\) is a public network",
    ),
    "a threshold that is no majority": ({"threshold = 2": "threshold = 1"}, "1 of 3 is no majority of the validators"),
    "a threshold that is never met": ({"threshold = 2": "threshold = 4"}, "4 of 3 is no majority of the validators"),
    "two chains with one EVM id": (
        {"evm_chain_id = 43113": "evm_chain_id = 11155111"},
        "sepolia and fuji have one EVM chain id, 11155111",
    ),
    "two chains with one id of the protocol": (
        {"chain_id = 4\n": "chain_id = 1\n"},
        "sepolia and fuji have one protocol",
    ),
    "two tokens with one id": ({"id = 3\n": "id = 1\n"}, "USDC and ETH have one token id, 1"),
    "a primary that is not among the chains": (
        {'primary = "fuji"': 'primary = "amoy"'},
        r"the primary amoy is not among the chains \(sepolia, fuji\)",
    ),
    "a token on a chain that is not there": (
        {'{ sepolia = "native" }': '{ amoy = "native" }'},
        "token ETH is on amoy, which is not among the chains",
    ),
    "no governor": ({GOVERNOR.address: ""}, "governor: fill in an address"),
    "a mistyped address": ({MEMBERS[0]: MEMBERS[0].swapcase().replace("0X", "0x")}, "wrong checksum"),
    "a governor among the watchers": ({GOVERNOR.address: MEMBERS[4]}, "is one of the watchers"),
    "a class that does not exist": (
        {"minimum = 1000\n": 'minimum = 1000\nclasses = ["shiny"]\n'},
        "token USDC: there is no class shiny",
    ),
    "a node of another chain": (
        {"evm_chain_id = 43113": "evm_chain_id = 80002"},
        "fuji: the node serves EVM chain 43113, not 80002",
    ),
    "a key that does not exist": ({"preset =": "prest ="}, "there is no such key|it is missing"),
}


@pytest.mark.parametrize("changes, said", REFUSED.values(), ids=REFUSED)
def test_prepare__mistake_in_the_environment__refused_with_what_to_do(
    networks: Networks, tmp_path: Path, changes: Mapping[str, str], said: str
) -> None:
    with pytest.raises(ZkLinkError, match=said):
        networks.prepare(tmp_path, changes)
    assert not (tmp_path / "pair.journal").exists()
