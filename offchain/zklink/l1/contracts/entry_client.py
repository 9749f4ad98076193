"""The entry contract of a chain, typed: brings signed orders, and a caller's own with a permit in DAI's form.

Takes a chain's client and the entry's address; calls wait for their receipt. Never signs an order: `entry.py` says what
a wallet signs.
"""

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import NO_ADDRESS, SwapOrder
from zklink.l1.contracts.contract_client import ContractClient
from zklink.l1.contracts.entry import EntryPlace, Order, Relay
from zklink.l1.contracts.permits import DaiPermit
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.errors import DeploymentRefused


def deploy_entry(client: ChainClient, deployer: LocalAccount, bridge: str, permit2: str = NO_ADDRESS) -> "EntryClient":
    """Create an entry contract beside a bridge; it has no owner, so anybody may. Raises the errors of
    `ChainClient.send`.
    """
    places = to_checksum_address(bridge), to_checksum_address(permit2)
    return EntryClient(client, client.deploy(deployer, load_contract("Entry"), *places))


class EntryClient(ContractClient):
    """An entry contract on one chain. `fee_to` gets the relayer's fee, `value` is the bridge's price in wei, which the
    caller pays.
    """

    contract_name = "Entry"

    def place(self) -> EntryPlace:
        """Where it stands, for what wallets sign."""
        bridge, permit2 = (to_checksum_address(self._read(name)) for name in ("bridge", "permit2"))
        return EntryPlace(self.client.profile.evm_chain_id, self.address, bridge, permit2)

    def check_genuine(self, bridge: str) -> None:
        """Raise DeploymentRefused unless the code there is this version's entry, made for this bridge."""
        code, expected = self.client.code(self.address), load_contract("Entry")
        size = len(expected.runtime_bytecode)
        if code[:size] != expected.runtime_bytecode or len(code) != expected.code_size:
            raise DeploymentRefused(f"{self.client.profile.name}: no entry of this version is at {self.address}")
        if (found := self.place().bridge) != to_checksum_address(bridge):
            raise DeploymentRefused(f"{self.client.profile.name}: the entry {self.address} is one of bridge {found}")

    def bring_permit2(
        self,
        relayer: LocalAccount,
        order: Order,
        relay: Relay,
        owner: str,
        permit: tuple[int, int, bytes],
        fee_to: str,
        value: int = 0,
    ) -> Receipt:
        """Bring an order with the owner's signature for Permit2: its nonce, its last second and the signature."""
        function = f"{_way_of(order)}_with_permit2"
        return self._bring(relayer, function, order, relay, owner, permit, fee_to, value)

    def bring_authorization(
        self,
        relayer: LocalAccount,
        order: Order,
        relay: Relay,
        owner: str,
        authorization: tuple[int, bytes],
        fee_to: str,
        value: int = 0,
    ) -> Receipt:
        """Bring an order with the owner's EIP-3009 authorization: the second before which it is good, and the
        signature.
        """
        function = f"{_way_of(order)}_with_authorization"
        return self._bring(relayer, function, order, relay, owner, authorization, fee_to, value)

    def send_with_dai_permit(self, account: LocalAccount, order: Order, permit: DaiPermit, value: int = 0) -> Receipt:
        """The caller's own order, with a permit of everything to the entry."""
        struct = (permit.nonce, permit.expiry, permit.v, permit.r, permit.s)
        return self._send(account, f"{_way_of(order)}_with_dai_permit", order.abi(account.address), struct, value=value)

    def _bring(
        self,
        relayer: LocalAccount,
        function: str,
        order: Order,
        relay: Relay,
        owner: str,
        signed: tuple[object, ...],
        fee_to: str,
        value: int,
    ) -> Receipt:
        owner, fee_to = to_checksum_address(owner), to_checksum_address(fee_to)
        return self._send(relayer, function, order.abi(owner), relay.abi(), owner, signed, fee_to, value=value)


def _way_of(order: Order) -> str:
    return "swap" if isinstance(order, SwapOrder) else "deposit"
