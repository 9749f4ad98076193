"""Brings blocks to a Solana member: an account is made, written in pieces, imported, executed, closed.

Takes a block in a member's form and the groups' word. Every step asks first what is there already, so that whoever is
killed goes on where it stopped, and a block that somebody else has brought costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from solders.instruction import Instruction as Call
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import (
    AllocateParams,
    AssignParams,
    CreateAccountParams,
    TransferParams,
    allocate,
    assign,
    create_account,
    transfer,
)

from zklink.operations.payout import Payout
from zklink.primitives.base58 import encode_base58
from zklink.primitives.keccak import keccak256
from zklink.protocol.bridge_blocks import MemberBlock, pack_words
from zklink.protocol.errors import CallReverted, TransactionReverted
from zklink.protocol.ids import NO_TOKEN, BlockNumber, Lane
from zklink.protocol.messages import SIGNATURE_BYTES
from zklink.protocol.words import PAYOUT_WORDS
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.client.node import CONFIRMED, AccountData, SolanaNode
from zklink.solana.client.program import Program
from zklink.solana.client.sending import Sender
from zklink.solana.interface import accounts, addresses, instructions
from zklink.solana.interface.end_instructions import IMPORT_BY_PATH
from zklink.solana.interface.forms import Instruction

PIECE_BYTES: Final = 900
"""Bytes of a block that fit into one transaction."""


UNREAD: Final = Pubkey.default()
"""In the place of an account that nobody looks at."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """ACC of both groups for this block, or for the one to which the commitments `later` lead."""

    validators: bytes
    watchers: bytes
    later: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class BlockAccount:
    """A block's account. `fields` are those of `accounts.BLOCK`, `body` what is written after them."""

    key: Pubkey
    fields: dict[str, Any]
    body: bytes

    def payouts(self) -> list[Payout]:
        """The payouts of the own slice, in order."""
        start = self.fields["words_at"] - accounts.BLOCK.size
        found = []
        for place in self.fields["places"][: self.fields["payouts"]]:
            at = start + 32 * place
            words = [int.from_bytes(self.body[at + 32 * i : at + 32 * i + 32], "big") for i in range(PAYOUT_WORDS)]
            found.append(Payout.from_words(words))
        return found

    def is_for(self, evidence: Evidence, size: int) -> bool:
        """Whether what is to be written has the place that was opened for it."""
        signatures = [len(each) // SIGNATURE_BYTES for each in (evidence.validators, evidence.watchers)]
        opened = [self.fields[name] for name in ("later", "validators", "watchers")]
        return opened == [len(evidence.later), *signatures] and len(self.body) == size

    @property
    def is_shrunk(self) -> bool:
        """Whether it has nothing but payouts that are due: the rent of the rest is given back."""
        return bool(self.fields["words_at"] == accounts.BLOCK.size)

    def is_paid(self, index: int) -> bool:
        """Whether a payout has been paid."""
        return bool(self.fields["paid"][index // 64] >> index % 64 & 1)


class Importer:
    """Who brings blocks, and lends their rent: the sender's payer."""

    def __init__(self, bridge: SolanaBridge, program: Program, sender: Sender) -> None:
        self._bridge, self._program, self._sender = bridge, program, sender

    def account_of(self, number: BlockNumber, commitment: int) -> Pubkey:
        """Where this importer writes a block, whatever proof and evidence it brings."""
        return self._account_of(number, commitment).pubkey()

    @property
    def writer(self) -> Pubkey:
        """Who writes blocks, and gets their rent back."""
        return self._sender.payer.pubkey()

    def bring(self, number: BlockNumber, member: MemberBlock, evidence: Evidence, path: Pubkey = UNREAD) -> Pubkey:
        """Write and import a block; gives its account, which is the same however often it is brought. If somebody else
        has imported it from another account, this one is closed again. Where the evidence does not reach END, the
        account `path` leads on to it. Raises what `Sender.send` does.
        """
        body = encode_body(member, evidence)
        account = self._account_of(number, member.block.commitment)
        while self._bridge.read(CONFIRMED).tip.number < number:
            self.write(account, body, evidence)
            self._import(number, account.pubkey(), member.block.lane, path)
        found = read_block(self._sender.node, self._program, account.pubkey())
        if found is not None and found.fields["stage"] == accounts.WRITING:
            self.close(account.pubkey())
        return account.pubkey()

    def execute(self, key: Pubkey) -> None:
        """Move what an imported block pays to what is owed; nothing if that is done. Raises what `Sender.send` does."""
        found = read_block(self._sender.node, self._program, key)
        if found is None or found.fields["stage"] != accounts.IMPORTED:
            return
        tokens = sorted({payout.token for payout in found.payouts()})
        places = [self._program.derive(addresses.token_seeds(token)) for token in tokens or [NO_TOKEN]]
        known = {"bridge": self._program.bridge, "block": key, "token": places[0]}
        self._send(instructions.EXECUTE.name, instructions.EXECUTE, known, more=places[1:])

    def close(self, key: Pubkey) -> None:
        """Take the rent back. Raises what `Sender.send` does."""
        places = {"writer": self._sender.payer.pubkey(), "block": key, "bridge": self._program.bridge}
        self._send(instructions.CLOSE_BLOCK.name, instructions.CLOSE_BLOCK, places)

    def _account_of(self, number: BlockNumber, commitment: int) -> Keypair:
        secret, name = bytes(self._sender.payer)[:32], int(number).to_bytes(8, "big") + commitment.to_bytes(32, "big")
        return Keypair.from_seed(keccak256(secret + b"zklink.block" + bytes(self._program.id) + name))

    def write(self, account: Keypair, body: bytes, evidence: Evidence) -> None:
        """Make the account if it is not there, and write the pieces that are not. Raises what `Sender.send` does."""
        places = {"writer": self._sender.payer.pubkey(), "block": account.pubkey()}
        found = read_block(self._sender.node, self._program, account.pubkey())
        if found is not None and found.fields["stage"] != accounts.WRITING:
            return
        if found is not None and not found.is_for(evidence, len(body)):
            self.close(account.pubkey())
            found = None
        if found is None:
            self._open(account, len(body), evidence, places)
        written = bytes(len(body)) if found is None else found.body
        for at in range(0, len(body), PIECE_BYTES):
            piece = body[at : at + PIECE_BYTES]
            if written[at : at + PIECE_BYTES] != piece:
                self._send("write_block", instructions.WRITE_BLOCK, places, tail=piece, at=at)

    def _open(self, account: Keypair, size: int, evidence: Evidence, places: dict[str, Pubkey]) -> None:
        made = make_account(self._sender, self._program, account.pubkey(), accounts.BLOCK.size + size)
        opened = self._program.encode(
            instructions.OPEN_BLOCK,
            places | {"bridge": self._program.bridge},
            later=len(evidence.later),
            validators=len(evidence.validators) // SIGNATURE_BYTES,
            watchers=len(evidence.watchers) // SIGNATURE_BYTES,
        )
        self._sender.send("open_block", [*made, opened], [account])

    def _import(self, number: BlockNumber, key: Pubkey, lane: Lane, path: Pubkey) -> None:
        """Import, unless somebody else was faster."""
        fields = self._bridge.read(CONFIRMED).fields
        queue = fields["swap_queue"] if lane is Lane.SWAP else fields["account_queue"]
        places = {
            "bridge": self._program.bridge,
            "queue": Pubkey(queue),
            "keys": Pubkey(fields["keys"]),
            "block": key,
        }
        form = instructions.IMPORT_BLOCK
        if path != UNREAD:
            form, places = IMPORT_BY_PATH, places | {"path": path}
        try:
            self._send(form.name, form, places)
        except (CallReverted, TransactionReverted):
            if self._bridge.read(CONFIRMED).tip.number < number:
                raise

    def _send(self, name: str, form: Instruction, places: dict[str, Pubkey], **values: Any) -> None:
        self._sender.send(name, [self._program.encode(form, places, **values)])


def make_account(sender: Sender, program: Program, key: Pubkey, size: int) -> list[Call]:
    """Calls that make an account of the program. Whoever knows its address may have sent lamports there, and
    `create_account` takes none that has some: it is then made in steps.
    """
    payer, owner = sender.payer.pubkey(), program.id
    rent = int(sender.node.call("getMinimumBalanceForRentExemption", size))
    _, [found] = sender.node.accounts([str(key)], CONFIRMED)
    if found is None:
        made = CreateAccountParams(from_pubkey=payer, to_pubkey=key, lamports=rent, space=size, owner=owner)
        return [create_account(made)]
    missing = max(0, rent - found.lamports)
    return [
        transfer(TransferParams(from_pubkey=payer, to_pubkey=key, lamports=missing)),
        allocate(AllocateParams(pubkey=key, space=size)),
        assign(AssignParams(pubkey=key, owner=owner)),
    ]


def encode_body(member: MemberBlock, evidence: Evidence) -> bytes:
    """What is written into a block's account, after its head."""
    block = member.block
    head = (block.lane, block.timestamp, block.counts, block.new_root, block.commitment, *block.proof)
    words = pack_words(head) + pack_words(member.claims) + pack_words(member.words)
    return words + b"".join(evidence.later) + evidence.validators + evidence.watchers


def read_block(node: SolanaNode, program: Program, key: Pubkey) -> BlockAccount | None:
    """A block's account at `confirmed`; None if it is not there, whatever others may have put in its place: anybody can
    send lamports to the address of a block that is closed. Raises RpcUnavailable.
    """
    [found] = read_blocks(node, program, [key])
    return found


def read_blocks(node: SolanaNode, program: Program, keys: Sequence[Pubkey]) -> list[BlockAccount | None]:
    """As `read_block`, for up to 100 accounts."""
    if not keys:
        return []
    _, found = node.accounts([str(key) for key in keys], CONFIRMED)
    return [None if each is None else parse_block(program, key, each) for key, each in zip(keys, found, strict=True)]


def parse_block(program: Program, key: Pubkey, found: AccountData) -> BlockAccount | None:
    """The block that an account is; None for anything else."""
    if found.owner != encode_base58(bytes(program.id)) or len(found.data) < accounts.BLOCK.size:
        return None
    fields = accounts.BLOCK.unpack(found.data[: accounts.BLOCK.size])
    is_block = fields["tag"] == accounts.BLOCK_TAG
    return BlockAccount(key, fields, found.data[accounts.BLOCK.size :]) if is_block else None
