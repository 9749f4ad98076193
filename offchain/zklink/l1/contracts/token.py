"""A token on one chain, an ERC-20 or the chain's own coin: balances, allowances, permits, in L1 units.

Reads raise CallReverted and RpcUnavailable, writes the errors of `ChainClient.send`."""

from typing import Any, Final

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from zklink.l1.contract_artifacts import AbiEntry, ContractArtifact
from zklink.l1.contracts.bridge_structs import NATIVE, Permit
from zklink.l1.transport.client import ChainClient, encode_call
from zklink.l1.transport.receipts import Receipt

NATIVE_DECIMALS: Final = 18
MAX_ALLOWANCE: Final = 2**256 - 1


class TokenClient:
    """A token at an address; NATIVE stands for the chain's own coin."""

    def __init__(self, client: ChainClient, address: str) -> None:
        self.client = client
        self.address = to_checksum_address(address)
        self._contract = client.contract(self.address, ERC20)

    @property
    def is_native(self) -> bool:
        """Whether this is the chain's own coin."""
        return self.address == NATIVE

    def decimals(self) -> int:
        """Decimals of the L1 amounts."""
        return NATIVE_DECIMALS if self.is_native else int(self._read("decimals"))

    def symbol(self) -> str:
        """The token's symbol as its contract says."""
        return self.client.profile.native_symbol if self.is_native else str(self._read("symbol"))

    def balance(self, owner: str) -> int:
        """An account's balance, in L1 units."""
        if self.is_native:
            return self.client.balance(owner)
        return int(self._read("balanceOf", to_checksum_address(owner)))

    def allowance(self, owner: str, spender: str) -> int:
        """The amount that `spender` may move, in L1 units; without bound for the chain's own coin, which goes with the
        call.
        """
        if self.is_native:
            return MAX_ALLOWANCE
        return int(self._read("allowance", to_checksum_address(owner), to_checksum_address(spender)))

    def ensure_allowance(self, account: LocalAccount, spender: str, l1_amount: int) -> Receipt | None:
        """Approve `l1_amount` unless as much is approved already."""
        if self.allowance(account.address, spender) >= l1_amount:
            return None
        return self.approve(account, spender, l1_amount)

    def approve(self, account: LocalAccount, spender: str, l1_amount: int) -> Receipt:
        """Set an allowance; ERC-20 only."""
        call = encode_call(self._contract, "approve", to_checksum_address(spender), l1_amount)
        return self.client.send(account, call)

    def transfer(self, account: LocalAccount, to: str, l1_amount: int) -> Receipt:
        """Move tokens or coins."""
        if self.is_native:
            return self.client.transfer(account, to, l1_amount)
        return self.client.send(account, encode_call(self._contract, "transfer", to_checksum_address(to), l1_amount))

    def sign_permit(self, account: LocalAccount, spender: str, l1_amount: int, deadline: int) -> Permit:
        """An EIP-2612 permit of version 1, signed here; the token must offer `nonces`."""
        signed = account.sign_typed_data(
            domain_data={
                "name": str(self._read("name")),
                "version": "1",
                "chainId": self.client.profile.evm_chain_id,
                "verifyingContract": self.address,
            },
            message_types={
                "Permit": [
                    {"name": "owner", "type": "address"},
                    {"name": "spender", "type": "address"},
                    {"name": "value", "type": "uint256"},
                    {"name": "nonce", "type": "uint256"},
                    {"name": "deadline", "type": "uint256"},
                ]
            },
            message_data={
                "owner": account.address,
                "spender": to_checksum_address(spender),
                "value": l1_amount,
                "nonce": int(self._read("nonces", account.address)),
                "deadline": deadline,
            },
        )
        return Permit(deadline, signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big"))

    def _read(self, function: str, *arguments: object) -> Any:
        return self.client.read(self._contract, function, *arguments)


def _function(name: str, inputs: str, output: str, mutability: str = "view") -> AbiEntry:
    return {
        "type": "function",
        "name": name,
        "stateMutability": mutability,
        "inputs": [{"name": f"a{i}", "type": kind} for i, kind in enumerate(inputs.split())],
        "outputs": [{"name": "", "type": output}],
    }


ERC20: Final = ContractArtifact(
    "ERC20",
    (
        _function("name", "", "string"),
        _function("symbol", "", "string"),
        _function("decimals", "", "uint8"),
        _function("balanceOf", "address", "uint256"),
        _function("allowance", "address address", "uint256"),
        _function("nonces", "address", "uint256"),
        _function("approve", "address uint256", "bool", "nonpayable"),
        _function("transfer", "address uint256", "bool", "nonpayable"),
    ),
    b"",
    b"",
)
"""The functions of an ERC-20 that this client calls (EIP-20, with EIP-2612's nonces)."""
