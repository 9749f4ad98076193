"""Real wallets that are contracts, on a chain in process: Safe, and ERC-4337 accounts behind their EntryPoint.

Takes a chain; gives a wallet with an address, `act` to call anything as the wallet, and its signature of a digest where
it has one (ERC-1271).
"""

from dataclasses import dataclass, field

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from tests.support.evm import EvmChain, EvmContract
from tests.support.three_chains import STRANGER, ZERO, actor_key
from zklink.bench.third_party.contracts import load_third_party

GAS_LIMITS = (2_000_000 << 128 | 6_000_000).to_bytes(32, "big")
"""Gas for the validation and for the call of a user operation."""
PREVERIFICATION_GAS = 100_000
FREE = bytes(32)


def make_owner(name: str) -> LocalAccount:
    """A person who owns wallets."""
    account: LocalAccount = Account.from_key(actor_key(name))
    return account


@dataclass(frozen=True)
class Safe:
    """A Safe behind its proxy; `signers` are as many of its owners as it needs, ascending."""

    contract: EvmContract
    handler: EvmContract
    signers: tuple[LocalAccount, ...]

    @property
    def address(self) -> str:
        return self.contract.address

    def act(self, target: str, data: bytes, value: int = 0) -> None:
        """Call anything as the wallet; a stranger brings what the owners have signed. Raises Reverted."""
        nonce, rest = self.contract.nonce(), (0, 0, 0, 0, ZERO, ZERO)
        digest = self.contract.getTransactionHash(target, value, data, *rest, nonce)
        self.contract.execTransaction(target, value, data, *rest, self._sign(digest), sender=STRANGER)

    def sign(self, digest: bytes, count: int | None = None) -> bytes:
        """What `isValidSignature` takes for a digest, from all signers or fewer."""
        return self._sign(self.handler.getMessageHashForSafe(self.address, digest), count)

    def _sign(self, digest: bytes, count: int | None = None) -> bytes:
        return b"".join(bytes(owner.unsafe_sign_hash(Hash32(digest)).signature) for owner in self.signers[:count])


def deploy_safe(chain: EvmChain, owners: int = 3, threshold: int = 2) -> Safe:
    """A Safe of so many owners."""
    singleton, factory, handler = (
        chain.deploy(STRANGER, load_third_party(name))
        for name in ("Safe", "SafeProxyFactory", "CompatibilityFallbackHandler")
    )
    accounts = sorted((make_owner(f"safe owner {i}") for i in range(owners)), key=lambda each: int(each.address, 16))
    addresses = [each.address for each in accounts]
    setup = singleton.encode("setup", addresses, threshold, ZERO, b"", handler.address, ZERO, 0, ZERO)
    address = factory.createProxyWithNonce(singleton.address, setup, 1, sender=STRANGER)
    return Safe(EvmContract(chain, address, load_third_party("Safe")), handler, tuple(accounts[:threshold]))


@dataclass(frozen=True)
class Account4337:
    """An ERC-4337 account that may not be deployed yet: its first operation deploys it."""

    chain: EvmChain
    entry_point: EvmContract
    factory: EvmContract
    owner: LocalAccount = field(default_factory=lambda: make_owner("account owner"))
    salt: int = 7

    @property
    def address(self) -> str:
        return str(self.factory.getAddress(self.owner.address, self.salt))

    def act(self, target: str, data: bytes, value: int = 0) -> None:
        """Call anything as the wallet; a stranger bundles the operation. Raises Reverted with the call's reason."""
        account = EvmContract(self.chain, self.address, load_third_party("SimpleAccount"))
        operation = self._operation(account.encode("execute", target, value, data))
        before = self.entry_point.getNonce(self.address, 0)
        self.entry_point.handleOps([operation], STRANGER, sender=STRANGER)
        assert self.entry_point.getNonce(self.address, 0) == before + 1

    def _operation(self, call: bytes) -> tuple[object, ...]:
        creation = b""
        if not self.chain.code(self.address):
            arguments = self.owner.address, self.salt
            creation = bytes.fromhex(self.factory.address[2:]) + self.factory.encode("createAccount", *arguments)
        nonce = self.entry_point.getNonce(self.address, 0)
        unsigned = (self.address, nonce, creation, call, GAS_LIMITS, PREVERIFICATION_GAS, FREE, b"")
        digest = self.entry_point.getUserOpHash((*unsigned, b""))
        return (*unsigned, bytes(self.owner.unsafe_sign_hash(Hash32(digest)).signature))


def prepare_account(chain: EvmChain) -> Account4337:
    """An account that stands nowhere yet, with its factory and an EntryPoint."""
    entry_point = chain.deploy(STRANGER, load_third_party("EntryPoint"))
    return Account4337(
        chain, entry_point, chain.deploy(STRANGER, load_third_party("SimpleAccountFactory"), entry_point.address)
    )


Wallet = Safe | Account4337
