"""How owners leave a site that has ended: exodus, refunds, exits by proof."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from solders.instruction import AccountMeta
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.support.drafts.escape import Exit
from tests.support.solana.ends import UNREAD, Ends
from tests.support.solana.founding import SOL, prover
from tests.support.solana.machine import SYSTEM, associated
from tests.support.solana.site import Site
from zklink.protocol.facts import Group
from zklink.protocol.ids import Lane, TokenId
from zklink.prover.source import Statement
from zklink.solana.interface import accounts, addresses, end_instructions
from zklink.solana.interface.end_instructions import BOTH_PARTS
from zklink.solana.interface.refusals import Refusal


@dataclass
class Leaving:
    """The ways out of a site."""

    ends: Ends

    @property
    def site(self) -> Site:
        return self.ends.site

    def end_here(self) -> None:
        """Both groups say END at the line's last block, which is imported; exodus begins."""
        self.ends.raise_end(len(self.ends.line), *Group)
        self.begin()

    def begin(self, refusal: Refusal | None = None) -> None:
        """Begin exodus."""
        self.site.call(end_instructions.BEGIN_EXODUS, {"bridge": self.site.bridge}, refusal=refusal)

    # --- refunds ---

    def cancel(
        self,
        lane: Lane,
        request_id: int,
        who: Pubkey,
        token: TokenId | None = None,
        places: dict[str, Pubkey] | None = None,
        refusal: Refusal | str | None = None,
        claimant: Keypair | None = None,
        parts: int = BOTH_PARTS,
    ) -> None:
        """Refund a request to whom it names; without a token only its fee."""
        both = self.payment_places(who, token) | {"queue": self.ends.queue(lane), "fee_to": who, "sol": self.site.sol}
        values = {"lane": lane, "id": request_id, "parts": parts}
        self.pay(end_instructions.CANCEL, both | (places or {}), claimant, refusal=refusal, **values)

    def payment_places(self, who: Pubkey, token: TokenId | None) -> dict[str, Pubkey]:
        """Where somebody is paid by a token."""
        if token is None:
            unread = "token", "vault", "mint", "token_program", "destination"
            return dict.fromkeys(unread, UNREAD)
        holding = who if token == SOL else associated(who, self.site.mints[token])
        return {"token": self.site.token(token), "destination": holding, **self.site.token_places(token)}

    def pay(self, call: Any, places: dict[str, Pubkey], claimant: Keypair | None, refusal: Any, **values: Any) -> None:
        """Make a call that pays; a claimant signs, else anybody is named."""
        site = self.site
        who = site.machine.payer if claimant is None else claimant
        encoded = site.encode(call, places | {"bridge": site.bridge, "claimant": who.pubkey()}, call.encode(**values))
        if claimant is not None:
            first = encoded.accounts[0]
            encoded.accounts = [AccountMeta(first.pubkey, True, first.is_writable), *encoded.accounts[1:]]
        site.send(call, encoded, who, refusal=refusal)

    # --- exits ---

    def place(self, exit_: Exit) -> Pubkey:
        """Where an exit is kept."""
        return self.site.derive(addresses.exit_seeds(exit_.account, exit_.token, self.site.state()["mark"]))

    def exit(
        self,
        exit_: Exit,
        places: dict[str, Pubkey] | None = None,
        signer: Keypair | None = None,
        proof: Sequence[int] | None = None,
        refusal: Refusal | str | None = None,
        statement: Sequence[int] | None = None,
        proven: Sequence[int] | None = None,
    ) -> None:
        """Leave with a proof of this statement, against the exit root; `signer` is the recipient that signs."""
        site = self.site
        words = (exit_.x0, exit_.recipient_lo, exit_.x1) if statement is None else statement
        state = site.state()
        publics = (state["exit_domain"], state["exit_root"], *words) if proven is None else proven
        numbers = prover(Statement.EXIT).forge(tuple(publics)).evm() if proof is None else proof
        both = {
            "payer": site.writer.pubkey(),
            "recipient": signer.pubkey() if signer else UNREAD,
            "bridge": site.bridge,
            "keys": site.keys,
            "exit": self.place(exit_),
            "token_a": site.token(TokenId(exit_.token if exit_.token_a is None else exit_.token_a)),
            "token_b": site.token(TokenId(exit_.token_b)) if exit_.token_b else UNREAD,
            "system_program": SYSTEM,
        } | (places or {})
        call = end_instructions.EXIT
        data = call.encode(
            statement=[w.to_bytes(32, "big") for w in words], proof=[w.to_bytes(32, "big") for w in numbers]
        )
        encoded = site.encode(call, both, data)
        if signer is not None:
            metas = encoded.accounts
            encoded.accounts = [metas[0], AccountMeta(metas[1].pubkey, True, False), *metas[2:]]
        site.send(call, encoded, site.writer, *([signer] if signer else []), refusal=refusal)

    def pay_exit(
        self,
        exit_: Exit,
        token: TokenId,
        side: int = 0,
        places: dict[str, Pubkey] | None = None,
        claimant: Keypair | None = None,
        refusal: Refusal | str | None = None,
    ) -> None:
        """Pay a side of an exit to its recipient."""
        both = self.payment_places(Pubkey(exit_.recipient), token) | {"exit": self.place(exit_)} | (places or {})
        self.pay(end_instructions.PAY_EXIT, both, claimant, refusal=refusal, side=side)

    def known(self, exit_: Exit) -> dict[str, Any]:
        """What is kept of an exit."""
        return accounts.EXIT.unpack(self.site.machine.data(self.place(exit_)))
