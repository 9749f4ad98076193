"""The file that carries exit proofs to the chains. Anybody may have changed it on the way.

Takes and gives exits with the blocks and roots that they were proven against. Each exit stands in the file twice: as a
description for people and as the call that is sent; a file in which they differ is refused. Only a chain decides
whether a proof is true, so a changed file can cost a sender gas, and nothing else. Never holds a key.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zklink.files import read_file, write_file
from zklink.l1.contracts.bridge_structs import Exit
from zklink.l1.deployment.records import Deployment
from zklink.primitives.field import Q
from zklink.protocol.errors import ExitFileInvalid, FileUnreadable, ProtocolError, RpcUnavailable
from zklink.protocol.ids import WORD_LIMIT, BlockNumber, ChainId
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.exit_proofs import ExitOrder

FORMAT: Final = "zklink.exits.3"
PROOF_NUMBERS: Final = 8


@dataclass(frozen=True, slots=True)
class ExitPlace:
    """The block at which a chain ends, and its root."""

    block: BlockNumber
    root: int


@dataclass(frozen=True, slots=True)
class ExitFile:
    """Exits of one owner, each proven against the root at which its chain ends: `places` are block and root by chain.
    After a secession they differ.
    """

    deployment_hash: bytes
    places: Mapping[ChainId, ExitPlace]
    orders: tuple[ExitOrder, ...]


def write_exits(path: Path, exits: ExitFile) -> None:
    """Write exits as JSON; big numbers are strings. Raises FileNotWritten."""
    data = {
        "format": FORMAT,
        "deployment_hash": f"0x{exits.deployment_hash.hex()}",
        "chains": [
            {"chain": chain, "block": place.block, "root": hex(place.root)} for chain, place in exits.places.items()
        ],
        "exits": [{**_describe(order), **_encode(order.call)} for order in exits.orders],
    }
    write_file(path, json.dumps(data, indent=2) + "\n")


def read_exits(path: Path, deployment: Deployment) -> ExitFile:
    """Read a file of exits. Raises ExitFileInvalid if it is not such a file, is of another deployment, or was
    changed.
    """

    def refuse(detail: str) -> ExitFileInvalid:
        return ExitFileInvalid(path.name, f"{detail}; make it again with `zklink recover`")

    try:
        data = json.loads(read_file(path))
        if data["format"] != FORMAT:
            raise refuse(f"its format is {data['format']!r}, and exits have {FORMAT!r}")
        found = bytes.fromhex(data["deployment_hash"].removeprefix("0x"))
        if found != deployment.deployment_hash:
            raise refuse(f"it is of deployment 0x{found.hex()}, and the chains of 0x{deployment.deployment_hash.hex()}")
        orders = []
        for position, item in enumerate(data["exits"], start=1):
            order = ExitOrder.of(_decode(item))
            fault = _find_fault(order, item, deployment)
            if fault is not None:
                raise refuse(f"exit {position} {fault}")
            orders.append(order)
        places = {
            ChainId(int(item["chain"])): ExitPlace(BlockNumber(int(item["block"])), int(item["root"], 16))
            for item in data["chains"]
        }
        return ExitFile(found, places, tuple(orders))
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        FileUnreadable,
        ProtocolError,
        RpcUnavailable,
    ) as error:
        raise refuse(f"it is no file of exits ({type(error).__name__}: {error})") from error


def check_roots(exits: ExitFile, file: str, read: ChainsRead) -> None:
    """Raise ExitFileInvalid if exits are open on a chain against another root than the file's. A chain whose node is
    away, or not given, is not asked.
    """
    for chain, place in exits.places.items():
        with suppress(RpcUnavailable):
            root, last = _read_root(read, chain)
            if root not in (0, place.root):
                name = read.name(chain)
                detail = f"its exits on {name} are proven against block {place.block}, and {name} pays those of {last}"
                raise ExitFileInvalid(file, f"{detail}; make it again with `zklink recover`")


def _read_root(read: ChainsRead, chain: ChainId) -> tuple[int, BlockNumber]:
    """The root against which a chain's exits are open, 0 before, and the block that it has."""
    if chain in read.programs:
        return read.programs[chain].exit_root()
    if chain not in read.bridges:
        return 0, BlockNumber(0)
    bridge = read.bridges[chain]
    return bridge.exodus.exit_root(), bridge.history.tip().number


def _find_fault(order: ExitOrder, item: Mapping[str, Any], deployment: Deployment) -> str | None:
    """Why an exit must not be sent, as far as that can be seen here."""
    wrong = [name for name, value in _describe(order).items() if item[name] != value]
    if wrong:
        return f"says another {' and '.join(wrong)} than what would be sent"
    if order.chain not in deployment.places:
        return f"is for chain {order.chain}, which the deployment does not have"
    if not {order.token_a, order.token_b} <= {0, *(token.token_id for token in deployment.tokens)}:
        return "pays in a token that the deployment does not have"
    return None


def _describe(order: ExitOrder) -> dict[str, object]:
    """The description of an exit, for people."""
    return {
        "chain": order.chain,
        "account": order.account,
        "token": order.token,
        "token_a": order.token_a,
        "amount_a": str(order.amount_a),
        "token_b": order.token_b,
        "amount_b": str(order.amount_b),
        "is_signed": order.is_signed,
        "recipient": f"0x{order.recipient.hex()}",
    }


def _encode(call: Exit) -> dict[str, object]:
    """The call of an exit, as it is sent."""
    words = {"x0": hex(call.x0), "recipient_lo": hex(call.recipient_lo), "x1": hex(call.x1)}
    return {**words, "proof": [hex(value) for value in call.proof]}


def _decode(item: Mapping[str, Any]) -> Exit:
    x0, recipient_lo, x1 = (int(item[name], 16) for name in ("x0", "recipient_lo", "x1"))
    proof = tuple(int(value, 16) for value in item["proof"])
    if len(proof) != PROOF_NUMBERS or not all(0 <= value < Q for value in proof):
        raise ValueError(f"a proof is {PROOF_NUMBERS} numbers below the field's order")
    if not 0 <= recipient_lo < WORD_LIMIT:
        raise ValueError("recipient_lo has more than 248 bits")
    return Exit(x0, recipient_lo, x1, proof)
