"""The product's client of a chain, over an EVM in this process: its deployment code runs on it unchanged, at once.

Takes an EvmChain and where contracts come from (a mutant has its own); sends as any account, never signs or waits.
"""

from collections.abc import Callable
from typing import Any

from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.contract import Contract
from web3.contract.contract import ContractFunction

from tests.support.evm import GAS_LIMIT, EvmChain, Reverted
from zklink.l1.contract_artifacts import ContractArtifact
from zklink.l1.contracts.bridge_structs import NO_ADDRESS
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import ChainClient, as_call
from zklink.l1.transport.receipts import BlockInfo, Receipt
from zklink.l1.transport.submission import Call, Submission
from zklink.protocol.errors import CallReverted, WrongChain
from zklink.protocol.ids import ChainId

Loader = Callable[[str], ContractArtifact]


class EvmClient(ChainClient):
    """What a deployment needs of a chain. A call that fails raises Reverted."""

    def __init__(self, chain: ChainId, evm: EvmChain, load: Loader) -> None:
        profile = ChainProfile(f"chain {chain}", chain, evm.evm_chain_id, 1.0, 1, "COIN", is_local=True)
        super().__init__(profile, Web3())
        self._evm, self._load = evm, load

    def check_chain_id(self) -> None:
        if self._evm.evm_chain_id != self.profile.evm_chain_id:
            raise WrongChain(self.profile.name, self.profile.evm_chain_id, self._evm.evm_chain_id)

    def read(self, contract: Contract, function: str, *arguments: object, block: int | None = None) -> Any:
        return getattr(self._evm.contracts[str(contract.address)], function)(*arguments)

    def call(self, address: str, data: bytes, label: str, sender: str | None = None) -> bytes:
        """As a node answers `eth_call`: from any sender, also a contract. Raises CallReverted."""
        try:
            with self._evm.any_sender(sender or NO_ADDRESS) as caller, self._evm.rollback():
                return self._evm.read(address, data, caller)
        except Reverted as error:
            raise CallReverted(self.profile.name, label, error.reason) from error

    def code(self, address: str, block: int | None = None) -> bytes:
        assert block is None, "it has the newest state alone"
        return self._evm.code(address)

    def nonce(self, address: str) -> int:
        return self._evm.nonce(address)

    def head(self) -> BlockInfo:
        return BlockInfo(1, bytes(32), bytes(32), self._evm.time)

    def submit(
        self, account: LocalAccount, call: Call | ContractFunction, value: int = 0, gas: int | None = None
    ) -> Submission:
        call, nonce = as_call(call), self.nonce(account.address)
        assert call.to is not None
        self._evm.send(account.address, call.to, call.data, value, gas or GAS_LIMIT)
        return Submission(account, call, value, gas or GAS_LIMIT, nonce, {})

    def wait(self, submission: Submission) -> Receipt:
        return Receipt(bytes(32), 1, bytes(32), True, submission.gas, 0, None, ())

    def deploy(self, account: LocalAccount, artifact: ContractArtifact, *arguments: object, value: int = 0) -> str:
        return self._evm.deploy(account.address, self._load(artifact.name), *arguments).address
