# pragma version 0.4.3
"""
@title entry_pulls
@license Apache-2.0
@notice How tokens come to an entry contract: from its caller on an allowance, or from whoever has signed. Takes a token and
        an amount; reverts unless exactly that much arrives, whatever the token says. Keeps nothing.
@dev A token that knows nothing of permits or authorizations may take the call and do nothing, as wrapped coins do: only
     the balance says whether something came.
"""

from ethereum.ercs import IERC20
from ..interfaces import IEntry

# More than a permit needs; what fails with it is ignored, and the allowance decides.
PERMIT_GAS: constant(uint256) = 200_000
# r, s and v, as a plain account signs.
PLAIN_SIGNATURE_BYTES: constant(uint256) = 65

struct TokenPermissions:
    token: address
    amount: uint256


struct PermitTransferFrom:
    permitted: TokenPermissions
    nonce: uint256
    deadline: uint256


struct TransferDetails:
    to: address
    amount: uint256


interface ISignatureTransfer:
    def permitWitnessTransferFrom(
        permit: PermitTransferFrom,
        details: TransferDetails,
        owner: address,
        witness: bytes32,
        witness_type: String[320],
        signature: Bytes[2048],
    ): nonpayable


# EIP-3009 in its two forms.
interface IAuthorizedByParts:
    def receiveWithAuthorization(
        owner: address,
        to: address,
        amount: uint256,
        valid_after: uint256,
        valid_before: uint256,
        nonce: bytes32,
        v: uint8,
        r: bytes32,
        s: bytes32,
    ): nonpayable


interface IAuthorizedByBytes:
    def receiveWithAuthorization(
        owner: address,
        to: address,
        amount: uint256,
        valid_after: uint256,
        valid_before: uint256,
        nonce: bytes32,
        signature: Bytes[2048],
    ): nonpayable


@internal
def from_caller(token: address, amount: uint256, permit: IEntry.DaiPermit):
    """
    @notice Takes the caller's tokens, after a permit in DAI's form that is ignored if it fails: somebody may have
            submitted it before.
    """
    is_used: bool = raw_call(
        token,
        abi_encode(
            msg.sender,
            self,
            permit.nonce,
            permit.expiry,
            True,
            permit.v,
            permit.r,
            permit.s,
            method_id=method_id("permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)"),
        ),
        max_outsize=0,
        gas=PERMIT_GAS,
        revert_on_failure=False,
    )
    is_moved: bool = extcall IERC20(token).transferFrom(msg.sender, self, amount, default_return_value=True)
    assert is_moved, "entry: transfer in refused"


@internal
def with_permit2(
    permit2: address,
    token: address,
    owner: address,
    amount: uint256,
    permit: IEntry.Permit2,
    order_hash: bytes32,
    witness_type: String[320],
):
    """
    @notice Takes the tokens of whoever has signed exactly this order, through Permit2, which checks the signature and
            uses up the nonce.
    """
    assert permit2 != empty(address), "entry: no Permit2 here"
    extcall ISignatureTransfer(permit2).permitWitnessTransferFrom(
        PermitTransferFrom(
            permitted=TokenPermissions(token=token, amount=amount), nonce=permit.nonce, deadline=permit.deadline
        ),
        TransferDetails(to=self, amount=amount),
        owner,
        order_hash,
        witness_type,
        permit.signature,
    )


@internal
def with_authorization(
    token: address, owner: address, amount: uint256, authorization: IEntry.Authorization, nonce: bytes32
):
    """
    @notice Takes the tokens of whoever has authorized this contract with the order's nonce, which the token uses up.
    """
    signature: Bytes[2048] = authorization.signature
    if len(signature) == PLAIN_SIGNATURE_BYTES:
        extcall IAuthorizedByParts(token).receiveWithAuthorization(
            owner,
            self,
            amount,
            0,
            authorization.valid_before,
            nonce,
            convert(slice(signature, 64, 1), uint8),
            extract32(signature, 0),
            extract32(signature, 32),
        )
    else:
        extcall IAuthorizedByBytes(token).receiveWithAuthorization(
            owner, self, amount, 0, authorization.valid_before, nonce, signature
        )
