"""What contracts say when they refuse, in words.

Takes the data of a revert, gives a sentence: a reason string, Solidity's panics, and the custom errors that tokens and
their libraries use (ERC-6093, OpenZeppelin 5, EIP-2612). Never raises: data that it does not know is shown as hex.
"""

from collections.abc import Mapping
from typing import Final

from eth_abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils import keccak, to_checksum_address

ERROR_SELECTOR: Final = bytes.fromhex("08c379a0")
PANIC_SELECTOR: Final = bytes.fromhex("4e487b71")

_WORD_BYTES: Final = 32

_PANICS: Final[Mapping[int, str]] = {
    0x00: "the compiler's own check failed",
    0x01: "an assertion failed",
    0x11: "arithmetic overflow or underflow",
    0x12: "division by zero",
    0x21: "a number that is no value of its enum",
    0x22: "storage that is wrongly encoded",
    0x31: "an empty list has no last element",
    0x32: "an index is out of bounds",
    0x41: "too much memory",
    0x51: "a function that was never set",
}

_SENTENCES: Final = (
    # ERC-6093, ERC-20
    ("ERC20InsufficientBalance(address,uint256,uint256)", "{0} has {1} of the token, {2} needed"),
    ("ERC20InsufficientAllowance(address,uint256,uint256)", "{0} may move {1} of the token, {2} needed"),
    ("ERC20InvalidSender(address)", "tokens cannot come from {0}"),
    ("ERC20InvalidReceiver(address)", "tokens cannot go to {0}"),
    ("ERC20InvalidApprover(address)", "{0} cannot approve"),
    ("ERC20InvalidSpender(address)", "{0} cannot be approved"),
    # ERC-6093, ERC-721 and ERC-1155
    ("ERC721InvalidOwner(address)", "{0} cannot own a token"),
    ("ERC721NonexistentToken(uint256)", "there is no token {0}"),
    ("ERC721IncorrectOwner(address,uint256,address)", "token {1} belongs to {2}, not to {0}"),
    ("ERC721InvalidSender(address)", "tokens cannot come from {0}"),
    ("ERC721InvalidReceiver(address)", "tokens cannot go to {0}"),
    ("ERC721InsufficientApproval(address,uint256)", "{0} may not move token {1}"),
    ("ERC721InvalidApprover(address)", "{0} cannot approve"),
    ("ERC721InvalidOperator(address)", "{0} cannot be approved"),
    ("ERC1155InsufficientBalance(address,uint256,uint256,uint256)", "{0} has {1} of token {3}, {2} needed"),
    ("ERC1155InvalidSender(address)", "tokens cannot come from {0}"),
    ("ERC1155InvalidReceiver(address)", "tokens cannot go to {0}"),
    ("ERC1155MissingApprovalForAll(address,address)", "{0} may not move the tokens of {1}"),
    ("ERC1155InvalidApprover(address)", "{0} cannot approve"),
    ("ERC1155InvalidOperator(address)", "{0} cannot be approved"),
    ("ERC1155InvalidArrayLength(uint256,uint256)", "{0} ids, {1} values"),
    # permits
    ("ERC2612ExpiredSignature(uint256)", "the permit was valid until {0}"),
    ("ERC2612InvalidSigner(address,address)", "the permit is signed by {0}, not by {1}"),
    ("InvalidAccountNonce(address,uint256)", "the next nonce of {0} is {1}"),
    ("ECDSAInvalidSignature()", "the signature is invalid"),
    ("ECDSAInvalidSignatureLength(uint256)", "the signature has {0} bytes"),
    ("ECDSAInvalidSignatureS(bytes32)", "the signature has another form than the canonical one"),
    # OpenZeppelin 5
    ("SafeERC20FailedOperation(address)", "the token {0} refuses"),
    ("SafeERC20FailedDecreaseAllowance(address,uint256,uint256)", "{0} may move {1}, it cannot be {2} less"),
    ("EnforcedPause()", "the contract is paused"),
    ("ExpectedPause()", "the contract is not paused"),
    ("OwnableUnauthorizedAccount(address)", "{0} is not the owner"),
    ("OwnableInvalidOwner(address)", "{0} cannot be the owner"),
    ("AccessControlUnauthorizedAccount(address,bytes32)", "{0} does not have role {1}"),
    ("AddressInsufficientBalance(address)", "{0} has too little coin"),
    ("InsufficientBalance(uint256,uint256)", "the contract has {0}, {1} needed"),
    ("AddressEmptyCode(address)", "there is no contract at {0}"),
    ("FailedInnerCall()", "an inner call failed"),
    ("FailedCall()", "an inner call failed"),
    ("ReentrancyGuardReentrantCall()", "the contract is called while it runs"),
    ("ERC20ExceededCap(uint256,uint256)", "{0} tokens would be more than the cap {1}"),
    ("SafeCastOverflowedUintDowncast(uint8,uint256)", "{1} does not fit into {0} bits"),
    ("InvalidInitialization()", "the contract is initialised already"),
    ("NotInitializing()", "the contract is not being initialised"),
)


def decode_revert_data(data: bytes) -> str:
    """The sentence; empty if the contract said nothing."""
    selector, rest = data[:4], data[4:]
    try:
        if selector == ERROR_SELECTOR and len(rest) >= 2 * _WORD_BYTES:
            return str(decode(["string"], rest)[0])
        if selector == PANIC_SELECTOR and len(rest) >= _WORD_BYTES:
            code = int(decode(["uint256"], rest)[0])
            return f"{_PANICS.get(code, 'an unknown panic')} (panic {code:#x})"
        if selector in _BY_SELECTOR:
            name, types, sentence = _BY_SELECTOR[selector]
            if len(rest) >= _WORD_BYTES * len(types):  # some libraries make the decoder fill up what is missing
                values = [_show(kind, value) for kind, value in zip(types, decode(types, rest), strict=True)]
                return f"{sentence.format(*values)} ({name})"
    except (DecodingError, UnicodeDecodeError):
        pass
    return f"0x{data.hex()}" if data else ""


def _show(kind: str, value: object) -> str:
    if kind == "address":
        return to_checksum_address(str(value))
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)


def _index() -> dict[bytes, tuple[str, list[str], str]]:
    index = {}
    for signature, sentence in _SENTENCES:
        name, _, types = signature.rstrip(")").partition("(")
        index[keccak(text=signature)[:4]] = name, [kind for kind in types.split(",") if kind], sentence
    return index


_BY_SELECTOR: Final = _index()
