"""Signed orders of users without coin, as a program of somebody else makes them, and a relayer for them."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from zklink.bench.third_party.contracts import load_third_party
from zklink.devnet.system import LocalSystem
from zklink.devnet.terms import price_coins
from zklink.devnet.tokens import BTC, USDC, mint, token_by_id
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import SwapOrder, universal_address
from zklink.l1.contracts.entry import (
    EntryPlace,
    Relay,
    build_authorization_data,
    build_permit2_data,
    compute_order_nonce,
)
from zklink.l1.contracts.entry_client import deploy_entry
from zklink.l1.contracts.token import TokenClient
from zklink.protocol.ids import NO_TOKEN, Amount, ChainId
from zklink.relayer.records import MemoryBooks, RelayBooks
from zklink.relayer.relayer import Relayer, Start
from zklink.relayer.terms import RelayTerms

USD = 10**6
COIN = 10**18
FORTUNE = 10_000 * USD


def run_now(job: Callable[[], None]) -> None:
    """On the spot."""
    job()


def build_terms(system: LocalSystem, greatest_loss_wei: int = COIN, most_open: int = 8) -> RelayTerms:
    """Fees in every token, at the table's prices."""
    ids = {chain.name: chain.profile.chain_id for chain in system.world}
    prices = {
        plan.token_id: {ids[name]: price for name, price in price_coins(token, system.world.profiles).items()}
        for plan in system.deployment.tokens
        for token in (token_by_id(plan.token_id),)
    }
    return RelayTerms(prices, greatest_loss_wei, most_open)


def open_relayer(
    system: LocalSystem, books: RelayBooks | None = None, start: Start = run_now, terms: RelayTerms | None = None
) -> Relayer:
    """The local network's relayer."""
    account, clients = system.world.roles.relayer, system.world.clients
    return Relayer(system.deployment, clients, account, terms or build_terms(system), books or MemoryBooks(), start)


@dataclass
class Signer:
    """A fresh account with dollars on one chain and no coin. `body` is what it would post now."""

    system: LocalSystem
    chain: ChainId
    destination: ChainId
    account: LocalAccount = field(default_factory=Account.create)

    def __post_init__(self) -> None:
        mint(self.client, self.system.world.roles.deployer, self.token, [self.account.address], FORTUNE)

    @property
    def client(self) -> Any:
        return self.system.world[self.chain].client

    @property
    def token(self) -> str:
        return self.system.deployment.token(USDC).contracts[self.chain]

    @property
    def domain(self) -> dict[str, Any]:
        token = self.client.contract(self.token, load_contract("TestToken"))
        name = self.client.read(token, "name")
        evm_chain_id = self.client.profile.evm_chain_id
        return {"name": name, "version": "1", "chainId": evm_chain_id, "verifyingContract": self.token}

    @property
    def place(self) -> EntryPlace:
        chain = self.system.deployment.chains[self.chain]
        return EntryPlace(chain.evm_chain_id, chain.entry, chain.bridge, chain.permit2)

    def order(self, **changes: Any) -> SwapOrder:
        """A hundred dollars for bitcoin."""
        order = SwapOrder(
            token_in=USDC,
            l1_amount=100 * USD,
            destination=self.destination,
            token_out=BTC,
            min_out=Amount(1),
            operator_fee=Amount(0),
            fill_fee=Amount(0),
            recipient=universal_address(self.account.address),
            deadline=self.client.head().timestamp + 3_600,
            refund_to=self.account.address,
            via=NO_TOKEN,
        )
        return replace(order, **changes)

    def body(self, relayer_fee: int = 2 * USD, **changes: Any) -> dict[str, Any]:
        """What is posted; `order`, `relayer`, `lifetime`, `place` and `signer` can be others than usual."""
        order = changes.pop("order", None) or self.order()
        relay = Relay(relayer_fee, changes.pop("relayer", self.system.world.roles.relayer.address))
        valid_before = self.client.head().timestamp + changes.pop("lifetime", 600)
        place, signer = changes.pop("place", self.place), changes.pop("signer", self.account)
        assert not changes
        data = build_authorization_data(place, self.domain, order, self.account.address, relay, valid_before)
        message = {**data.message, "nonce": f"0x{data.message['nonce'].hex()}"}
        for name in ("value", "validAfter", "validBefore"):
            message[name] = str(message[name])
        words = spell_order(order, relay)
        payload = {
            "signatureType": "eip712",
            "domain": self.domain,
            "primaryType": "ReceiveWithAuthorization",
            "message": message,
        }
        signed = {"type": "oif-3009-v0", "payload": payload, "metadata": {"chain": self.chain, "swap": words}}
        return deepcopy({"order": signed, "signature": f"0x{data.sign(signer).hex()}"})

    def allow_permit2(self, l1_amount: int = 2**256 - 1) -> None:
        """Permit2 may take so much of the account's dollars; somebody gives it the coin for that once."""
        self.client.transfer(self.system.world.roles.deployer, self.account.address, COIN)
        token = TokenClient(self.client, self.token)
        token.approve(self.account, self.place.permit2, l1_amount)

    def permit2_body(self, relayer_fee: int = 2 * USD, **changes: Any) -> dict[str, Any]:
        """What is posted of a signature for Permit2; `order`, `lifetime`, `place`, `nonce` and `signer` can be others
        than usual.
        """
        order, place = changes.pop("order", None) or self.order(), changes.pop("place", self.place)
        relay, owner = Relay(relayer_fee, self.system.world.roles.relayer.address), self.account.address
        deadline = self.client.head().timestamp + changes.pop("lifetime", 600)
        nonce = changes.pop("nonce", int.from_bytes(compute_order_nonce(place, order, owner, relay), "big"))
        signer = changes.pop("signer", self.account)
        assert not changes
        data = build_permit2_data(place, self.token, order, owner, relay, nonce, deadline)
        permitted = data.message["permitted"]
        message = {
            "permitted": {"token": permitted["token"], "amount": str(permitted["amount"])},
            "spender": data.message["spender"],
            "nonce": str(nonce),
            "deadline": str(deadline),
            "witness": spell_order(order, relay),
        }
        payload = {
            "signatureType": "eip712",
            "domain": dict(data.domain),
            "primaryType": "PermitWitnessTransferFrom",
            "message": message,
        }
        signed = {"type": "oif-escrow-v0", "payload": payload, "metadata": {"chain": self.chain, "owner": owner}}
        return deepcopy({"order": signed, "signature": f"0x{data.sign(signer).hex()}"})


def spell_order(order: SwapOrder, relay: Relay) -> dict[str, Any]:
    """An order's fields by their names in section 8 of the protocol."""
    return {
        "tokenIn": order.token_in,
        "l1Amount": str(order.l1_amount),
        "destination": order.destination,
        "tokenOut": order.token_out,
        "via": order.via,
        "minOut": str(order.min_out),
        "operatorFee": str(order.operator_fee),
        "fillFee": str(order.fill_fee),
        "recipient": f"0x{order.recipient.hex()}",
        "refundTo": order.refund_to,
        "deadline": str(order.deadline),
        "relayerFee": str(relay.relayer_fee),
        "relayer": relay.relayer,
    }


def add_permit2(system: LocalSystem, chain: ChainId) -> LocalSystem:
    """The network with the real Permit2 on a chain, and an entry there that knows it."""
    client, deployer = system.world[chain].client, system.world.roles.deployer
    permit2 = client.deploy(deployer, load_third_party("Permit2"))
    entry = deploy_entry(client, deployer, system.bridges[chain].address, permit2).address
    place = replace(system.deployment.chains[chain], entry=entry, permit2=permit2)
    chains = {**system.deployment.chains, chain: place}
    return replace(system, deployment=replace(system.deployment, chains=chains))
