"""EIP-2612 permits for the dollar of the rig, as a wallet signs them."""

from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from tests.support.drafts.rig import RigChain
from tests.support.three_chains import USD

_TYPES = {
    "EIP712Domain": {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"},
    "Permit": {
        "owner": "address", "spender": "address", "value": "uint256", "nonce": "uint256", "deadline": "uint256",
    },
}  # fmt: skip


def sign_permit(
    here: RigChain, owner: LocalAccount, l1_amount: int, deadline: int, spender: str | None = None
) -> tuple[int, int, int, bytes, bytes]:
    """Permit(value, deadline, v, r, s) for the bridge, or for another spender."""
    token = here.token(USD)
    data = {
        "types": {k: [{"name": n, "type": t} for n, t in fields.items()] for k, fields in _TYPES.items()},
        "primaryType": "Permit",
        "domain": {
            "name": "US Dollar",
            "version": "1",
            "chainId": here.evm.evm_chain_id,
            "verifyingContract": token.address,
        },
        "message": {
            "owner": owner.address,
            "spender": spender or here.bridge.address,
            "value": l1_amount,
            "nonce": token.nonces(owner.address),
            "deadline": deadline,
        },
    }
    signed = owner.sign_message(encode_typed_data(full_message=data))
    return l1_amount, deadline, signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")
