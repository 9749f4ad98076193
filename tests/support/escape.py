"""What anybody does when an operator fails, on the bridges of the rig: freeze, open histories, find the last common
block, import, begin exodus, exit.

Takes nodes of tests/support/rig.py; everything is sent by a stranger.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.support.draft import stored_args
from tests.support.evm import GAS_LIMIT
from tests.support.rig import PROVIDER, RESERVE, START_TIME, STRANGER, TOKENS, Node, Rig, universal
from zklink.primitives.keccak import keccak_words
from zklink.protocol.ids import BlockNumber, ChainId, Kind, Lane, TokenId
from zklink.protocol.messages import MessageKind, SyncMessage

DAY = 86_400
EXPIRY_SECONDS = 3 * DAY


def provider_words(node: Node, request_id: int = 1) -> list[int]:
    """The words of the provider's deposits, which open the account lane's queue on every chain of the rig."""
    sender = int.from_bytes(universal(PROVIDER), "big")
    r0 = Kind.DEPOSIT << 240 | node.chain << 232 | request_id << 160 | TOKENS[request_id - 1] << 144 | RESERVE
    return [r0, sender, START_TIME, sender]


def freeze(node: Node, words: Sequence[int] | None = None, lane: Lane = Lane.ACCOUNT) -> None:
    """Freeze for a request, by default the provider's first deposit, once it has waited too long."""
    node.evm.time = max(node.evm.time, START_TIME + EXPIRY_SECONDS + 1)
    accepted = node.status()[2]
    request = provider_words(node) if words is None else list(words)
    node.exodus.freeze_for_request(lane, request, stored_args(node.history[accepted]), sender=STRANGER)
    forget_dropped(node)


def forget_dropped(node: Node) -> None:
    """Forget the blocks that a freeze has dropped."""
    committed = node.status()[0]
    del node.history[committed + 1 :], node.drafts[committed:]


def freeze_message(node: Node) -> SyncMessage:
    """FRZ of a frozen chain."""
    is_frozen, number, sync_hash = node.ledger.frozen_at(node.chain)
    assert is_frozen
    return SyncMessage(node.chain, BlockNumber(number), sync_hash, MessageKind.FRZ)


def announce_freezes(rig: Rig, sources: Iterable[ChainId], to: ChainId) -> None:
    """Tell a chain that others are frozen."""
    for source in sources:
        if source != to:
            rig.deliver(freeze_message(rig[source]), to)
            forget_dropped(rig[to])


def steps(node: Node, high: int, low: int) -> list[tuple[bytes, bytes]]:
    """The steps that open a node's history from `high` down to `low`."""
    return [(node.history[n - 1].sync_hash, node.drafts[n - 1].block_commitment) for n in range(high, low, -1)]


def open_history(on: Node, source: Node, high: int, low: int) -> None:
    """Open on one chain what another chain is known to have accepted."""
    on.ledger.open_message(
        source.chain, high, source.history[high].sync_hash, steps(source, high, low), sender=STRANGER
    )


def openings(source: Node, *numbers: int) -> list[tuple[object, ...]]:
    """Opening of blocks that a node has."""
    return [source.drafts[n - 1].opening_args(source.history[n - 1].sync_hash) for n in numbers]


def find_common(on: Node, source: Node, *numbers: int) -> tuple[bool, int]:
    """Walk with the headers of these blocks; gives whether the last common block is known, and how far it is known."""
    on.ledger.find_common_block(openings(source, *numbers), sender=STRANGER)
    is_known, number = on.ledger.common_block()
    return bool(is_known), int(number)


def copy_block(on: Node, source: Node, number: int) -> None:
    """Commit and prove on one chain what another one has; a stranger does it."""
    draft = source.drafts[number - 1]
    on.bridge.commit_blocks(stored_args(on.history[-1]), [draft.commit_args(on.chain)], sender=STRANGER)
    on.history.append(draft.store(on.chain, on.history[-1]))
    on.drafts.append(draft)
    on.prove(number)


def begin_exodus(node: Node, number: int) -> None:
    """Begin with the block of this number."""
    node.exodus.begin_exodus(stored_args(node.history[number]), sender=STRANGER)


@dataclass(frozen=True)
class Exit:
    """What somebody wants to leave with. `recipient` is a universal address."""

    account: int
    token: TokenId
    chain: ChainId
    recipient: bytes
    amount_a: int
    amount_b: int = 0
    token_a: int | None = None
    token_b: int = 0
    is_signed: int = 0

    @property
    def x0(self) -> int:
        """Public input."""
        token_a = self.token if self.token_a is None else self.token_a
        where = self.account << 72 | self.token << 56 | self.chain << 48 | self.recipient[0] << 40
        return where | self.is_signed << 32 | token_a << 16 | self.token_b

    @property
    def recipient_lo(self) -> int:
        """Public input."""
        return int.from_bytes(self.recipient[1:], "big")

    @property
    def x1(self) -> int:
        """Public input."""
        return self.amount_a << 112 | self.amount_b

    def proof(self, domain: int, root: int) -> list[int]:
        """What StatementVerifier takes for a proof."""
        statement = keccak_words(domain, root, self.x0, self.recipient_lo, self.x1)
        return [int.from_bytes(statement, "big"), *range(7)]

    def send(self, node: Node, root: int, sender: str, gas: int = GAS_LIMIT) -> None:
        """Exit with a proof against this root."""
        proof = self.proof(node.bridge.exit_domain(), root)
        node.exodus.exit(self.x0, self.recipient_lo, self.x1, proof, sender=sender, gas=gas)
