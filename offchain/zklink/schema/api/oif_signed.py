"""Signed orders in the shape of the Open Intents Framework: an authorization of EIP-3009 whose nonce is the hash of a
swap order of this system, or a transfer by Permit2 with that order as its witness and its hash as its nonce; and every
reason for which one is rejected.
"""

from typing import Annotated, Any, Final, Literal, get_args

from msgspec import Meta

from zklink.schema.api.scalars import Bytes32, ChainNumber, Request, TokenNumber, Units

AUTHORIZATION = "oif-3009-v0"
ESCROW = "oif-escrow-v0"
Signature = Annotated[
    str,
    Meta(
        pattern=r"^0x[0-9a-fA-F]{130}$",
        description="r, s and v of a plain account: 65 bytes.",
        examples=["0x" + "ab" * 65],
    ),
]
PlainAddress = Annotated[
    str,
    Meta(
        pattern=r"^0x[0-9a-fA-F]{40}$",
        min_length=42,
        max_length=42,
        description="An EVM address.",
        examples=["0x" + "11" * 20],
    ),
]
_Code = Literal[
    "",
    "relay_off",
    "order_type",
    "malformed",
    "wrong_chain",
    "wrong_entry",
    "wrong_token",
    "wrong_relayer",
    "wrong_order",
    "wrong_permit2",
    "token_not_served",
    "bad_signature",
    "contract_owner",
    "expired",
    "short_balance",
    "short_allowance",
    "fee_low",
    "refused_by_chain",
    "owner_busy",
    "owner_barred",
    "busy",
    "exhausted",
    "unavailable",
]
ORDER_CODES: Final[tuple[str, ...]] = get_args(_Code)
"""Why a signed order can be rejected; the first says that it is not."""
OrderCode = Annotated[
    _Code,
    Meta(
        description="Why a signed order is rejected; empty if it is received. relay_off: the node has no relayer."
        " order_type: another type than oif-3009-v0 and oif-escrow-v0. malformed: fields are missing or of another"
        " form. wrong_chain, wrong_entry, wrong_token, wrong_relayer, wrong_permit2: what is signed names another one."
        " wrong_order: its amount or nonce are not the order's, or another owner has signed the very same."
        " token_not_served: the relayer takes no fee in it there. bad_signature: not its owner's. contract_owner: the"
        " owner has code. expired: less than two minutes are left. short_balance: the owner has less than amount and"
        " fee. short_allowance: Permit2 may take less of it. fee_low: less than the call costs now. refused_by_chain:"
        " the call would revert, with the contract's reason. owner_busy: another order of the owner is on its way."
        " owner_barred: one has failed within a day. busy, exhausted: the relayer has as much on its way, or has lost"
        " as much today, as it may. unavailable: the chain's node does not answer."
    ),
]


class AuthorizationDomain(Request):
    """The token's EIP-712 domain."""

    name: Annotated[str, Meta(max_length=200)]
    version: Annotated[str, Meta(max_length=32)]
    chainId: Annotated[int, Meta(ge=1, le=2**53)]
    verifyingContract: PlainAddress


class AuthorizationMessage(
    Request, rename={"owner": "from", "valid_after": "validAfter", "valid_before": "validBefore"}
):
    """`ReceiveWithAuthorization` of EIP-3009: `to` is the entry, `value` amount and fee, `nonce` the order's hash."""

    owner: PlainAddress
    to: PlainAddress
    value: Units
    valid_after: Literal["0"]
    valid_before: Units
    nonce: Bytes32


class AuthorizationPayload(Request, rename="camel"):
    """What the user has signed."""

    signature_type: Literal["eip712"]
    domain: AuthorizationDomain
    primary_type: Literal["ReceiveWithAuthorization"]
    message: AuthorizationMessage
    types: dict[str, Any] | None = None


class SwapWords(Request, rename="camel"):
    """The order whose hash is the nonce; amounts are layer-2 units, but for `l1_amount` and `relayer_fee`."""

    token_in: TokenNumber
    l1_amount: Units
    destination: ChainNumber
    token_out: TokenNumber
    via: TokenNumber
    min_out: Units
    operator_fee: Units
    fill_fee: Units
    recipient: Bytes32
    refund_to: PlainAddress
    deadline: Units
    relayer_fee: Units
    relayer: PlainAddress


class AuthorizationMetadata(Request):
    """The chain of the entry, and the order."""

    chain: ChainNumber
    swap: SwapWords


class AuthorizationOrder(Request):
    """An order of type `oif-3009-v0`."""

    type: Literal["oif-3009-v0"]
    payload: AuthorizationPayload
    metadata: AuthorizationMetadata


class Permit2Domain(Request):
    """Permit2's EIP-712 domain: the contract that the chain's entry names."""

    name: Literal["Permit2"]
    chainId: Annotated[int, Meta(ge=1, le=2**53)]
    verifyingContract: PlainAddress


class Permissions(Request):
    """The token, and amount and fee together."""

    token: PlainAddress
    amount: Units


class Permit2Message(Request):
    """`PermitWitnessTransferFrom` of Permit2: `spender` is the entry, `nonce` the order's hash as a number, `deadline`
    the last second in which it is good, `witness` the whole order.
    """

    permitted: Permissions
    spender: PlainAddress
    nonce: Units
    deadline: Units
    witness: SwapWords


class Permit2Payload(Request, rename="camel"):
    """What the user has signed."""

    signature_type: Literal["eip712"]
    domain: Permit2Domain
    primary_type: Literal["PermitWitnessTransferFrom"]
    message: Permit2Message
    types: dict[str, Any] | None = None


class Permit2Metadata(Request):
    """The chain of the entry, and who has signed."""

    chain: ChainNumber
    owner: PlainAddress


class Permit2Order(Request):
    """An order of type `oif-escrow-v0`."""

    type: Literal["oif-escrow-v0"]
    payload: Permit2Payload
    metadata: Permit2Metadata
