"""A permit in the place of an approval: EIP-2612, over the domain that the token itself uses.

Takes a token on a chain and a signer; gives a permit that the token has been seen to take, by a call that changes
nothing. Never sends anything.
"""

from collections.abc import Mapping
from typing import Any, Final

from zklink.client.contract_calls import decode_answer, encode_call
from zklink.client.layer2_keys import sign_checked
from zklink.client.session import Place, Session
from zklink.client.signers import Signer
from zklink.l1.contracts.bridge_structs import Permit
from zklink.l1.contracts.permits import compute_separator, guess_domains, read_domain
from zklink.protocol.errors import CallReverted, PermitNotOffered

PERMIT: Final = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
EIP_5267: Final = "bytes1 string string uint256 address bytes32 uint256[]"
PERMIT_SECONDS: Final = 3_600
"""How long a permit holds: the swap is sent at once."""
_FIELDS: Final = (
    ("owner", "address"),
    ("spender", "address"),
    ("value", "uint256"),
    ("nonce", "uint256"),
    ("deadline", "uint256"),
)
_DOMAIN_TYPES: Final = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
    "salt": "bytes32",
}


async def sign_permit(session: Session, place: Place, signer: Signer, token: str, l1_amount: int) -> Permit:
    """A permit for the bridge to take `l1_amount`, after the account's earlier transactions, which may have permits of
    the same nonce. Raises PermitNotOffered, SignerUnfit, StillWaiting.
    """
    await session.wait_earlier(place, signer.address)
    try:
        (nonce,) = await place.rpc.read(token, "nonces(address)", "uint256", signer.address)
    except CallReverted as error:
        raise PermitNotOffered(place.name, token, f"no nonces ({error.reason})") from error
    deadline, refusal = (await place.rpc.head()).timestamp + PERMIT_SECONDS, "its domain is none of those known"
    for domain in await find_domains(place, token):
        data = build_permit_data(domain, signer.address, place.bridge, l1_amount, nonce, deadline)
        signature = await session.transport.work(lambda data=data: sign_checked(signer, data))  # type: ignore[misc]
        permit = Permit(l1_amount, deadline, signature[64], signature[:32], signature[32:64])
        arguments = signer.address, place.bridge, l1_amount, deadline, permit.v, permit.r, permit.s
        try:
            call = {"from": signer.address, "to": token, "data": f"0x{encode_call(PERMIT, *arguments).hex()}"}
            await place.rpc.call(call, "permit")
        except CallReverted as error:
            refusal = f"it takes none that was tried ({error.reason or 'no reason given'})"
            continue
        return permit
    raise PermitNotOffered(place.name, token, refusal)


def build_permit_data(
    domain: Mapping[str, Any], owner: str, spender: str, value: int, nonce: int, deadline: int
) -> dict[str, Any]:
    """What the owner signs, as `eth_signTypedData_v4` takes it."""
    used = [{"name": name, "type": kind} for name, kind in _DOMAIN_TYPES.items() if name in domain]
    shown = {name: f"0x{value.hex()}" if isinstance(value, bytes) else value for name, value in domain.items()}
    return {
        "types": {"EIP712Domain": used, "Permit": [{"name": name, "type": kind} for name, kind in _FIELDS]},
        "primaryType": "Permit",
        "domain": shown,
        "message": {"owner": owner, "spender": spender, "value": value, "nonce": nonce, "deadline": deadline},
    }


async def find_domains(place: Place, token: str) -> list[Mapping[str, Any]]:
    """The domains that agree with the token's own separator, as far as it shows one; the likely ones first."""
    separator = await _read_optional(place, token, "DOMAIN_SEPARATOR()", "bytes32")
    described = await _read_optional(place, token, "eip712Domain()", EIP_5267)
    name = await _read_optional(place, token, "name()", "string")
    version = await _read_optional(place, token, "version()", "string")
    domains = [] if described is None else [read_domain(described)]
    if name is not None:
        told = None if version is None else str(version[0])
        domains += guess_domains(str(name[0]), told, place.rpc.evm_chain_id, token)
    return [domain for domain in domains if separator is None or compute_separator(domain) == separator[0]]


async def _read_optional(place: Place, token: str, signature: str, types: str) -> tuple[Any, ...] | None:
    """The values of a view that not every token has."""
    try:
        call = {"to": token, "data": f"0x{encode_call(signature).hex()}"}
        return decode_answer(types, await place.rpc.call(call, signature))
    except CallReverted:
        return None
