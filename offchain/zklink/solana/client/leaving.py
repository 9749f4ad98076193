"""The way out of a Solana member: a freeze over a request that waits, exodus, refunds, exits by proof.

Takes what the bridge's accounts say at `confirmed` and a proof; sends calls that anybody may make. What is refunded or
paid to whom is the program's to say: nothing here decides it.
"""

from collections.abc import Sequence
from typing import Any

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from zklink.operations.deposit import DepositRequest
from zklink.operations.swap import SwapRequest
from zklink.primitives.base58 import encode_base58
from zklink.protocol.addresses import join_address
from zklink.protocol.ids import NO_TOKEN, AccountId, Kind, Lane, TokenId
from zklink.protocol.words import ACCOUNT_REQUEST_LAYOUTS, EXIT_LAYOUTS
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.client.node import CONFIRMED
from zklink.solana.client.paying import read_token
from zklink.solana.client.program import SYSTEM, Program
from zklink.solana.client.sending import Sender, SolanaReceipt
from zklink.solana.interface import accounts, addresses, end_instructions
from zklink.solana.interface.forms import Instruction


class Leaver:
    """Who sends these calls, and lends an exit's rent: the sender's payer."""

    def __init__(self, bridge: SolanaBridge, program: Program, sender: Sender) -> None:
        self._bridge, self._program, self._sender = bridge, program, sender

    def call_freeze(self, lane: Lane) -> SolanaReceipt:
        """Say that the oldest request of a lane has waited too long. Raises what `Sender.send` does."""
        fields = self._bridge.read(CONFIRMED).fields
        return self._send(end_instructions.CALL_FREEZE, {"queue": _queue_of(fields, lane)}, lane=lane)

    def confirm_freeze(self, lane: Lane) -> SolanaReceipt:
        """Freeze the chain, a day later. Raises what `Sender.send` does."""
        return self._send(end_instructions.CONFIRM_FREEZE, {}, lane=lane)

    def begin_exodus(self) -> SolanaReceipt:
        """Begin exodus. Raises what `Sender.send` does."""
        return self._send(end_instructions.BEGIN_EXODUS, {})

    def cancel(self, lane: Lane, request_id: int) -> SolanaReceipt:
        """Refund a request that no block contains. Raises what `Sender.send` does."""
        reading = self._bridge.read_queues(CONFIRMED)
        token, who = find_refund(lane, reading.entry(lane, request_id)["words"])
        places = self._payment_places(token, who)
        both = {"queue": _queue_of(reading.fields, lane), "fee_to": who, "sol": Pubkey(reading.fields["sol"])}
        return self._send(end_instructions.CANCEL, places | both, lane=lane, id=request_id)

    def exit(self, statement: tuple[int, int, int], proof: Sequence[int]) -> SolanaReceipt:
        """Take a share out by the proof of a statement (x0, recipient_lo, x1); one that no key has signed pays the
        sender's payer alone, who signs. Raises what `Sender.send` does.
        """
        known = EXIT_LAYOUTS[0].unpack(statement[0])
        payer = self._sender.payer.pubkey()
        tokens = (self._program.derive(addresses.token_seeds(known[name])) for name in ("token_a", "token_b"))
        places = {
            "payer": payer,
            "recipient": Pubkey(join_address(known["recipient_hi"], statement[1])),
            "bridge": self._program.bridge,
            "keys": Pubkey(self._bridge.read(CONFIRMED).fields["keys"]),
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

    def pay_exit(self, account: AccountId, token: TokenId) -> list[SolanaReceipt]:
        """Pay what is owed yet of an exit, both sides. Raises what `Sender.send` does; nothing for one that is not."""
        place = self._exit_place(account, token)
        _, [found] = self._sender.node.accounts([str(place)], CONFIRMED)
        if found is None or found.owner != encode_base58(bytes(self._program.id)):
            return []
        known = accounts.EXIT.unpack(found.data)
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

    def _exit_place(self, account: AccountId, token: TokenId) -> Pubkey:
        return self._program.derive(addresses.exit_seeds(account, token))

    def _send(self, form: Instruction, places: dict[str, Pubkey], **values: Any) -> SolanaReceipt:
        shared = {"bridge": self._program.bridge, "claimant": self._sender.payer.pubkey()}
        return self._sender.send(form.name, [self._program.encode(form, shared | places, **values)])


def find_refund(lane: Lane, words: Sequence[int]) -> tuple[TokenId, Pubkey]:
    """The token of a request's refund, NO_TOKEN for a fee alone, and who gets it."""
    if lane is Lane.SWAP:
        swap = SwapRequest.from_words(words)
        return swap.token_in, Pubkey(swap.refund_to)
    if words[0] >> 240 == Kind.DEPOSIT:
        deposit = DepositRequest.from_words(words)
        return deposit.token, Pubkey(deposit.refund_to)
    owner_hi = ACCOUNT_REQUEST_LAYOUTS[2].unpack(words[2])["owner_hi"]
    return NO_TOKEN, Pubkey(join_address(owner_hi, words[1]))


def _words(numbers: Sequence[int]) -> list[bytes]:
    return [number.to_bytes(32, "big") for number in numbers]


def _queue_of(fields: Any, lane: Lane) -> Pubkey:
    return Pubkey(fields["swap_queue"] if lane is Lane.SWAP else fields["account_queue"])
