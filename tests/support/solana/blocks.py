"""Blocks for the program: made by the Python core from words, proven with the development key, written in pieces,
imported, executed, paid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.support.groups import Acc
from tests.support.solana.founding import PIECE, SOL, SOLANA, prover
from tests.support.solana.machine import SYSTEM, associated, key_of
from tests.support.solana.site import Site
from zklink.operations.payout import Payout
from zklink.protocol.block_preimage import BlockPlace, BlockPreimage, compute_full_preimage, compute_member_block
from zklink.protocol.bridge_blocks import FullBlock, MemberBlock, build_block, pack_words
from zklink.protocol.bridge_hashes import fold, next_sync_hash
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.ids import SLICE_COUNT, Amount, BlockNumber, ChainId, Kind, Lane, TokenId
from zklink.prover.source import Statement
from zklink.solana.interface import accounts, instructions
from zklink.solana.interface.refusals import Refusal

OTHER_WORDS: Mapping[int, Sequence[int]] = {1: (77, 78)}


@dataclass(frozen=True)
class Made:
    """A block as a member takes it, the sync hash after it, and its evidence."""

    member: MemberBlock
    preimage: BlockPreimage
    number: int
    sync_hash: bytes
    acc: Acc
    later: tuple[bytes, ...] = ()

    def body(self) -> bytes:
        """What stands after the head of a block's account."""
        block, member = self.member.block, self.member
        head = (block.lane, block.timestamp, block.counts, block.new_root, block.commitment, *block.proof)
        words = pack_words(head) + pack_words(member.claims) + pack_words(member.words)
        return words + b"".join(self.later) + self.acc.validators + self.acc.watchers


@dataclass
class History:
    """The history that a test makes on a site: `root`, `number`, `sync_hash` are the last block's."""

    site: Site
    root: int = 0
    number: int = 0
    sync_hash: bytes = b""
    opened: int = 0
    figures: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = self.root or self.site.genesis_root
        self.sync_hash = self.sync_hash or self.site.deployment_hash
        self.site.groups = replace(self.site.groups, deployment_hash=self.site.deployment_hash)

    def make(
        self,
        words: Sequence[int],
        others: Mapping[int, Sequence[int]] = OTHER_WORDS,
        lane: Lane = Lane.SWAP,
        later: Sequence[bytes] = (),
        **changes: Any,
    ) -> Made:
        """The next block, whose slice of this chain has these words; with `later`, ACC names a later one."""
        slices = tuple(tuple(words if k == SOLANA else others.get(k, ())) for k in range(SLICE_COUNT))
        time, root = changes.get("timestamp", self.site.machine.now()), changes.get("new_root", self.root + 1)
        block = build_block(lane, time, tuple(map(len, slices)), root, changes.get("commitment", 12_345 + self.number))
        place = BlockPlace(
            compute_lane_domain(self.site.deployment_hash, lane), BlockNumber(self.number + 1), self.root
        )
        full = FullBlock(block, slices)
        preimage = compute_full_preimage(full, place)
        statement = Statement.SWAP if lane is Lane.SWAP else Statement.ACCOUNT
        proof = prover(statement).forge(preimage.inputs().as_tuple()).evm() if changes.get("proven", True) else [0] * 8
        member = compute_member_block(full.with_proof(proof), preimage, SOLANA)
        sync_hash = next_sync_hash(self.sync_hash, preimage.block_commitment())
        acc = self.site.groups.acc(self.number + 1 + len(later), fold(sync_hash, later))
        return Made(member, preimage, self.number + 1, sync_hash, acc, tuple(later))

    def write(self, made: Made, body: bytes | None = None) -> Pubkey:
        """Make an account for a block and write it, in pieces."""
        content = made.body() if body is None else body
        site, writer = self.site, self.site.writer
        self.opened += 1
        account = key_of(f"block {self.opened}")
        places = {"writer": writer.pubkey(), "block": account.pubkey(), "bridge": site.bridge}
        create = site.machine.create(account, accounts.BLOCK.size + len(content), site.id)
        counts: dict[str, Any] = {name: len(getattr(made.acc, name)) // 65 for name in ("validators", "watchers")}
        site.call(instructions.OPEN_BLOCK, places, writer, account, before=[create], later=len(made.later), **counts)
        for at in range(0, len(content), PIECE):
            site.call(instructions.WRITE_BLOCK, places, writer, tail=content[at : at + PIECE], at=at)
        return account.pubkey()

    def bring(self, made: Made, refusal: Refusal | None = None, account: Pubkey | None = None) -> Pubkey:
        """Write and import a block."""
        place = account or self.write(made)
        site = self.site
        queue = site.swap_queue if made.member.block.lane is Lane.SWAP else site.account_queue
        places = {"bridge": site.bridge, "queue": queue, "keys": site.keys, "block": place}
        site.call(instructions.IMPORT_BLOCK, places, refusal=refusal)
        if refusal is None:
            self.root, self.number, self.sync_hash = made.member.block.new_root, made.number, made.sync_hash
        return place

    def execute(self, block: Pubkey, *tokens: int, refusal: Refusal | None = None) -> None:
        """Move a block's payouts to what is owed."""
        first, *more = (self.site.token(token) for token in tokens)  # type: ignore[arg-type]
        places = {"bridge": self.site.bridge, "block": block, "token": first}
        self.site.call(instructions.EXECUTE, places, more=more, refusal=refusal)

    def pay_places(self, block: Pubkey, payout: Payout) -> dict[str, Pubkey]:
        """The accounts of `pay`, where nobody has filled."""
        recipient = Pubkey(payout.recipient)
        token = payout.token
        holding = recipient if token == SOL else associated(recipient, self.site.mints[token])
        return {
            "claimant": self.site.machine.payer.pubkey(),
            "bridge": self.site.bridge,
            "block": block,
            "token": self.site.token(token),
            "destination": holding,
            "fill": self.site.fill_place(payout),
            "fill_payer": self.site.writer.pubkey(),
            "repay_to": self.site.writer.pubkey(),
            **self.site.token_places(token),
        }

    def pay(
        self,
        block: Pubkey,
        index: int,
        payout: Payout,
        places: dict[str, Pubkey] | None = None,
        refusal: Refusal | str | None = None,
    ) -> None:
        """Pay one payout, by somebody."""
        both = self.pay_places(block, payout) | (places or {})
        self.site.call(instructions.PAY, both, index=index, refusal=refusal)

    def fill_places(self, payout: Payout) -> dict[str, Pubkey]:
        """The accounts of `fill`, by the broker."""
        broker, token = self.site.broker.pubkey(), payout.token
        recipient = Pubkey(payout.recipient)
        own, theirs = (
            owner if token == SOL else associated(owner, self.site.mints[token]) for owner in (broker, recipient)
        )
        shared = self.site.token_places(token)
        return {
            "broker": broker,
            "bridge": self.site.bridge,
            "token": self.site.token(token),
            "fill": self.site.fill_place(payout),
            "source": own,
            "destination": theirs,
            "mint": shared["mint"],
            "repay_to": own,
            "token_program": shared["token_program"],
            "system_program": SYSTEM,
        }

    def fill(
        self,
        payout: Payout,
        block: int,
        places: dict[str, Pubkey] | None = None,
        refusal: Refusal | str | None = None,
    ) -> None:
        """The broker pays a payout ahead."""
        words = [word.to_bytes(32, "big") for word in payout.words()]
        both = self.fill_places(payout) | (places or {})
        self.site.call(instructions.FILL, both, self.site.broker, block=block, payout=words, refusal=refusal)

    def close(self, block: Pubkey, writer: Keypair | None = None, refusal: Refusal | None = None) -> None:
        """Give a block's rent back."""
        who = writer or self.site.writer
        places = {"writer": who.pubkey(), "block": block, "bridge": self.site.bridge}
        self.site.call(instructions.CLOSE_BLOCK, places, who, refusal=refusal)


def words_of(*records: Any) -> tuple[int, ...]:
    """The words of requests and payouts, in order."""
    return tuple(word for record in records for word in record.words())


def paid_here(token: int, amount: int, recipient: Pubkey, **changes: Any) -> Payout:
    """A swap of chain 1 that is paid on this chain."""
    payout = Payout(Kind.SWAP_PAID, ChainId(1), SOLANA, 1, TokenId(token), Amount(amount), bytes(recipient), Amount(0))
    return replace(payout, **changes)
