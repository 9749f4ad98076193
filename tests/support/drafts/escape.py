"""What anybody does when an operator fails, on the bridges of the rig: freeze, open histories, find the last common
block, import, begin exodus, exit.

Takes chains of tests/support/drafts/rig.py; everything is sent by a stranger.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.support.drafts.draft import stored_args
from tests.support.drafts.rig import RESERVE, TOKENS, Rig, RigChain
from tests.support.evm import GAS_LIMIT
from tests.support.three_chains import PROVIDER, START_TIME, STRANGER
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.primitives.keccak import keccak_words
from zklink.protocol.ids import BlockNumber, ChainId, Kind, Lane, TokenId
from zklink.protocol.messages import MessageKind, SyncMessage

DAY = 86_400
EXPIRY_SECONDS = 3 * DAY


def provider_words(here: RigChain, request_id: int = 1) -> list[int]:
    """The words of the provider's deposits, which open the account lane's queue on every chain of the rig."""
    sender = int.from_bytes(universal_address(PROVIDER), "big")
    r0 = Kind.DEPOSIT << 240 | here.chain << 232 | request_id << 160 | TOKENS[request_id - 1] << 144 | RESERVE
    return [r0, sender, START_TIME, sender]


def freeze(here: RigChain, words: Sequence[int] | None = None, lane: Lane = Lane.ACCOUNT) -> None:
    """Freeze for a request, by default the provider's first deposit, once it has waited too long."""
    here.evm.time = max(here.evm.time, START_TIME + EXPIRY_SECONDS + 1)
    accepted = here.status()[2]
    request = provider_words(here) if words is None else list(words)
    here.exodus.freeze_for_request(lane, request, stored_args(here.history[accepted]), sender=STRANGER)
    forget_dropped(here)


def forget_dropped(here: RigChain) -> None:
    """Forget the blocks that a freeze has dropped."""
    committed = here.status()[0]
    del here.history[committed + 1 :], here.drafts[committed:]


def freeze_message(here: RigChain) -> SyncMessage:
    """FRZ of a frozen chain."""
    is_frozen, number, sync_hash = here.sync_ledger.frozen_at(here.chain)
    assert is_frozen
    return SyncMessage(here.chain, BlockNumber(number), sync_hash, MessageKind.FRZ)


def announce_freezes(rig: Rig, sources: Iterable[ChainId], to: ChainId) -> None:
    """Tell a chain that others are frozen."""
    for source in sources:
        if source != to:
            rig.deliver(freeze_message(rig[source]), to)
            forget_dropped(rig[to])


def steps(here: RigChain, high: int, low: int) -> list[tuple[bytes, bytes]]:
    """The steps that open a here's history from `high` down to `low`."""
    return [(here.history[n - 1].sync_hash, here.drafts[n - 1].block_commitment) for n in range(high, low, -1)]


def open_history(on: RigChain, source: RigChain, high: int, low: int) -> None:
    """Open on one chain what another chain is known to have accepted."""
    on.sync_ledger.open_message(
        source.chain, high, source.history[high].sync_hash, steps(source, high, low), sender=STRANGER
    )


def openings(source: RigChain, *numbers: int) -> list[tuple[object, ...]]:
    """Opening of blocks that a here has."""
    return [source.drafts[n - 1].opening_args(source.history[n - 1].sync_hash) for n in numbers]


def find_common(on: RigChain, source: RigChain, *numbers: int) -> tuple[bool, int]:
    """Walk with the headers of these blocks; gives whether the last common block is known, and how far it is known."""
    on.sync_ledger.find_common_block(openings(source, *numbers), sender=STRANGER)
    is_known, number = on.sync_ledger.common_block()
    return bool(is_known), int(number)


def copy_block(on: RigChain, source: RigChain, number: int) -> None:
    """Commit and prove on one chain what another one has; a stranger does it."""
    draft = source.drafts[number - 1]
    on.bridge.commit_blocks(stored_args(on.history[-1]), [draft.commit_args(on.chain)], sender=STRANGER)
    on.history.append(draft.store(on.chain, on.history[-1]))
    on.drafts.append(draft)
    on.prove(number)


def begin_exodus(here: RigChain, number: int) -> None:
    """Begin with the block of this number."""
    here.exodus.begin_exodus(stored_args(here.history[number]), sender=STRANGER)


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

    def send(self, here: RigChain, root: int, sender: str, gas: int = GAS_LIMIT) -> None:
        """Exit with a proof against this root."""
        proof = self.proof(here.bridge.exit_domain(), root)
        here.exodus.exit(self.x0, self.recipient_lo, self.x1, proof, sender=sender, gas=gas)
