"""The digests of facts are EIP-712's, as any wallet computes them."""

import pytest
from eth_account.messages import encode_typed_data

from zklink.primitives.keccak import keccak256
from zklink.protocol.facts import Accepted, End, EndDenial, Fact, Frozen, QueueFact, Queues, Seal
from zklink.protocol.ids import BlockNumber, ChainId, Lane

DEPLOYMENT = bytes(range(32))
OTHER = bytes(range(1, 33))
HASH = keccak256(b"sync")
QUEUE = QueueFact(ChainId(3), Lane.ACCOUNT, 11, keccak256(b"queue"))
BLOCK = [{"name": "number", "type": "uint64"}, {"name": "syncHash", "type": "bytes32"}]
END = [{"name": "member", "type": "uint8"}, *BLOCK, {"name": "round", "type": "uint32"}]
TYPES = {
    "EIP712Domain": [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "salt", "type": "bytes32"},
    ],
    "Seal": BLOCK,
    "Accepted": BLOCK,
    "Queue": [
        {"name": "chain", "type": "uint8"},
        {"name": "lane", "type": "uint8"},
        {"name": "count", "type": "uint64"},
        {"name": "hash", "type": "bytes32"},
    ],
    "Queues": [{"name": "queues", "type": "Queue[]"}],
    "Frozen": [{"name": "chain", "type": "uint8"}, {"name": "round", "type": "uint32"}],
    "End": END,
    "EndDenial": END,
}
END_MESSAGE = {"member": 2, "number": 7, "syncHash": HASH, "round": 4}
FACTS: list[tuple[Fact, dict[str, object]]] = [
    (Seal(BlockNumber(7), HASH), {"number": 7, "syncHash": HASH}),
    (Accepted(BlockNumber(7), HASH), {"number": 7, "syncHash": HASH}),
    (Queues(()), {"queues": []}),
    (Queues((QUEUE, QUEUE)), {"queues": [{"chain": 3, "lane": 2, "count": 11, "hash": QUEUE.hash}] * 2}),
    (Frozen(ChainId(2), 5), {"chain": 2, "round": 5}),
    (End(ChainId(2), BlockNumber(7), HASH, 4), END_MESSAGE),
    (EndDenial(ChainId(2), BlockNumber(7), HASH, 4), END_MESSAGE),
]


@pytest.mark.parametrize(("fact", "message"), FACTS)
def test_digest__each_fact__is_the_one_of_eip_712(fact: Fact, message: dict[str, object]) -> None:
    name = type(fact).__name__
    needed = {"EIP712Domain", name} | ({"Queue"} if name == "Queues" else set())
    typed = encode_typed_data(
        full_message={
            "types": {key: TYPES[key] for key in needed},
            "primaryType": name,
            "domain": {"name": "zkLink sync", "version": "2", "salt": DEPLOYMENT},
            "message": message,
        }
    )
    assert fact.digest(DEPLOYMENT) == keccak256(b"\x19" + typed.version + typed.header + typed.body)


def test_digest__kinds_and_deployments__never_share_one() -> None:
    digests = {fact.digest(deployment) for fact, _ in FACTS for deployment in (DEPLOYMENT, OTHER)}
    assert len(digests) == 2 * len(FACTS)
