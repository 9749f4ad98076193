"""The program on a Solana in process, with tokens, and a method for each thing that is done at its doors."""

from typing import Any, Final

from solders.instruction import Instruction as Call
from solders.pubkey import Pubkey

from tests.support.solana.founding import BSC, CAKE, ELSEWHERE, POLYGON, SOL, SOLANA, SRM, Founding
from tests.support.solana.machine import ASSOCIATED, SYSTEM, TOKEN_PROGRAM, associated, key_of, read, write
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import NO_TOKEN, Amount, ChainId, RequestId, TokenId
from zklink.solana.interface import accounts, addresses, instructions

LARGE_CAP: Final = 10**13
DESTINATION: Final = bytes(12) + b"\xb1" * 20


class Site(Founding):
    """The program with tokens."""

    # --- tokens ---

    def register_all(self) -> None:
        """SRM, CAKE, SOL, and one that is not here; the user and the broker have plenty."""
        for token, decimals in ((SRM, 6), (CAKE, 9)):
            self.mints[token] = self.make_mint(decimals)
            self.vaults[token] = self.make_holding(self.bridge, self.mints[token])
            for owner in (self.user.pubkey(), self.broker.pubkey()):
                self.mint_to(self.mints[token], self.make_holding(owner, self.mints[token]), 10**15)
            self.register(token, layer2_decimals=6)
        self.register(SOL, layer2_decimals=9)
        self.register(ELSEWHERE, chains=1 << POLYGON | 1 << BSC)

    def token_places(self, token: TokenId) -> dict[str, Pubkey]:
        """Mint, vault and program of a token."""
        mint = self.mints.get(token, SYSTEM)
        return {
            "mint": mint,
            "vault": self.vaults.get(token, SYSTEM),
            "token_program": SYSTEM if token in (SOL, ELSEWHERE) else TOKEN_PROGRAM,
        }

    def register(self, token: TokenId, places: dict[str, Pubkey] | None = None, **changes: Any) -> None:
        """Register a token."""
        signer = changes.pop("signer", self.governor)
        mint = (places or {}).get("mint", self.mints.get(token, SYSTEM))
        accounts_ = {
            "governor": signer.pubkey(),
            "payer": self.writer.pubkey(),
            "bridge": self.bridge,
            "token": self.token(token),
            "mint_mark": self.derive(addresses.mint_seeds(bytes(mint))),
            "system_program": SYSTEM,
        }
        values = {
            "id": token,
            "chains": 1 << POLYGON | 1 << SOLANA,
            "layer2_decimals": 6,
            "minimum": 1,
            "cap": LARGE_CAP,
        }
        both = accounts_ | self.token_places(token) | (places or {})
        self.call(instructions.REGISTER_TOKEN, both, signer, self.writer, **(values | changes))

    def make_mint(self, decimals: int, program: Pubkey = TOKEN_PROGRAM) -> Pubkey:
        """A mint whose authority is the user."""
        mint = key_of(f"mint {decimals} {len(self.mints)}")
        data = bytes([20, decimals]) + bytes(self.user.pubkey()) + b"\0"
        make = Call(program, data, [write(mint.pubkey())])
        self.machine.send([self.machine.create(mint, 82, program), make], mint)
        return mint.pubkey()

    def make_holding(self, owner: Pubkey, mint: Pubkey, program: Pubkey = TOKEN_PROGRAM) -> Pubkey:
        """The owner's associated account."""
        place = associated(owner, mint, program)
        payer = self.machine.payer.pubkey()
        metas = [write(payer, True), write(place), read(owner), read(mint), read(SYSTEM), read(program)]
        self.machine.send([Call(ASSOCIATED, b"\1", metas)])
        return place

    def mint_to(self, mint: Pubkey, holding: Pubkey, amount: int) -> None:
        """Make tokens."""
        metas = [write(mint), write(holding), read(self.user.pubkey(), True)]
        self.machine.send([Call(TOKEN_PROGRAM, b"\7" + amount.to_bytes(8, "little"), metas)], self.user)

    def balance(self, token: TokenId, owner: Pubkey) -> int:
        """What an owner has, in its associated account; lamports for SOL."""
        if token == SOL:
            return self.machine.lamports(owner)
        return int.from_bytes(self.machine.data(associated(owner, self.mints[token]))[64:72], "little")

    # --- what the program keeps ---

    def state(self) -> dict[str, Any]:
        """The bridge's account."""
        return accounts.BRIDGE.unpack(self.machine.data(self.bridge))

    def books(self, token: TokenId) -> dict[str, Any]:
        """A token's account."""
        return accounts.TOKEN.unpack(self.machine.data(self.token(token)))

    def queued(self, request_id: int) -> dict[str, Any]:
        """The swap queue's place of a request."""
        at = accounts.QUEUE_HEAD.size + request_id % accounts.SWAP_ENTRIES * accounts.SWAP_ENTRY.size
        return accounts.SWAP_ENTRY.unpack(self.machine.data(self.swap_queue)[at : at + accounts.SWAP_ENTRY.size])

    # --- swaps ---

    def swap_places(self, token: TokenId, token_out: TokenId, via: TokenId = NO_TOKEN) -> dict[str, Pubkey]:
        """The accounts of `swap`, by the user."""
        user = self.user.pubkey()
        return {
            "sender": user,
            "bridge": self.bridge,
            "swap_queue": self.swap_queue,
            "token_in": self.token(token),
            "token_out": self.token(token_out),
            "token_via": self.token(via) if via else SYSTEM,
            "source": user if token == SOL else associated(user, self.mints.get(token, SYSTEM)),
            "sol": self.sol,
            "system_program": SYSTEM,
            **self.token_places(token),
        }

    def swap(self, places: dict[str, Pubkey] | None = None, **changes: Any) -> SwapRequest:
        """Queue a swap by the user; gives the request that should stand in the queue."""
        values = self.order(**changes)
        refusal = values.pop("refusal", None)
        token, out, via = (TokenId(values[name]) for name in ("token_in", "token_out", "via"))
        self.call(
            instructions.SWAP,
            self.swap_places(token, out, via) | (places or {}),
            self.user,
            refusal=refusal,
            **values,
        )
        scale = {CAKE: 1_000}.get(token, 1)
        return SwapRequest(
            SOLANA,
            ChainId(values["destination"]),
            RequestId(self.state()["totals"][0]),
            token,
            out,
            Amount(values["l1_amount"] // scale),
            values["min_out"],
            values["operator_fee"],
            values["fill_fee"],
            values["deadline"],
            self.machine.now(),
            values["recipient"],
            values["refund_to"],
            values["fee"],
            via,
        )

    def order(self, **changes: Any) -> dict[str, Any]:
        """An ordinary order of 5 SRM to Polygon, with these fields changed."""
        return {
            "token_in": SRM,
            "destination": POLYGON,
            "token_out": CAKE,
            "via": 0,
            "l1_amount": 5_000_000,
            "fee": 0,
            "deadline": self.machine.now() + 600,
            "min_out": 1,
            "operator_fee": 10,
            "fill_fee": 2,
            "recipient": DESTINATION,
            "refund_to": bytes(self.user.pubkey()),
        } | changes


READY: list[Site] = []
"""Sites that somebody has opened before, with a program that founds them as the planted one does."""


def open_site(program: bytes | None = None) -> Site:
    """A site that takes swaps."""
    if program is None and READY:
        return READY.pop().exchange_program()
    site = Site() if program is None else Site(program)
    site.found()
    site.register_all()
    return site
