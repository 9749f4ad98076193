"""The bridge as the tests know it: how it is deployed, what is carried, and the calls by which people use it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from eth_abi import encode
from eth_hash.auto import keccak
from web3.contract import Contract

from zklink.lab.accounts import funded_account
from zklink.lab.chain import LocalChain
from zklink.lab.conformance import AWAY, ELSEWHERE, HOME, Setting
from zklink.lab.contracts import compile_vyper, deploy
from zklink.lab.messages import Message, name_way
from zklink.lab.sending import set_up
from zklink.lab.world import LabWorld

CONTRACTS = Path(__file__).resolve().parents[1] / "contracts"
DEPLOYER = funded_account(0).address
NOTHING = "0x" + "11" * 20
"""An address without code."""

NOBODY = "0x" + "00" * 20
KINDS = {"Locked": 1, "Burned": 2, "Expired": 3}


class LockAndMint:
    """Vault.vy at home, Mint.vy away, and a copy of Mint.vy elsewhere at the same address."""

    meaningless: Mapping[str, str] = MappingProxyType({})
    """Every scenario of the suite means something here."""

    def __init__(self, contracts: Path = CONTRACTS, confirmations: int = 4) -> None:
        self.contracts, self.confirmations = contracts, confirmations

    def deploy(self, world: LabWorld, setting: Setting) -> None:
        self.world, self.setting = world, setting
        self.home, self.away = world.chain(HOME), world.chain(AWAY)
        self.scale = 10 ** (18 - setting.decimals)
        self.token = self._deploy(self.home, "TestToken", setting.decimals, setting.fee_percent)
        token = self.token.address if setting.has_token else NOTHING
        self.vault = self._deploy(self.home, "Vault", token, setting.decimals)
        # A deployer who has done nothing else on these chains: the copies have one address.
        self.mints = {
            chain: self._deploy(world.chain(chain), "Mint", setting.decimals, sender=9) for chain in (AWAY, ELSEWHERE)
        }
        if setting.is_initialised:
            for chain, call in self.set_up_calls():
                set_up(world.chain(chain), call, self._owner(chain), "set-up", world.story)
        self._carry()

    def set_up_calls(self) -> Sequence[tuple[str, Any]]:
        members, threshold = self.setting.committee.members, self.setting.committee.threshold
        mint = self.mints[AWAY]
        vault_side = self.vault.functions.initialise(mint.address, self.away.spec.evm_chain_id, members, threshold)
        mint_sides = [
            (chain, each.functions.initialise(self.vault.address, self.home.spec.evm_chain_id, members, threshold))
            for chain, each in self.mints.items()
        ]
        return [(HOME, vault_side), *mint_sides]

    def _owner(self, chain: str) -> str:
        return str(funded_account(0 if chain == HOME else 9).address)

    def _deploy(self, chain: LocalChain, name: str, *arguments: Any, sender: int = 0) -> Contract:
        return deploy(chain, compile_vyper(self.contracts / f"{name}.vy"), *arguments, sender=sender)

    def _carry(self) -> None:
        mint = self.mints[AWAY]
        for source, contract, event, destination in (
            (self.home, self.vault, "Locked", self.away),
            (self.away, mint, "Burned", self.home),
            (self.away, mint, "Expired", self.home),
        ):
            self.world.courier.carry(
                source,
                contract,
                event,
                destination,
                self.bring,
                confirmations=self.confirmations,
                committee=self.setting.committee,
                digest=self.digest,
            )

    # -- what people do ------------------------------------------------------------------------------------------

    def give(self, owner: str, amount: int) -> None:
        for call, sender in (
            (self.token.functions.mint(owner, amount), DEPLOYER),
            (self.token.functions.approve(self.vault.address, amount), owner),
        ):
            self.world.send(HOME, call, sender)

    def lock(self, recipient: str, amount: int, seconds: int) -> Any:
        return self.vault.functions.lock(amount, recipient, self.away.head_timestamp() + seconds)

    def burn(self, recipient: str, amount: int) -> Any:
        return self.mints[AWAY].functions.burn(amount * self.scale, recipient)

    def bring(self, message: Message, chain: str = AWAY) -> Any:
        args, signatures = message.args, list(message.signatures)
        match message.event:
            case "Locked":
                given = (args["number"], args["recipient"], args["amount"], args["deadline"])
                return self.mints[chain].functions.mint(message.source, *given, signatures)
            case "Burned":
                given = (args["number"], args["recipient"], args["amount"])
                return self.vault.functions.release(message.source, *given, signatures)
        return self.vault.functions.refund(message.source, args["number"], signatures)

    def expire(self, message: Message) -> Any:
        args = message.args
        given = (args["number"], args["recipient"], args["amount"], args["deadline"])
        return self.mints[AWAY].functions.expire(message.source, *given, list(message.signatures))

    def stock(self, owner: str, amount: int) -> None:
        self.give(owner, amount)
        self.world.send(HOME, self.lock(owner, amount, 10**6), owner)
        self.world.settle()

    def fill(self, message: Message, broker: str) -> Any:
        args = message.args
        return self.mints[AWAY].functions.fill(args["number"], args["recipient"], args["amount"], args["deadline"])

    def claim(self, owner: str) -> Any:
        return self.vault.functions.claim()

    def refuse(self, receiver: str, is_refused: bool) -> None:
        self.world.send(HOME, self.token.functions.refuse(receiver, is_refused), DEPLOYER)

    # -- what is said --------------------------------------------------------------------------------------------

    def digest(self, message: Message) -> bytes:
        """As the contracts compute it; the source is the contract that really said it."""
        home, away = self.home.spec.evm_chain_id, self.away.spec.evm_chain_id
        mint, args = self.mints[AWAY].address, message.args
        is_lock = message.event == "Locked"
        chains_and_contracts = (
            (home, message.source, away, mint) if is_lock else (away, message.source, home, self.vault.address)
        )
        types = ["uint256", "uint256", "address", "uint256", "address", "uint256", "address", "uint256", "uint256"]
        tail = (args["number"], args.get("recipient", NOBODY), args.get("amount", 0), args.get("deadline", 0))
        return keccak(encode(types, (KINDS[message.event], *chains_and_contracts, *tail)))

    def invent_lock(self, recipient: str, amount: int, source: str | None = None) -> Message:
        args = {"number": 1, "recipient": recipient, "amount": amount * self.scale, "deadline": 2**40}
        return self._invent("Locked", HOME, AWAY, args, source or str(self.vault.address))

    def invent_expiry(self, number: int) -> Message:
        return self._invent("Expired", AWAY, HOME, {"number": number}, str(self.mints[AWAY].address))

    def look_alike(self, recipient: str, amount: int) -> Message:
        worthless = self._deploy(self.home, "TestToken", 18, 0)
        false_vault = self._deploy(self.home, "Vault", worthless.address, 18)
        for call in (
            worthless.functions.mint(DEPLOYER, amount),
            worthless.functions.approve(false_vault.address, amount),
            false_vault.functions.lock(amount, recipient, 2**40),
        ):
            self.world.send(HOME, call, DEPLOYER)
        args = {"number": 1, "recipient": recipient, "amount": amount, "deadline": 2**40}
        return self._invent("Locked", HOME, AWAY, args, str(false_vault.address))

    def _invent(self, event: str, source: str, destination: str, args: dict[str, Any], said_by: str) -> Message:
        return Message(name_way(source, destination), event, 1, args, said_by, "0x" + "00" * 32, 0, DEPLOYER)

    # -- what there is -------------------------------------------------------------------------------------------

    def balance(self, chain: str, owner: str) -> int:
        if chain == HOME:
            return int(self.token.functions.balanceOf(owner).call())
        return int(self.mints[AWAY].functions.balanceOf(owner).call()) // self.scale

    def locked(self) -> int:
        return int(self.token.functions.balanceOf(self.vault.address).call())

    def minted(self) -> int:
        return int(self.mints[AWAY].functions.totalSupply().call()) // self.scale
