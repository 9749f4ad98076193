"""An entry contract beside the bridge of one chain of the rig, with real tokens: Circle's dollar behind its proxy, the
wrapped coin, and Permit2; as their authors publish them. DAI is the double of contracts/testing.

Takes a rig; gives the contracts, a signer who has a lot of each token, and the calls of a relayer.
"""

from dataclasses import dataclass, replace

from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.support.drafts.rig import Rig, RigChain
from tests.support.evm import EvmContract
from tests.support.three_chains import CHAIN_MASK, GOVERNOR, RECIPIENT, STRANGER, USD, A, B, actor_key
from zklink.bench.third_party.circle import CODE, LIBRARY, PROXY, name_domain, plan_initialisation
from zklink.bench.third_party.contracts import link, load_third_party
from zklink.l1.contracts.bridge_structs import DepositOrder, SwapOrder, universal_address
from zklink.l1.contracts.entry import (
    EntryPlace,
    Order,
    Relay,
    build_authorization_data,
    build_permit2_data,
)
from zklink.l1.contracts.permits import sign_dai
from zklink.protocol.ids import CUSTODY_LIMIT, AccountId, Amount, TokenId

CIRCLE, WRAPPED, DAI = TokenId(10), TokenId(11), TokenId(12)
SIGNER: LocalAccount = Account.from_key(actor_key("signer"))
RELAYER, FEE_TO = STRANGER, "0x" + "fe" * 20
L1_AMOUNT = {CIRCLE: 10 * 10**6, WRAPPED: 10 * 10**18, DAI: 10 * 10**18}
"""What orders bring in, in the token's units; of any other token `OTHER_AMOUNT`."""
OTHER_AMOUNT = 10**12
FORTUNE = 10**30
LIFETIME_SECONDS = 600


@dataclass
class EntryScene:
    """One chain of the rig with an entry."""

    rig: Rig
    entry: EvmContract
    permit2: EvmContract
    tokens: dict[TokenId, EvmContract]

    @property
    def here(self) -> RigChain:
        """The chain."""
        return self.rig[A]

    @property
    def place(self) -> EntryPlace:
        """Where the entry stands."""
        return EntryPlace(
            self.here.evm.evm_chain_id, self.entry.address, self.here.bridge.address, self.permit2.address
        )

    @property
    def later(self) -> int:
        """A time until which orders are good."""
        return self.here.evm.time + LIFETIME_SECONDS

    def swap_order(self, token: TokenId = CIRCLE, **changes: object) -> SwapOrder:
        """A swap of ten units of a token for dollars on another chain."""
        order = SwapOrder(
            token_in=token,
            l1_amount=L1_AMOUNT.get(token, OTHER_AMOUNT),
            destination=B,
            token_out=USD,
            min_out=Amount(5),
            operator_fee=Amount(1_000),
            fill_fee=Amount(2),
            recipient=universal_address(RECIPIENT),
            deadline=self.later,
            refund_to=SIGNER.address,
        )
        return replace(order, **changes)  # type: ignore[arg-type]

    def deposit_order(self, token: TokenId = CIRCLE, **changes: object) -> DepositOrder:
        """A deposit of ten units of a token for the signer's account."""
        owner = universal_address(SIGNER.address)
        order = DepositOrder(token, L1_AMOUNT.get(token, OTHER_AMOUNT), owner, AccountId(0), SIGNER.address)
        return replace(order, **changes)  # type: ignore[arg-type]

    # -- signatures

    def permit2_signature(self, order: Order, relay: Relay, nonce: int = 0, **place: str) -> bytes:
        """The signer's signature of an order for Permit2, perhaps for another place."""
        where = replace(self.place, **place)  # type: ignore[arg-type]
        token = self.tokens[token_of(order)].address
        return build_permit2_data(where, token, order, SIGNER.address, relay, nonce, self.later).sign(SIGNER)

    def authorization(self, order: Order, relay: Relay, **place: str) -> bytes:
        """The signer's authorization of Circle's dollars for an order, perhaps for another place."""
        where = replace(self.place, **place)  # type: ignore[arg-type]
        return build_authorization_data(where, self.circle_domain(), order, SIGNER.address, relay, self.later).sign(
            SIGNER
        )

    def circle_domain(self) -> dict[str, object]:
        """The domain of Circle's dollar."""
        return name_domain(self.here.evm.evm_chain_id, self.tokens[CIRCLE].address)

    def dai_permit(self, nonce: int = 0) -> tuple[object, ...]:
        """The signer's permit of all its DAI to the entry, as the entry takes it."""
        place = {"chainId": self.here.evm.evm_chain_id, "verifyingContract": self.tokens[DAI].address}
        domain = {"name": "Dai Stablecoin", "version": "1", **place}
        permit = sign_dai(SIGNER, domain, self.entry.address, nonce, self.later, is_allowed=True)
        return (permit.nonce, permit.expiry, permit.v, permit.r, permit.s)

    # -- the calls of whoever brings an order

    def bring_permit2(
        self,
        order: Order,
        relay: Relay = Relay(),  # noqa: B008 (frozen)
        *,
        signature: bytes | None = None,
        nonce: int = 0,
        owner: str = SIGNER.address,
        sender: str = RELAYER,
        fee_to: str = FEE_TO,
        value: int = 0,
    ) -> int:
        """Bring an order through Permit2; gives the request's id. Raises Reverted."""
        signed = self.permit2_signature(order, relay, nonce) if signature is None else signature
        call = getattr(self.entry, f"{way_of(order)}_with_permit2")
        permit = (nonce, self.later, signed)
        return int(call(order.abi(SIGNER.address), relay.abi(), owner, permit, fee_to, sender=sender, value=value))

    def bring_authorization(
        self,
        order: Order,
        relay: Relay = Relay(),  # noqa: B008 (frozen)
        *,
        signature: bytes | None = None,
        owner: str = SIGNER.address,
        sender: str = RELAYER,
        fee_to: str = FEE_TO,
        value: int = 0,
    ) -> int:
        """Bring an order with an authorization; gives the request's id. Raises Reverted."""
        signed = self.authorization(order, relay) if signature is None else signature
        call = getattr(self.entry, f"{way_of(order)}_with_authorization")
        authorization = (self.later, signed)
        arguments = (order.abi(SIGNER.address), relay.abi(), owner, authorization, fee_to)
        return int(call(*arguments, sender=sender, value=value))

    def bring_dai(self, order: Order, permit: tuple[object, ...], sender: str = SIGNER.address, value: int = 0) -> int:
        """The caller's own order with a permit in DAI's form; gives the request's id. Raises Reverted."""
        call = getattr(self.entry, f"{way_of(order)}_with_dai_permit")
        return int(call(order.abi(SIGNER.address), permit, sender=sender, value=value))

    def balance(self, token: TokenId, owner: str) -> int:
        """L1 units."""
        return int(self.tokens[token].balanceOf(owner))

    def is_empty(self) -> bool:
        """Whether the entry has no token and has left the bridge no allowance."""
        return all(
            token.balanceOf(self.entry.address) == token.allowance(self.entry.address, self.here.bridge.address) == 0
            for token in self.tokens.values()
        )


def way_of(order: Order) -> str:
    """How the entry's functions for such an order begin."""
    return "swap" if isinstance(order, SwapOrder) else "deposit"


def token_of(order: Order) -> TokenId:
    """The token that comes in."""
    return order.token_in if isinstance(order, SwapOrder) else order.token_id


def build_entry_scene(rig: Rig) -> EntryScene:
    """Deploy everything beside the bridge of chain A, register the tokens, and make the signer rich."""
    here = rig[A]
    here.evm.fund(SIGNER.address)
    permit2 = here.evm.deploy(STRANGER, load_third_party("Permit2"))
    tokens = {CIRCLE: deploy_circle(here), WRAPPED: deploy_wrapped(here), DAI: rig.deploy(A, "DaiToken", True)}
    tokens[DAI].mint(SIGNER.address, FORTUNE)
    for token_id, token in tokens.items():
        decimals = 6 if token_id == CIRCLE else 12
        register(here, token_id, token.address, decimals)
        token.approve(permit2.address, 2**256 - 1, sender=SIGNER.address)
    entry = rig.deploy(A, "Entry", here.bridge.address, permit2.address)
    return EntryScene(rig, entry, permit2, tokens)


def register(here: RigChain, token_id: TokenId, address: str, layer2_decimals: int, token_class: int = 0) -> None:
    """Give a token id its meaning on a chain of the rig."""
    config = (CHAIN_MASK, address, layer2_decimals, 100, CUSTODY_LIMIT, token_class)
    here.registry.register_token(token_id, config, sender=GOVERNOR)


def deploy_circle(here: RigChain) -> EvmContract:
    """Circle's dollar behind its proxy, as on real chains: the governor is minter, pauser and blacklister."""
    checker = here.evm.deploy(STRANGER, load_third_party(LIBRARY))
    artifact = link(load_third_party(CODE), checker.address)
    code = here.evm.deploy(STRANGER, artifact)
    proxy = here.evm.deploy(PROXY_ADMIN, load_third_party(PROXY), code.address)
    circle = EvmContract(here.evm, proxy.address, artifact)
    here.evm.contracts[proxy.address] = circle
    for function, arguments in plan_initialisation(GOVERNOR):
        getattr(circle, function)(*arguments, sender=GOVERNOR)
    circle.mint(SIGNER.address, FORTUNE, sender=GOVERNOR)
    return circle


PROXY_ADMIN = "0x" + "ad" * 20


def deploy_wrapped(here: RigChain) -> EvmContract:
    """The wrapped coin; the signer has some."""
    wrapped = here.evm.deploy(STRANGER, load_third_party("WETH9"))
    wrapped.deposit(sender=SIGNER.address, value=10**24)
    return wrapped
