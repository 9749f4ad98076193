"""A state as bytes and back: every account that is not empty, every token's row, every pool.

Takes and gives bytes alone. What is read has every value in its range; whether it is the right state, its root says,
which the reader computes anew.
"""

from struct import Struct, error
from typing import Final

from zklink.protocol.errors import StateError
from zklink.protocol.ids import MAX_CHAINS, AccountId, Amount, TokenId
from zklink.protocol.presets import Preset
from zklink.state.account import Record
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State

_COUNTS: Final = Struct(">III")
_ACCOUNT: Final = Struct(">II")
_PAIR: Final = Struct(">HH")
_TOKEN: Final = Struct(">H")
_WORD: Final = 32
_ROW_WORDS: Final = MAX_CHAINS + 1
_POOL_WORDS: Final = 5


def encode_state(state: State) -> bytes:
    """The bytes of a state."""
    accounts, tokens, pools = list(state.accounts()), list(state.tokens()), list(state.pools())
    parts = [_COUNTS.pack(len(accounts), len(tokens), len(pools))]
    for id, account in accounts:
        values = account.owner, account.nonce, account.public_key_hash, account.known
        packed = Record(0, 0, *values, dict(account.balances), dict(account.orders)).pack()
        parts += [_ACCOUNT.pack(id, len(packed)), packed]
    for token, row in tokens:
        parts += [_TOKEN.pack(token), _words(*row.reserves, row.fees)]
    for pair, pool in pools:
        numbers = pool.reserve_lower, pool.reserve_higher, pool.lp_supply, pool.fee, pool.lp_token
        parts += [_PAIR.pack(*pair), _words(*numbers)]
    return b"".join(parts)


def decode_state(preset: Preset, data: bytes) -> State:
    """The state of these bytes. Raises ValueError with the reason if they are none."""
    try:
        reader = _Reader(data)
        state = _read_state(preset, reader)
    except (error, StateError, IndexError, OverflowError) as reason:
        raise ValueError(f"no state: {reason}") from reason
    if reader.place != len(data):
        raise ValueError(f"no state: {len(data) - reader.place} bytes follow it")
    return state


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self.place = data, 0

    def unpack(self, form: Struct) -> tuple[int, ...]:
        found = form.unpack_from(self._data, self.place)
        self.place += form.size
        return found

    def take(self, size: int) -> bytes:
        if self.place + size > len(self._data):
            raise IndexError("it ends too early")
        self.place += size
        return self._data[self.place - size : self.place]

    def words(self, count: int) -> list[int]:
        return [int.from_bytes(self.take(_WORD), "big") for _ in range(count)]


def _read_state(preset: Preset, reader: _Reader) -> State:
    state = State(preset)
    accounts, tokens, pools = reader.unpack(_COUNTS)
    for _ in range(accounts):
        id, size = reader.unpack(_ACCOUNT)
        _put_account(state, AccountId(id), Record.unpack(reader.take(size)))
    for _ in range(tokens):
        (token,) = reader.unpack(_TOKEN)
        *reserves, fees = reader.words(_ROW_WORDS)
        state.set_token(TokenId(token), TokenRow(tuple(reserves), fees))
    for _ in range(pools):
        lower, higher = reader.unpack(_PAIR)
        state.set_pool(TokenId(lower), TokenId(higher), Pool(*reader.words(_POOL_WORDS)))
    return state


def _put_account(state: State, id: AccountId, record: Record) -> None:
    state.set_owner(id, record.owner)
    state.set_nonce(id, record.nonce)
    state.set_public_key_hash(id, record.public_key_hash)
    state.set_known(id, record.known)
    for token, amount in record.balances.items():
        state.set_balance(id, token, Amount(amount))
    for slot, (nonce, filled) in record.orders.items():
        state.set_order(id, slot, nonce, filled)


def _words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(_WORD, "big") for number in numbers)
