"""How the rig's chains end, and how owners leave: freezes, END, exodus, exits.

Takes chains of tests/support/drafts/rig.py; everything is sent by a stranger unless a rule names the governor.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.drafts.rig import RESERVE, TOKENS, Rig, RigChain, payment
from tests.support.evm import GAS_LIMIT
from tests.support.three_chains import MEMBERS, PROVIDER, START_TIME, STRANGER, USD, A, B, C
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.primitives.keccak import keccak_words
from zklink.protocol.facts import End, Group
from zklink.protocol.ids import (
    END_WINDOW_SECONDS,
    EXIT_DELAY_SECONDS,
    EXPIRY_SECONDS,
    FREEZE_DELAY_SECONDS,
    SILENCE_SECONDS,
    BlockNumber,
    ChainId,
    Kind,
    Lane,
    TokenId,
)

NO_EVIDENCE = b""


def provider_words(here: RigChain, request_id: int = 1) -> list[int]:
    """The words of the provider's deposits, which open the account lane's queue on every chain of the rig."""
    sender = int.from_bytes(universal_address(PROVIDER), "big")
    r0 = Kind.DEPOSIT << 240 | here.chain << 232 | request_id << 160 | TOKENS[request_id - 1] << 144 | RESERVE
    return [r0, sender, 1 << 64 | START_TIME, sender]


def call_freeze(here: RigChain, words: Sequence[int] | None = None, lane: Lane = Lane.ACCOUNT) -> None:
    """Call a freeze for a request, by default the provider's first deposit, once it has waited too long."""
    here.evm.time = max(here.evm.time, START_TIME + EXPIRY_SECONDS + 1)
    here.end.call_freeze(lane, provider_words(here) if words is None else list(words), sender=STRANGER)


def freeze(here: RigChain, words: Sequence[int] | None = None, lane: Lane = Lane.ACCOUNT) -> None:
    """Call a freeze and confirm it."""
    call_freeze(here, words, lane)
    here.evm.time += FREEZE_DELAY_SECONDS + 1
    here.end.confirm_freeze(lane, sender=STRANGER)


def silence(rig: Rig) -> None:
    """The primary accepts nothing for so long that it never will again."""
    rig.primary.evm.time += SILENCE_SECONDS + 1
    rig.primary.end.freeze_for_silence(sender=STRANGER)


def end_of(rig: Rig, member: ChainId, number: int | None = None, round_: int = 0) -> End:
    """END for a member with a block of the line, by default the last one that the primary has."""
    at = rig.primary.tip().number if number is None else number
    return End(member, BlockNumber(at), rig.blocks.sync_hash(at), round_)


def raise_end(rig: Rig, fact: End, *groups: Group, sender: str = STRANGER) -> None:
    """Raise an END by the word of these groups."""
    evidence = [rig.groups.end(fact, group) if group in groups else NO_EVIDENCE for group in Group]
    here = rig[fact.member]
    later = rig.blocks.commitments(here.tip().number, fact.number)
    seal = rig.groups.seal(fact.number, fact.sync_hash)
    here.end.raise_end(fact.number, fact.sync_hash, list(later), seal, *evidence, sender=sender)


def stand_end(rig: Rig, member: ChainId, seconds: int = END_WINDOW_SECONDS) -> None:
    """The window of an END passes, and it stands."""
    here = rig[member]
    here.evm.time += seconds + 1
    number = here.end.end_state()[5]
    here.end.stand_end(list(rig.blocks.commitments(here.tip().number, number)), sender=STRANGER)


def end_everywhere(rig: Rig) -> None:
    """The primary falls silent, both groups say END on every member, and every chain has all blocks up to it."""
    silence(rig)
    for member in MEMBERS:
        raise_end(rig, end_of(rig, member), Group.VALIDATORS, Group.WATCHERS)
        if rig[member].tip().number < rig.primary.tip().number:
            rig[member].import_blocks(rig.import_call(member, by_end=True))
    rig.primary.evm.time += EXIT_DELAY_SECONDS + 1


def begin_exodus(here: RigChain) -> None:
    """Open exits on a chain that has ended."""
    here.exodus.begin_exodus(sender=STRANGER)


def pay_everywhere(rig: Rig) -> int:
    """A first block that pays on every chain, out of deposits that stay open; gives its root."""
    for chain in (A, B, C):
        rig[chain].deposit(USD, 2_000_000)
    slices = {chain: payment(chain, USD, 1_000_000, chain).words() for chain in (A, B, C)}
    (link,) = rig.everywhere(rig.draft(slices))
    return link.full.block.new_root


def end_and_begin(rig: Rig, chain: ChainId = A) -> None:
    """Every chain ends with what the primary has, and exodus begins on one."""
    end_everywhere(rig)
    begin_exodus(rig[chain])


def make_escaping(rig: Rig) -> Rig:
    """Block 1 is the last one, and paid; A has deposits that no block contains; exodus has begun on A."""
    pay_everywhere(rig)
    end_and_begin(rig)
    return rig


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
