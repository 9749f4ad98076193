"""The file that carries exits: what stands in it in words is what is sent, whoever had it in hands."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.ending import K, Story
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import BTC, USDC
from zklink.l1.contracts.bridge_structs import Exit
from zklink.primitives.field import Q
from zklink.protocol.errors import ExitFileInvalid
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.words import EXIT_LAYOUTS
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.exit_file import ExitFile, ExitPlace, check_roots, read_exits, write_exits
from zklink.recovery.exit_proofs import ExitOrder


def build_order(**changes: int) -> ExitOrder:
    """An exit of account 3 on chain 2; it pays in two tokens, or as told."""
    x0 = {"account": 3, "token": 9, "chain": 2, "recipient_hi": 0, "is_signed": 1, "token_a": USDC, "token_b": BTC}
    words = [EXIT_LAYOUTS[0].pack(**(x0 | changes)), EXIT_LAYOUTS[1].pack(amount_a=5, amount_b=6)]
    return ExitOrder.of(Exit(words[0], 0xABCD, words[1], (1, 2, 3, 4, 5, 6, 7, 8)))


def write(path: Path, system: LocalSystem, *orders: ExitOrder) -> Any:
    """A file of exits; gives what stands in it."""
    write_exits(path, ExitFile(system.deployment.deployment_hash, PLACES, orders))
    return json.loads(path.read_text())


def test_read_exits__as_written__the_same(system: LocalSystem, tmp_path: Path) -> None:
    path, orders = tmp_path / "exits.json", (build_order(), build_order(is_signed=0, account=4))
    write(path, system, *orders)
    assert read_exits(path, system.deployment) == ExitFile(system.deployment.deployment_hash, PLACES, orders)


PLACES = {ChainId(2): ExitPlace(BlockNumber(7), 77), ChainId(3): ExitPlace(BlockNumber(6), 66)}

Change = Callable[[dict[str, Any]], object]

HOSTILE: dict[str, tuple[Change, str]] = {
    "amount": (lambda item: item.update(amount_a="999"), "exit 2 says another amount_a"),
    "recipient": (lambda item: item.update(recipient="0x" + "00" * 31 + "01"), "exit 2 says another recipient"),
    "recipient sent": (lambda item: item.update(recipient_lo="0x1"), "exit 2 says another recipient"),
    "chain": (lambda item: item.update(chain=3), "exit 2 says another chain"),
    "who may send": (lambda item: item.update(is_signed=False), "exit 2 says another is_signed"),
    "unused bits": (lambda item: item.update(x0=hex(int(item["x0"], 16) | 1 << 200)), "unused bits"),
    "negative": (lambda item: item.update(x1="-0x1"), "unused bits"),
    "long address": (lambda item: item.update(recipient_lo=hex(1 << 248)), "248 bits"),
    "proof": (lambda item: item["proof"].pop(), "8 numbers"),
    "proof number": (lambda item: item.update(proof=[hex(Q)] * 8), "8 numbers below"),
    "text": (lambda item: item.update(x0=7), "no file of exits"),
    "missing": (lambda item: item.pop("account"), "account"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_read_exits__one_is_changed__nothing_is_read(system: LocalSystem, tmp_path: Path, name: str) -> None:
    change, said = HOSTILE[name]
    path = tmp_path / "exits.json"
    data = write(path, system, build_order(), build_order(account=4))
    change(data["exits"][1])
    path.write_text(json.dumps(data))
    with pytest.raises(ExitFileInvalid, match=r"exits\.json.*zklink recover") as refused:
        read_exits(path, system.deployment)
    assert said in str(refused.value)


def test_read_exits__chain_or_token_of_no_deployment__refused(system: LocalSystem, tmp_path: Path) -> None:
    path = tmp_path / "exits.json"
    for order, said in ((build_order(chain=8), "chain 8"), (build_order(token_b=999), "a token that")):
        write(path, system, order)
        with pytest.raises(ExitFileInvalid, match=said):
            read_exits(path, system.deployment)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "zklink.deployment.2"}', "\x00"])
def test_read_exits__another_file__says_so(system: LocalSystem, tmp_path: Path, text: str) -> None:
    path = tmp_path / "exits.json"
    path.write_text(text)
    with pytest.raises(ExitFileInvalid, match=r"exits\.json.*zklink recover"):
        read_exits(path, system.deployment)


def test_read_exits__another_deployment__refused(system: LocalSystem, tmp_path: Path) -> None:
    path = tmp_path / "exits.json"
    write(path, system, build_order())
    with pytest.raises(ExitFileInvalid, match="deployment 0x"):
        read_exits(path, replace(system.deployment, deployment_hash=bytes(32)))


def test_check_roots__no_exodus_yet__nothing_to_compare(system: LocalSystem) -> None:
    check_roots(ExitFile(b"", PLACES, ()), "exits.json", ChainsRead(system.deployment, system.bridges))


def test_check_roots__exits_are_open_at_another_block__refused_and_says_which(credulous: LocalSystem) -> None:
    story = Story(credulous)
    story.fund()
    story.run_all()
    root, places = story.states[-1].root, dict.fromkeys(credulous.bridges, ExitPlace(BlockNumber(2), 77))
    right = {chain: ExitPlace(BlockNumber(2), root) for chain in places}
    read = ChainsRead(credulous.deployment, credulous.bridges)
    check_roots(ExitFile(b"", right, ()), "exits.json", read)
    with pytest.raises(ExitFileInvalid, match=r"block 2, and polygon pays those of 2; .*zklink recover"):
        check_roots(
            ExitFile(b"", right | {K: places[K]}, ()), "exits.json", ChainsRead(credulous.deployment, credulous.bridges)
        )
