"""Transactions as nodes take them: raw bytes of type 0, 1 and 2 to their parts, with the sender out of the signature.

Takes bytes, or the parts of a transaction that an unlocked account asks for; gives a Transaction. Raises
TransactionRefused with the words that nodes use.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import rlp
from coincurve import PublicKey
from eth_hash.auto import keccak

from zklink.lab.errors import TransactionRefused
from zklink.lab.revm.engine import AccessList, Message
from zklink.lab.revm.state import Address

LEGACY, ACCESS_LIST, DYNAMIC_FEE = 0, 1, 2
MAX_INIT_CODE: Final = 2 * 24_576
_HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_FIELDS: Final = {LEGACY: 9, ACCESS_LIST: 11, DYNAMIC_FEE: 12}


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction with its sender. Before type 2, both fees are its gas price."""

    tx_hash: bytes
    kind: int
    sender: Address
    nonce: int
    to: Address | None
    value: int
    data: bytes
    gas: int
    max_fee: int
    max_priority_fee: int
    access_list: AccessList
    evm_chain_id: int | None
    signature: tuple[int, int, int]

    def compute_tip(self, base_fee: int) -> int:
        """What the block's producer gets per unit of gas; negative if the fee does not reach the base fee."""
        return min(self.max_priority_fee, self.max_fee - base_fee)

    def build_message(self, gas_price: int) -> Message:
        """What the engine executes."""
        return Message(self.sender, self.to, self.data, self.value, self.gas, gas_price, self.access_list)


def decode_transaction(raw: bytes, evm_chain_id: int) -> Transaction:
    """A signed transaction. Raises TransactionRefused if it is none, or is signed for another chain."""
    kind = raw[0] if raw and raw[0] < 0x80 else LEGACY
    if kind not in _FIELDS:
        raise TransactionRefused("transaction type not supported")
    try:
        fields = rlp.decode(raw[1:] if kind else raw)
        if len(fields) != _FIELDS[kind]:
            raise TransactionRefused("rlp: wrong number of fields in a transaction")
        v, r, s = (int.from_bytes(part, "big") for part in fields[-3:])
        signed_for = _chain_of(kind, fields, v)
        if signed_for not in (None, evm_chain_id):
            raise TransactionRefused(f"invalid chain id for signer: have {signed_for} want {evm_chain_id}")
        sender = _recover(kind, fields, v, r, s, signed_for)
        return _build(keccak(raw), kind, sender, fields, signed_for, (v, r, s))
    except (rlp.exceptions.DecodingError, TypeError, ValueError) as error:
        raise TransactionRefused(f"rlp: {error}") from error


def encode_dynamic_fee(fields: Sequence[int | bytes], signature: tuple[int, int, int]) -> bytes:
    """The raw bytes of a type 2 transaction without an access list: chain, nonce, tip, most fee, gas, receiver, value,
    data; then y's parity, r and s.
    """
    return bytes([DYNAMIC_FEE]) + bytes(rlp.encode([*fields, [], *signature]))


def build_unsigned(
    sender: Address,
    nonce: int,
    to: Address | None,
    value: int,
    data: bytes,
    gas: int,
    max_fee: int,
    tip: int,
    chain: int,
) -> Transaction:
    """The transaction of an account that signs nothing: an impersonated one. Its hash covers the sender."""
    payload = [chain, nonce, tip, max_fee, gas, bytes.fromhex(to[2:]) if to else b"", value, data, []]
    tx_hash = keccak(bytes.fromhex(sender[2:]) + rlp.encode(payload))
    return Transaction(tx_hash, DYNAMIC_FEE, sender, nonce, to, value, data, gas, max_fee, tip, (), chain, (0, 0, 0))


def compute_intrinsic_gas(data: bytes, is_creation: bool, access_list: AccessList) -> int:
    """Gas that a transaction costs before anything runs (EIP-2028, EIP-2930, EIP-3860)."""
    zeros = data.count(0)
    gas = 21_000 + 4 * zeros + 16 * (len(data) - zeros)
    if is_creation:
        gas += 32_000 + 2 * ((len(data) + 31) // 32)
    return gas + 2_400 * len(access_list) + 1_900 * sum(len(slots) for _, slots in access_list)


def _chain_of(kind: int, fields: Sequence[Any], v: int) -> int | None:
    if kind != LEGACY:
        return int.from_bytes(fields[0], "big")
    return (v - 35) // 2 if v >= 35 else None


def _recover(kind: int, fields: Sequence[Any], v: int, r: int, s: int, chain: int | None) -> Address:
    unsigned: list[Any] = list(fields[:-3])
    if kind != LEGACY:
        digest, parity = keccak(bytes([kind]) + _encode(unsigned)), v
    elif chain is None:
        digest, parity = keccak(_encode(unsigned)), v - 27
    else:
        digest, parity = (
            keccak(_encode([*unsigned, chain.to_bytes((chain.bit_length() + 7) // 8, "big"), b"", b""])),
            (v - 35) % 2,
        )
    if s > _HALF_ORDER:
        raise TransactionRefused("invalid transaction v, r, s values")
    if parity not in (0, 1) or r >= 1 << 256:
        raise TransactionRefused("invalid transaction v, r, s values")
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([parity])
    try:
        public = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except Exception as error:  # coincurve raises no narrower class where there is no such key
        raise TransactionRefused("invalid transaction v, r, s values") from error
    return Address("0x" + keccak(public.format(compressed=False)[1:])[12:].hex())


def _build(
    tx_hash: bytes,
    kind: int,
    sender: Address,
    fields: Sequence[Any],
    chain: int | None,
    signature: tuple[int, int, int],
) -> Transaction:
    body = list(fields[:-3])
    access_list: AccessList = ()
    if kind != LEGACY:
        access_list = tuple(
            (_address(entry), tuple(int.from_bytes(key, "big") for key in slots)) for entry, slots in body.pop()
        )
        body.pop(0)
    data, value, to = body.pop(), int.from_bytes(body.pop(), "big"), body.pop()
    numbers = [int.from_bytes(part, "big") for part in body]
    nonce, gas = numbers[0], numbers[-1]
    max_fee, tip = (numbers[2], numbers[1]) if kind == DYNAMIC_FEE else (numbers[1], numbers[1])
    receiver = _address(to) if to else None
    return Transaction(
        tx_hash, kind, sender, nonce, receiver, value, bytes(data), gas, max_fee, tip, access_list, chain, signature
    )


def _encode(fields: list[Any]) -> bytes:
    """RLP of what is bytes, or lists of bytes, already."""
    return bytes(rlp.encode(fields, infer_serializer=False))


def _address(data: bytes) -> Address:
    if len(data) != 20:
        raise ValueError("an address has 20 bytes")
    return Address("0x" + data.hex())
