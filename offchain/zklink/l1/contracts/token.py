"""A token on one chain, an ERC-20 or the chain's own coin: balances, allowances, permits, in L1 units.

Reads raise CallReverted and RpcUnavailable, writes the errors of `ChainClient.send`."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, TypeVar

from eth_abi import decode
from eth_abi.exceptions import DecodingError
from eth_account.signers.local import LocalAccount
from eth_utils import keccak, to_checksum_address

from zklink.l1.contract_artifacts import AbiEntry, ContractArtifact
from zklink.l1.contracts.bridge_structs import NATIVE, Permit
from zklink.l1.contracts.permits import (
    DAI,
    DaiPermit,
    Domain,
    compute_separator,
    guess_domains,
    hash_type,
    read_domain,
    sign_dai,
    sign_eip2612,
    takes_authorizations,
)
from zklink.l1.transport.client import Call, ChainClient, encode_call
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.errors import AllowanceShort, CallReverted, PermitNotOffered, TokensShort, TransactionRejected

P = TypeVar("P")

WORD_BYTES: Final = 32
TRUE: Final = bytes(WORD_BYTES - 1) + b"\x01"
EIP_5267: Final = ("bytes1", "string", "string", "uint256", "address", "bytes32", "uint256[]")
"""What `eip712Domain` answers."""

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
        return NATIVE_DECIMALS if self.is_native else self._read_number("decimals")

    def symbol(self) -> str:
        """The token's symbol as its contract says, in either form that tokens have: a text, or 32 bytes."""
        return self.client.profile.native_symbol if self.is_native else self._read_text("symbol")

    def total_supply(self) -> int:
        """All that exists of the token, in L1 units, as its contract says; of an ERC-20 only."""
        return self._read_number("totalSupply")

    def balance(self, owner: str) -> int:
        """An account's balance, in L1 units."""
        if self.is_native:
            return self.client.balance(owner)
        return self._read_number("balanceOf", to_checksum_address(owner))

    def allowance(self, owner: str, spender: str) -> int:
        """The amount that `spender` may move, in L1 units; without bound for the chain's own coin, which goes with the
        call.
        """
        if self.is_native:
            return MAX_ALLOWANCE
        return self._read_number("allowance", to_checksum_address(owner), to_checksum_address(spender))

    def domain_separator(self) -> bytes:
        """The EIP-712 domain of what its holders sign, 32 bytes. Raises CallReverted if the token does not say."""
        answer = self._call(keccak(text="DOMAIN_SEPARATOR()")[:4], "DOMAIN_SEPARATOR")
        return bytes(self._decode("DOMAIN_SEPARATOR", answer, "bytes32")[0])

    def find_authorization_domain(self) -> Domain | None:
        """The domain over which the token takes authorizations (EIP-3009), if it is one of name, version, its own chain
        and its own address; None for a token that takes none, or names another one's domain: owners sign over it.
        """
        nonce_state = keccak(text="authorizationState(address,bytes32)")[:4] + bytes(2 * WORD_BYTES)
        try:
            self._decode("authorizationState", self._call(nonce_state, "authorizationState"), "bool")
            self.domain_separator()
            found = list(self._find_domains())
        except (CallReverted, PermitNotOffered):
            return None
        chain_id = self.client.profile.evm_chain_id
        return next((domain for domain in found if takes_authorizations(domain, chain_id, self.address)), None)

    def check_funds(self, owner: str, l1_amount: int, spender: str | None = None) -> None:
        """Raise TokensShort unless `owner` has this much, AllowanceShort unless `spender` may move it."""
        chain, found = self.client.profile.name, self.balance(owner)
        if found < l1_amount:
            raise TokensShort(chain, self.address, owner, l1_amount, found)
        if spender is not None and (allowed := self.allowance(owner, spender)) < l1_amount:
            raise AllowanceShort(chain, self.address, owner, spender, l1_amount, allowed)

    def ensure_allowance(self, account: LocalAccount, spender: str, l1_amount: int) -> Receipt | None:
        """Approve `l1_amount` unless as much is approved already."""
        if self.allowance(account.address, spender) >= l1_amount:
            return None
        return self.approve(account, spender, l1_amount)

    def approve(self, account: LocalAccount, spender: str, l1_amount: int) -> Receipt:
        """Set an allowance; ERC-20 only. A token that refuses to change one (USDT) gets an allowance of zero first. One
        that answers false refuses.
        """
        call = self._encode_approval(spender, l1_amount)
        try:
            return self._send(account, call)
        except CallReverted:
            if l1_amount == 0 or self.allowance(account.address, spender) == 0:
                raise
        self._send(account, self._encode_approval(spender, 0))
        return self._send(account, call)

    def transfer(self, account: LocalAccount, to: str, l1_amount: int) -> Receipt:
        """Move tokens or coins; a token that answers false refuses. Raises TokensShort too."""
        try:
            if self.is_native:
                return self.client.transfer(account, to, l1_amount)
            call = encode_call(self._contract, "transfer", to_checksum_address(to), l1_amount)
            return self._send(account, call)
        except (CallReverted, TransactionRejected):
            self.check_funds(account.address, l1_amount)
            raise

    def _send(self, account: LocalAccount, call: Call) -> Receipt:
        return self.client.send(account, replace(call, judge=self._judge))

    def _judge(self, answer: bytes) -> str:
        """Why the token does not do what it is called for: it must answer true, or nothing, as old tokens do."""
        if not answer:
            return "" if self.client.code(self.address) else f"there is no contract at {self.address}"
        word = answer[:WORD_BYTES]
        return "" if word == TRUE else f"the token answers {f'0x{word.hex()}' if any(word) else 'false'}"

    # -- permits -------------------------------------------------------------------------------------------------

    def sign_permit(self, account: LocalAccount, spender: str, l1_amount: int, deadline: int) -> Permit:
        """An EIP-2612 permit over the domain that the token uses, which the token has been seen to take. Nothing is
        sent. Raises PermitNotOffered.
        """
        if self._read_permit_hash() == hash_type(DAI):
            raise self._refuse("it takes DAI's form: `sign_dai_permit`, `submit_permit`, then no permit")

        def sign(domain: Domain, nonce: int) -> tuple[Permit, Call]:
            permit = sign_eip2612(account, domain, spender, l1_amount, nonce, deadline)
            parts = (deadline, permit.v, permit.r, permit.s)
            return permit, self._encode_permit(
                ERC2612, account.address, to_checksum_address(spender), l1_amount, *parts
            )

        return self._find_permit(account, sign)

    def sign_dai_permit(
        self, account: LocalAccount, spender: str, expiry: int, *, is_allowed: bool = True
    ) -> DaiPermit:
        """A permit in DAI's form: everything, or nothing. Give it to `submit_permit`: bridges take EIP-2612 only.
        Nothing is sent. Raises PermitNotOffered.
        """

        def sign(domain: Domain, nonce: int) -> tuple[DaiPermit, Call]:
            permit = sign_dai(account, domain, spender, nonce, expiry, is_allowed=is_allowed)
            return permit, self._encode_permit(DAI_TOKEN, *permit.abi())

        return self._find_permit(account, sign)

    def submit_permit(self, sender: LocalAccount, permit: DaiPermit) -> Receipt:
        """Hand a permit to the token; anybody may, and pays the gas."""
        return self.client.send(sender, self._encode_permit(DAI_TOKEN, *permit.abi()))

    def _find_permit(self, account: LocalAccount, sign: Callable[[Domain, int], tuple[P, Call]]) -> P:
        """The first permit that the token takes, over the domains that it may use; each is tried by a call."""
        try:
            nonce, refusal = self._read_number("nonces", account.address), ""
        except CallReverted as error:
            raise self._refuse(f"no nonces ({error.reason})") from error
        for domain in self._find_domains():
            permit, call = sign(domain, nonce)
            try:
                self._call(call.data, "permit", account.address)
            except CallReverted as error:
                refusal = error.reason
                continue
            return permit
        raise self._refuse(f"it takes none that was tried ({refusal or 'no reason given'})")

    def _find_domains(self) -> Iterator[Domain]:
        """The domains that agree with the token's own answers."""
        separator: bytes | None = self._read_optional("DOMAIN_SEPARATOR", "bytes32")
        described = self._read_optional("eip712Domain", *EIP_5267)
        domains = [] if described is None else [read_domain(described)]
        with suppress(CallReverted):
            chain_id = self.client.profile.evm_chain_id
            domains += guess_domains(self._read_text("name"), self._read_version(), chain_id, self.address)
        fitting = [domain for domain in domains if separator is None or compute_separator(domain) == separator]
        if not fitting:
            raise self._refuse("its EIP-712 domain is none of those known")
        yield from fitting

    def _read_permit_hash(self) -> bytes | None:
        found: bytes | None = self._read_optional("PERMIT_TYPEHASH", "bytes32")
        return found

    def _read_version(self) -> str | None:
        with suppress(CallReverted):
            return self._read_text("version")
        return None

    def _encode_permit(self, artifact: ContractArtifact, *arguments: object) -> Call:
        return encode_call(self.client.contract(self.address, artifact), "permit", *arguments)

    def _refuse(self, reason: str) -> PermitNotOffered:
        return PermitNotOffered(self.client.profile.name, self.address, reason)

    # -- answers, decoded here: tokens answer in more ways than an ABI says ---------------------------------------

    def _encode_approval(self, spender: str, l1_amount: int) -> Call:
        return encode_call(self._contract, "approve", to_checksum_address(spender), l1_amount)

    def _read_number(self, function: str, *arguments: object) -> int:
        answer = self._call(encode_call(self._contract, function, *arguments).data, function)
        return int(self._decode(function, answer, "uint256")[0])

    def _read_text(self, function: str) -> str:
        answer = self._call(keccak(text=f"{function}()")[:4], function)
        kind = "bytes32" if len(answer) == WORD_BYTES else "bytes"
        data: bytes = self._decode(function, answer, kind)[0]
        return data.rstrip(b"\0").decode(errors="replace")

    def _read_optional(self, function: str, *types: str) -> Any:
        """The answer of a function that not every token has: one value, or a tuple of several; None if it has not."""
        try:
            values = self._decode(function, self._call(keccak(text=f"{function}()")[:4], function), *types)
        except CallReverted:
            return None
        return values[0] if len(types) == 1 else values

    def _call(self, data: bytes, label: str, sender: str | None = None) -> bytes:
        return self.client.call(self.address, data, label, sender)

    def _decode(self, function: str, answer: bytes, *types: str) -> tuple[Any, ...]:
        try:
            if len(answer) >= WORD_BYTES * len(types):  # some libraries make the decoder fill up what is missing
                return decode(list(types), answer)
        except (DecodingError, OverflowError, UnicodeDecodeError):
            pass
        shown = f"0x{answer[:WORD_BYTES].hex()}" if answer else "nothing"
        reason = f"{self.address} answers {shown}, which is not {', '.join(types)}"
        raise CallReverted(self.client.profile.name, function, reason)


def _function(name: str, inputs: str, output: str, mutability: str = "view") -> AbiEntry:
    return {
        "type": "function",
        "name": name,
        "stateMutability": mutability,
        "inputs": [{"name": f"a{i}", "type": kind} for i, kind in enumerate(inputs.split())],
        "outputs": [{"name": "", "type": output}] if output else [],
    }


ERC20: Final = ContractArtifact(
    "ERC20",
    (
        _function("name", "", "string"),
        _function("symbol", "", "string"),
        _function("decimals", "", "uint8"),
        _function("totalSupply", "", "uint256"),
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

ERC2612: Final = ContractArtifact(
    "ERC2612",
    (_function("permit", "address address uint256 uint256 uint8 bytes32 bytes32", "", "nonpayable"),),
    b"",
    b"",
)
DAI_TOKEN: Final = ContractArtifact(
    "Dai",
    (_function("permit", "address address uint256 uint256 bool uint8 bytes32 bytes32", "", "nonpayable"),),
    b"",
    b"",
)
