"""What a token's contract does at the doors: registers it, brings some in, pays it out and back, with and without a
permit, and through an entry contract. Each step begins where registration has left the chain.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from eth_typing import Hash32
from eth_utils import keccak

from tests.support.drafts.entry_scene import CIRCLE, DAI, SIGNER, EntryScene, register
from tests.support.drafts.rig import payment
from tests.support.evm import EvmContract, Reverted
from tests.support.three_chains import RECIPIENT, A
from zklink.bench.third_party.token_table import WORKS, Conduct
from zklink.l1.contracts.bridge_structs import DepositOrder, universal_address
from zklink.l1.contracts.permits import EIP_2612, compute_separator, hash_type
from zklink.primitives.keccak import keccak_words
from zklink.protocol.ids import AccountId, Kind, TokenClass, TokenId

TOKEN = TokenId(20)
COUNT = 10
"""Whole tokens that come in."""
MOST_DECIMALS = 6
"""Of layer 2."""
EVERYTHING = 2**95
"""Some tokens know no larger allowance."""
SMALL = 10
NO_REASON = "refused without a reason"


Trouble = Callable[[EvmContract, EntryScene], object]


@dataclass(frozen=True)
class Trial:
    """A token on its way through the doors of chain A."""

    scene: EntryScene
    token: EvmContract
    token_class: TokenClass
    trouble: Trouble | None = None
    """What befalls the token when the bridge holds some already."""

    def observe(self) -> Conduct:
        """All steps."""
        try:
            decimals = min(int(self.token.decimals()), MOST_DECIMALS)
        except AttributeError:
            decimals = MOST_DECIMALS
        said = int(self.token_class & ~TokenClass.REFUSES_NOTHING)
        try:
            register(self.scene.here, TOKEN, self.token.address, decimals, said)
        except Reverted as refused:
            return Conduct(refused.reason, "-", "-", "-", "-", "-")
        return Conduct(
            WORKS,
            self._alone(self._bring_in),
            self._alone(lambda: self._pay(Kind.SWAP_PAID)),
            self._alone(lambda: self._pay(Kind.SWAP_REFUNDED)),
            self._alone(self._find_permit),
            self._alone(self._enter),
        )

    def _alone(self, step: Callable[[], str]) -> str:
        """What a step shows, or the reason why it is refused; afterwards everything is as before."""
        with self.scene.rig.rollback():
            try:
                return step()
            except Reverted as refused:
                return refused.reason or NO_REASON

    @property
    def _l1_amount(self) -> int:
        unit: int = 10 ** int(self.token.decimals())
        return COUNT * unit

    @property
    def _order(self) -> DepositOrder:
        return DepositOrder(TOKEN, self._l1_amount, universal_address(SIGNER.address), AccountId(0), SIGNER.address)

    def _bring_in(self) -> str:
        here = self.scene.here
        self._approve(here.bridge.address)
        self._prepare(keeps_allowance=True)
        return self._describe_deposit(
            lambda: here.bridge.deposit(self._order.abi(SIGNER.address), sender=SIGNER.address)
        )

    def _describe_deposit(self, deposit: Callable[[], object], works: str = WORKS) -> str:
        """Whether all that the signer has lost is credited."""
        before = self.token.balanceOf(SIGNER.address)
        deposit()
        lost = before - self.token.balanceOf(SIGNER.address)
        credited = self.scene.here.evm.event("DepositRequested")["l1_amount"]
        if credited == lost == self._l1_amount:
            return works
        return f"credits {describe_share(credited, self._l1_amount)} for {describe_share(lost, self._l1_amount)}"

    def _pay(self, kind: Kind) -> str:
        """A payout of what another one has brought in."""
        here = self.scene.here
        self._stock()
        scale = here.registry.token_scale(TOKEN)
        fields = {"kind": kind} | ({"source": A} if kind == Kind.SWAP_REFUNDED else {})
        out = payment(A, TOKEN, self._l1_amount // scale // 2, **fields)
        before = self.token.balanceOf(RECIPIENT)
        self.scene.rig.execute(A, self.scene.rig.pay(out).number)
        got, owed = self.token.balanceOf(RECIPIENT) - before, here.bridge.pending_balance(RECIPIENT, TOKEN)
        due = out.amount * scale
        balance, pending, custody = here.bridge.solvency(TOKEN)
        short = "" if balance >= pending + custody * scale else "; the bridge is short"
        if (got, owed) == (due, 0):
            return WORKS + short
        rest = ", the rest is owed" if owed == due - got else ", nothing is owed"
        return f"pays {describe_share(got, due)}{rest}{short}"

    def _stock(self, *, keeps_allowance: bool = True) -> None:
        """What is paid must have come in; then the trouble begins."""
        self._approve(self.scene.here.bridge.address)
        self.scene.here.bridge.deposit(self._order.abi(SIGNER.address), sender=SIGNER.address)
        if not keeps_allowance:
            self.token.approve(self.scene.here.bridge.address, 0, sender=SIGNER.address)
        if self.trouble is not None:
            self.trouble(self.token, self.scene)

    def _prepare(self, *, keeps_allowance: bool) -> None:
        """The bridge holds some when the trouble begins, perhaps with an allowance for more."""
        if self.trouble is not None:
            self._stock(keeps_allowance=keeps_allowance)

    def _approve(self, spender: str) -> None:
        self.token.approve(spender, EVERYTHING, sender=SIGNER.address)

    def _find_permit(self) -> str:
        """By what the contract offers; a permit that it does not know must not stop whoever has approved."""
        self._prepare(keeps_allowance=False)
        forms = {len(e["inputs"]) for e in self.token.artifact.abi if e.get("name") == "permit"}
        if 7 in forms and self._offers("nonces"):
            return self._with_permit(self._sign_2612(2 * self._l1_amount), "EIP-2612") + self._find_authorization()
        if 8 in forms:
            scene = replace(self.scene, tokens=self.scene.tokens | {DAI: self.token})
            return self._describe_deposit(
                lambda: scene.bring_dai(self._order, scene.dai_permit()), "DAI's, at an entry"
            )
        self._approve(self.scene.here.bridge.address)
        return self._with_permit((0, self.scene.later, 27, bytes(32), bytes(32)), "none")

    def _offers(self, function: str) -> bool:
        return any(entry.get("name") == function for entry in self.token.artifact.abi)

    def _find_authorization(self) -> str:
        """Whether the token takes EIP-3009 besides."""
        if not self._offers("receiveWithAuthorization"):
            return ""
        scene = replace(self.scene, tokens=self.scene.tokens | {CIRCLE: self.token})
        seen = self._describe_deposit(lambda: scene.bring_authorization(self._order))
        return "; EIP-3009, at an entry" if seen == WORKS else f"; {seen}"

    def _with_permit(self, permit: tuple[object, ...], form: str) -> str:
        call = self.scene.here.bridge.deposit_with_permit
        return self._describe_deposit(
            lambda: call(self._order.abi(SIGNER.address), permit, sender=SIGNER.address), form
        )

    def _sign_2612(self, value: int) -> tuple[object, ...]:
        spender, later = self.scene.here.bridge.address, self.scene.later
        owner, nonce = SIGNER.address, self.token.nonces(SIGNER.address)
        struct = keccak_words(hash_type(EIP_2612), int(owner, 16), int(spender, 16), value, nonce, later)
        signed = SIGNER.unsafe_sign_hash(Hash32(keccak(b"\x19\x01" + self._separator() + struct)))
        return (value, later, signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big"))

    def _separator(self) -> bytes:
        if self._offers("DOMAIN_SEPARATOR"):
            return bytes(self.token.DOMAIN_SEPARATOR())
        place = {"chainId": self.scene.here.evm.evm_chain_id, "verifyingContract": self.token.address}
        return compute_separator({"name": self.token.name(), **place})

    def _enter(self) -> str:
        """Through Permit2, with a share for the relayer."""
        scene = replace(self.scene, tokens=self.scene.tokens | {TOKEN: self.token})
        self._approve(scene.permit2.address)
        self._prepare(keeps_allowance=True)
        return self._describe_deposit(lambda: scene.bring_permit2(self._order))


def describe_share(part: int, whole: int) -> str:
    """Percent; of next to everything, how many units are missing."""
    missing = whole - part
    return f"all but {missing}" if 0 < missing < SMALL else f"{part * 100 / whole:g}%"
