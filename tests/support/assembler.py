"""Somebody who commits and proves through a contract, so that nothing stands in the transaction's input."""

from collections.abc import Iterable
from dataclasses import dataclass

from eth_account.signers.local import LocalAccount

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.transport.client import Call, encode_call
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.bridge_blocks import CommitBlock, ProveBlock, stored_block_abi
from zklink.protocol.bridge_hashes import StoredBlock


@dataclass(frozen=True, slots=True)
class Assembler:
    """The contract on a bridge's chain, and who calls it."""

    bridge: BridgeClient
    account: LocalAccount
    address: str

    @classmethod
    def deploy(cls, bridge: BridgeClient, account: LocalAccount) -> "Assembler":
        """A new contract; with the account's first nonce its address is known before."""
        return cls(bridge, account, bridge.client.deploy(account, load_contract("Assembler")))

    def commit(self, last: StoredBlock, blocks: Iterable[CommitBlock]) -> Receipt:
        """`commit_blocks`, with its words in an internal call only."""
        packed = [block.abi() for block in blocks]
        return self.send(self.bridge.encode("commit_blocks", stored_block_abi(last), packed))

    def prove(self, blocks: Iterable[ProveBlock]) -> Receipt:
        """`prove_blocks`, likewise."""
        return self.send(self.bridge.encode("prove_blocks", [block.abi() for block in blocks]))

    def send(self, call: Call) -> Receipt:
        """Hand the contract a call, then let it make the call."""
        client = self.bridge.client
        contract = client.contract(self.address, load_contract("Assembler"))
        client.send(self.account, encode_call(contract, "keep", call.data))
        return client.send(self.account, encode_call(contract, "send", call.to))
