"""The way out of a Solana member: a freeze over a request that waits, exodus, refunds, exits by proof.

Takes what the bridge's accounts say at `confirmed` and a proof; sends calls that anybody may make. What is refunded or
paid to whom is the program's to say: nothing here decides it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from zklink.operations.deposit import DepositRequest
from zklink.operations.swap import SwapRequest
from zklink.primitives.base58 import encode_base58
from zklink.protocol.addresses import join_address
from zklink.protocol.errors import CallReverted, TransactionReverted
from zklink.protocol.ids import NO_TOKEN, AccountId, Kind, Lane, TokenId
from zklink.protocol.words import ACCOUNT_REQUEST_LAYOUTS, EXIT_LAYOUTS
from zklink.solana.client.bridge import RINGS, BridgeReading, SolanaBridge
from zklink.solana.client.node import CONFIRMED
from zklink.solana.client.paying import read_token
from zklink.solana.client.program import SYSTEM, Program
from zklink.solana.client.sending import Sender, SolanaReceipt
from zklink.solana.interface import accounts, addresses, end_instructions
from zklink.solana.interface.end_instructions import BOTH_PARTS, ITS_AMOUNT, ITS_FEE
from zklink.solana.interface.forms import Instruction


class Leaver:
    """Who sends these calls, and lends an exit's rent: the sender's payer."""

    def __init__(self, bridge: SolanaBridge, program: Program, sender: Sender) -> None:
        self._bridge, self._program, self._sender = bridge, program, sender

    def call_freeze(self, lane: Lane) -> SolanaReceipt:
        """Say that the oldest request of a lane has waited too long. Raises what `Sender.send` does."""
        fields = self._bridge.read(CONFIRMED).fields
        return self._send(end_instructions.CALL_FREEZE, {"queue": queue_of(fields, lane)}, lane=lane)

    def confirm_freeze(self, lane: Lane) -> SolanaReceipt:
        """Freeze the chain, a day later. Raises what `Sender.send` does."""
        return self._send(end_instructions.CONFIRM_FREEZE, {}, lane=lane)

    def begin_exodus(self) -> SolanaReceipt:
        """Begin exodus. Raises what `Sender.send` does."""
        return self._send(end_instructions.BEGIN_EXODUS, {})

    def cancel(self, lane: Lane, request_id: int) -> SolanaReceipt:
        """Refund what is left of a request that no block contains: amount and fee, or the one of them that can be paid
        now. Raises what `Sender.send` does.
        """
        reading = self._bridge.read_queues(CONFIRMED)
        refund = find_refund(lane, reading.entry(lane, request_id)["words"])
        left = refund.parts & ~_find_refunded(reading.fields, lane, request_id)
        ways = (BOTH_PARTS, ITS_AMOUNT, ITS_FEE) if left == BOTH_PARTS else (left or BOTH_PARTS,)
        places = self._payment_places(refund.token, refund.who)
        places |= {"queue": queue_of(reading.fields, lane), "fee_to": refund.who, "sol": Pubkey(reading.fields["sol"])}
        refusals: list[Exception] = []
        for parts in ways:
            try:
                return self._send(end_instructions.CANCEL, places, lane=lane, id=request_id, parts=parts)
            except (CallReverted, TransactionReverted) as refused:
                refusals.append(refused)
        raise refusals[0]

    def exit(self, statement: tuple[int, int, int], proof: Sequence[int]) -> SolanaReceipt:
        """Take a share out by the proof of a statement (x0, recipient_lo, x1); one that no key has signed pays the
        sender's payer alone, who signs. Raises what `Sender.send` does.
        """
        known = EXIT_LAYOUTS[0].unpack(statement[0])
        payer, fields = self._sender.payer.pubkey(), self._bridge.read(CONFIRMED).fields
        tokens = (self._program.derive(addresses.token_seeds(known[name])) for name in ("token_a", "token_b"))
        places = {
            "payer": payer,
            "recipient": Pubkey(join_address(known["recipient_hi"], statement[1])),
            "bridge": self._program.bridge,
            "keys": Pubkey(fields["keys"]),
            "exit": self._exit_place(AccountId(known["account"]), TokenId(known["token"])),
            **dict(zip(("token_a", "token_b"), tokens, strict=True)),
            "system_program": SYSTEM,
        }
        values: dict[str, Any] = {"statement": _words(statement), "proof": _words(proof)}
        call = self._program.encode(end_instructions.EXIT, places, **values)
        if not known["is_signed"]:
            at = [role.name for role in end_instructions.EXIT.roles].index("recipient")
            metas = list(call.accounts)
            metas[at] = AccountMeta(metas[at].pubkey, True, False)
            call.accounts = metas
        return self._sender.send("exit", [call])

    def has_left(self, account: AccountId, token: TokenId) -> bool:
        """Whether a balance has left by proof, paid or not. Raises RpcUnavailable."""
        return self._read_exit(self._exit_place(account, token)) is not None

    def pay_exit(self, account: AccountId, token: TokenId) -> list[SolanaReceipt]:
        """Pay what is owed yet of an exit, both sides. Raises what `Sender.send` does; nothing for one that is not."""
        place = self._exit_place(account, token)
        known = self._read_exit(place)
        if known is None:
            return []
        receipts = []
        for side, (paid, amount) in enumerate(zip(known["tokens"], known["amounts"], strict=True)):
            if amount:
                places = self._payment_places(TokenId(paid), Pubkey(known["recipient"])) | {"exit": place}
                receipts.append(self._send(end_instructions.PAY_EXIT, places, side=side))
        return receipts

    def _payment_places(self, token: TokenId, who: Pubkey) -> dict[str, Pubkey]:
        """Where somebody is paid by a token; where there is none, accounts that nobody looks at."""
        if token == NO_TOKEN:
            return dict.fromkeys(("token", "vault", "mint", "token_program", "destination"), who)
        found = read_token(self._sender.node, self._program, token)
        places = {"token": found.place, "vault": found.vault, "mint": found.mint, "token_program": found.program}
        return places | {"destination": found.holding(who)}

    def _read_exit(self, place: Pubkey) -> dict[str, Any] | None:
        _, [found] = self._sender.node.accounts([str(place)], CONFIRMED)
        if found is None or found.owner != encode_base58(bytes(self._program.id)):
            return None
        return accounts.EXIT.unpack(found.data)

    def _exit_place(self, account: AccountId, token: TokenId) -> Pubkey:
        mark = self._bridge.read(CONFIRMED).fields["mark"]
        return self._program.derive(addresses.exit_seeds(account, token, mark))

    def _send(self, form: Instruction, places: dict[str, Pubkey], **values: Any) -> SolanaReceipt:
        shared = {"bridge": self._program.bridge, "claimant": self._sender.payer.pubkey()}
        return self._sender.send(form.name, [self._program.encode(form, shared | places, **values)])


@dataclass(frozen=True, slots=True)
class Refund:
    """What a request gives back, NO_TOKEN for a fee alone, and to whom."""

    token: TokenId
    who: Pubkey
    has_fee: bool

    @property
    def parts(self) -> int:
        """The parts that there are."""
        return (ITS_AMOUNT if self.token != NO_TOKEN else 0) | (ITS_FEE if self.has_fee else 0)


def is_cancelled(reading: BridgeReading, lane: Lane, request_id: int) -> bool:
    """Whether exodus has refunded all that a request gives back, which may be nothing."""
    refund = find_refund(lane, reading.entry(lane, request_id)["words"])
    return not refund.parts & ~_find_refunded(reading.fields, lane, request_id)


def find_refund(lane: Lane, words: Sequence[int]) -> Refund:
    """The refund of a request with these words."""
    if lane is Lane.SWAP:
        swap = SwapRequest.from_words(words)
        return Refund(swap.token_in, Pubkey(swap.refund_to), swap.native_fee_gwei > 0)
    if words[0] >> 240 == Kind.DEPOSIT:
        deposit = DepositRequest.from_words(words)
        return Refund(deposit.token, Pubkey(deposit.refund_to), deposit.native_fee_gwei > 0)
    known = ACCOUNT_REQUEST_LAYOUTS[2].unpack(words[2])
    return Refund(NO_TOKEN, Pubkey(join_address(known["owner_hi"], words[1])), known["native_fee_gwei"] > 0)


def _find_refunded(fields: Any, lane: Lane, request_id: int) -> int:
    """The parts of a request that are refunded."""
    amounts, fees = ("cancelled_swaps", "returned_swap_fees")
    if lane is Lane.ACCOUNT:
        amounts, fees = ("cancelled_requests", "returned_request_fees")
    place = request_id % RINGS[lane][1]
    marks = ((ITS_AMOUNT, fields[amounts]), (ITS_FEE, fields[fees]))
    return sum(part for part, words in marks if words[place // 64] >> place % 64 & 1)


def _words(numbers: Sequence[int]) -> list[bytes]:
    return [number.to_bytes(32, "big") for number in numbers]


def queue_of(fields: Any, lane: Lane) -> Pubkey:
    """Where a lane's ring is."""
    return Pubkey(fields["swap_queue"] if lane is Lane.SWAP else fields["account_queue"])
