"""Permits: approvals by signature, as each token wants them signed.

Takes a token's answers about its EIP-712 domain; gives signatures over the domain that the token itself uses, found out
before anything is sent. Two forms exist: EIP-2612, which bridges take, and DAI's, which anybody can hand to the token.
Never sends a transaction.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils import keccak, to_checksum_address

from zklink.l1.contracts.bridge_structs import Permit

EIP_2612: Final = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
AUTHORIZATION_DOMAIN: Final = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
}
"""The members of a domain over which authorizations (EIP-3009) are signed for entries; Permit2's has no version."""
DAI: Final = "Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)"
VERSIONS: Final = ("1", "2", None, "3", "")
"""Versions that tokens use in their domain; None stands for a domain without one."""

Domain = Mapping[str, Any]
"""The fields of an EIP-712 domain that a token uses."""

_PARTS: Final = ("name", "version", "chainId", "verifyingContract", "salt")


@dataclass(frozen=True, slots=True)
class DaiPermit:
    """A signature in DAI's form: it approves everything or nothing, and the token takes it from anybody."""

    holder: str
    spender: str
    nonce: int
    expiry: int
    is_allowed: bool
    v: int
    r: bytes
    s: bytes

    def abi(self) -> tuple[object, ...]:
        """The arguments of the token's `permit`."""
        return (self.holder, self.spender, self.nonce, self.expiry, self.is_allowed, self.v, self.r, self.s)


def hash_type(text: str) -> bytes:
    """The type hash of a permit."""
    return keccak(text=text)


def compute_separator(domain: Domain) -> bytes:
    """The domain separator, 32 bytes."""
    return bytes(encode_typed_data(dict(domain), {"Nothing": []}, {}).header)


def read_domain(answer: tuple[Any, ...]) -> Domain:
    """The domain out of the answer of `eip712Domain` (EIP-5267)."""
    fields, values = answer[0], dict(zip(_PARTS, answer[1:6], strict=True))
    used = int.from_bytes(fields, "big")
    return {part: values[part] for bit, part in enumerate(_PARTS) if used >> bit & 1}


def guess_domains(name: str, version: str | None, chain_id: int, token: str) -> Iterator[Domain]:
    """Domains that tokens use, the likely ones first; `version` is the token's own answer, if it has one."""
    place = {"chainId": chain_id, "verifyingContract": token}
    versions = [version] if version is not None else []
    for candidate in (*versions, *(other for other in VERSIONS if other not in versions)):
        yield {"name": name, **({} if candidate is None else {"version": candidate}), **place}
    for candidate in (*versions, "1"):
        salt = chain_id.to_bytes(32, "big")
        yield {"name": name, "version": candidate, "verifyingContract": token, "salt": salt}


def takes_authorizations(domain: Domain, chain_id: int, token: str) -> bool:
    """Whether authorizations can be signed over a domain: its members are those that entries know, and it is the own
    one of this token on this chain. One that names another's would have owners sign for what they do not see.
    """
    if domain.keys() != AUTHORIZATION_DOMAIN.keys():
        return False
    return domain["chainId"] == chain_id and to_checksum_address(domain["verifyingContract"]) == to_checksum_address(
        token
    )


def sign_eip2612(
    account: LocalAccount, domain: Domain, spender: str, l1_amount: int, nonce: int, deadline: int
) -> Permit:
    """A permit of EIP-2612 for `l1_amount`."""
    message = {
        "owner": account.address,
        "spender": to_checksum_address(spender),
        "value": l1_amount,
        "nonce": nonce,
        "deadline": deadline,
    }
    v, r, s = _sign(account, domain, EIP_2612, message)
    return Permit(l1_amount, deadline, v, r, s)


def sign_dai(
    account: LocalAccount, domain: Domain, spender: str, nonce: int, expiry: int, *, is_allowed: bool
) -> DaiPermit:
    """A permit in DAI's form; `expiry` 0 is never."""
    spender = to_checksum_address(spender)
    message = {"holder": account.address, "spender": spender, "nonce": nonce, "expiry": expiry, "allowed": is_allowed}
    v, r, s = _sign(account, domain, DAI, message)
    return DaiPermit(account.address, spender, nonce, expiry, is_allowed, v, r, s)


def _sign(account: LocalAccount, domain: Domain, text: str, message: Mapping[str, Any]) -> tuple[int, bytes, bytes]:
    pairs = (part.split() for part in text.removeprefix("Permit(").rstrip(")").split(","))
    types = {"Permit": [{"name": name, "type": kind} for kind, name in pairs]}
    signed = account.sign_typed_data(dict(domain), types, dict(message))
    return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")
