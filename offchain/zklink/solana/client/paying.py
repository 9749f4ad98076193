"""Pays what executed blocks owe, one payout a transaction, and fills payouts ahead of their blocks.

Takes a block's account, or a payout; says which payouts wait, and why. A payout that cannot be paid holds up no other.
"""

from dataclasses import dataclass
from typing import Any, Final

from solders.pubkey import Pubkey

from zklink.operations.payout import Payout
from zklink.primitives.base58 import encode_base58
from zklink.protocol.errors import CallReverted, RpcUnavailable, TransactionExpired, TransactionReverted
from zklink.protocol.ids import BlockNumber, Kind, TokenId
from zklink.solana.client.importing import read_block
from zklink.solana.client.node import CONFIRMED, SolanaNode
from zklink.solana.client.program import SYSTEM, Program, find_holding
from zklink.solana.client.sending import Sender, SolanaReceipt
from zklink.solana.interface import accounts, addresses, instructions

HOLDING_AMOUNT: Final = slice(64, 72)
"""Where a token account has its amount."""
FILLABLE = (Kind.SWAP_PAID, Kind.WITHDRAW_PAYOUT)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A payout that is due and cannot be paid now; `reason` is the program's."""

    index: int
    payout: Payout
    reason: str


@dataclass(frozen=True, slots=True)
class Token:
    """A token on this chain."""

    place: Pubkey
    mint: Pubkey
    vault: Pubkey
    program: Pubkey
    scale: int
    """Units of the mint for one of the layer 2."""

    def holding(self, owner: Pubkey) -> Pubkey:
        """Where an owner has it: its associated account, and itself for SOL."""
        return owner if self.program == SYSTEM else find_holding(owner, self.mint, self.program)


class Payer:
    """Who pays for payouts' transactions, or fills payouts with tokens of its own: the sender's payer."""

    def __init__(self, program: Program, sender: Sender, deployment_hash: bytes) -> None:
        self._program, self._sender, self._deployment_hash = program, sender, deployment_hash

    def pay_all(self, key: Pubkey) -> list[Waiting]:
        """Pay whatever an executed block owes and can be paid; gives what waits, also for a transaction that did not
        land: the accounts of one payout may be in dispute. Nothing of a block that is not executed, or is closed.
        Raises RpcUnavailable, RpcRefused.
        """
        found = read_block(self._sender.node, self._program, key)
        if found is None or found.fields["stage"] != accounts.EXECUTED:
            return []
        waiting = []
        for index, payout in enumerate(found.payouts()):
            if not found.is_paid(index):
                try:
                    self._pay(key, index, payout)
                except (CallReverted, TransactionReverted) as refused:
                    waiting.append(Waiting(index, payout, refused.reason))
                except TransactionExpired as expired:
                    waiting.append(Waiting(index, payout, str(expired)))
        now = read_block(self._sender.node, self._program, key)
        return [each for each in waiting if now is not None and not now.is_paid(each.index)]

    def fill_of(self, payout: Payout) -> dict[str, Any] | None:
        """The fill of a payout, as `accounts.FILL` has it; None if nobody has filled it. Raises RpcUnavailable."""
        _, [found] = self._sender.node.accounts([str(self._fill_place(payout))], CONFIRMED)
        is_fill = found is not None and found.owner == encode_base58(bytes(self._program.id))
        return accounts.FILL.unpack(found.data) if found is not None and is_fill else None

    def fill(self, payout: Payout, block: BlockNumber) -> SolanaReceipt:
        """Pay a payout ahead of the block that it is in, from the payer's own account. Raises what `Sender.send` does:
        CallReverted, too, if the block is imported or somebody was faster.
        """
        token, broker = read_token(self._sender.node, self._program, payout.token), self._sender.payer.pubkey()
        places = {
            "broker": broker,
            "bridge": self._program.bridge,
            "token": token.place,
            "fill": self._fill_place(payout),
            "source": token.holding(broker),
            "destination": token.holding(Pubkey(payout.recipient)),
            "mint": token.mint,
            "repay_to": token.holding(broker),
            "token_program": token.program,
            "system_program": SYSTEM,
        }
        words = [word.to_bytes(32, "big") for word in payout.words()]
        call = self._program.encode(instructions.FILL, places, block=block, payout=words)
        return self._sender.send("fill", [call])

    def _pay(self, key: Pubkey, index: int, payout: Payout) -> None:
        token = read_token(self._sender.node, self._program, payout.token)
        destination = token.holding(Pubkey(payout.recipient))
        fill = self.fill_of(payout) if payout.kind in FILLABLE else None
        places = {
            "claimant": self._sender.payer.pubkey(),
            "bridge": self._program.bridge,
            "block": key,
            "token": token.place,
            "vault": token.vault,
            "mint": token.mint,
            "token_program": token.program,
            "destination": destination,
            "fill": self._fill_place(payout),
            "fill_payer": Pubkey(fill["payer"]) if fill else destination,
            "repay_to": Pubkey(fill["repay_to"]) if fill else destination,
        }
        # Of a filled payout one place may be unable to take its part: the other is paid where the first is not named.
        ways = [places, places | {"repay_to": key}, places | {"destination": key}] if fill else [places]
        refusals: list[Exception] = []
        for way in ways:
            try:
                self._sender.send("pay", [self._program.encode(instructions.PAY, way, index=index)])
                return
            except (CallReverted, TransactionReverted) as refused:
                refusals.append(refused)
        raise refusals[0]

    def _fill_place(self, payout: Payout) -> Pubkey:
        return self._program.derive(addresses.fill_seeds(payout.fill_key(self._deployment_hash)))


def read_token_state(node: SolanaNode, program: Program, token: TokenId) -> dict[str, Any]:
    """A token of this chain, as `accounts.TOKEN` has it, and what its vault holds (`balance`). Raises RpcUnavailable if
    there is none of that id.
    """
    fields = _read_token(node, program, token)
    _, [vault] = node.accounts([encode_base58(fields["vault"])], CONFIRMED)
    is_coin = fields["program"] == bytes(SYSTEM)
    balance = (
        0 if vault is None else vault.lamports if is_coin else int.from_bytes(vault.data[HOLDING_AMOUNT], "little")
    )
    return fields | {"balance": balance}


def _read_token(node: SolanaNode, program: Program, token: TokenId) -> dict[str, Any]:
    place = program.derive(addresses.token_seeds(token))
    _, [found] = node.accounts([str(place)], CONFIRMED)
    if found is None or found.owner != encode_base58(bytes(program.id)):
        raise RpcUnavailable(node.name, "getMultipleAccounts", 1, f"there is no token {token}")
    return accounts.TOKEN.unpack(found.data)


def read_token(node: SolanaNode, program: Program, token: TokenId) -> Token:
    """A token of this chain. Raises RpcUnavailable if there is none of that id."""
    place, fields = program.derive(addresses.token_seeds(token)), _read_token(node, program, token)
    mint, vault, owner = (Pubkey(fields[name]) for name in ("mint", "vault", "program"))
    return Token(place, mint, vault, owner, int(fields["scale"]))
