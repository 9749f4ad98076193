"""The published state that a deployment starts from (docs/protocol.md, section 3, "Genesis").

Takes and gives JSON text (amounts as decimal strings, so that no reader loses digits); never touches a file.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zklink.primitives.keccak import keccak_words
from zklink.protocol.errors import ConservationBroken, GenesisInvalid
from zklink.protocol.ids import CUSTODY_LIMIT, FEE_DENOMINATOR, MAX_CHAINS, Amount, ChainId, TokenId
from zklink.protocol.presets import Preset
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import PoolId, State

_POOL_AMOUNTS = ("reserve_lower", "reserve_higher", "lp_supply")


@dataclass(frozen=True, slots=True)
class Genesis:
    """Token rows and pools by id. Valid once `check` has passed, which `from_json` and `state` make sure of."""

    tokens: Mapping[TokenId, TokenRow]
    pools: Mapping[PoolId, Pool]

    def check(self) -> None:
        """GenesisInvalid unless ids are registrable, amounts within custody, pools two-sided and SOL-2 holds."""
        for token_id, row in self.tokens.items():
            if token_id < 1:
                raise GenesisInvalid(f"token {token_id} can never be registered")
            if row.fees:
                raise GenesisInvalid(f"token {token_id} starts with accrued fees")
            if len(row.reserves) != MAX_CHAINS or not all(0 <= reserve <= CUSTODY_LIMIT for reserve in row.reserves):
                raise GenesisInvalid(f"token {token_id} has a reserve that no bridge can hold")
        for (lower, higher), pool in self.pools.items():
            if not 1 <= lower < higher:
                raise GenesisInvalid(f"({lower}, {higher}) is not a pair of ascending token ids")
            if min(pool.reserve_lower, pool.reserve_higher, pool.lp_supply) < 1:
                raise GenesisInvalid(f"pool ({lower}, {higher}) is empty on one side or has no supply")
            if not 0 <= pool.fee < FEE_DENOMINATOR:
                raise GenesisInvalid(f"pool ({lower}, {higher}) has fee {pool.fee}, not below {FEE_DENOMINATOR}")

    def state(self, preset: Preset) -> State:
        """The state before block 1; GenesisInvalid, TokenOutOfRange, AmountOutOfRange."""
        self.check()
        state = State(preset)
        for token_id, row in self.tokens.items():
            state.set_token(token_id, row)
        for (lower, higher), pool in self.pools.items():
            state.set_pool(lower, higher, pool)
        try:
            state.check_conservation()
        except ConservationBroken as error:
            raise GenesisInvalid(str(error)) from error
        return state

    def reserves_of(self, chain: ChainId) -> list[tuple[TokenId, Amount]]:
        """What the governor pays into `chain`'s bridge: (token, amount), ascending, non-zero only."""
        reserves = ((token_id, row.reserve(chain)) for token_id, row in sorted(self.tokens.items()))
        return [(token_id, amount) for token_id, amount in reserves if amount]

    def to_json(self) -> str:
        """The published form; `from_json` reads it back."""
        tokens = [
            {
                "token_id": token_id,
                "reserves": {str(k): str(amount) for k, amount in enumerate(row.reserves, start=1) if amount},
            }
            for token_id, row in sorted(self.tokens.items())
        ]
        pools = [
            {"lower": lower, "higher": higher}
            | {name: str(getattr(pool, name)) for name in _POOL_AMOUNTS}
            | {"fee": pool.fee}
            for (lower, higher), pool in sorted(self.pools.items(), key=lambda item: item[0])
        ]
        return json.dumps({"tokens": tokens, "pools": pools}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Genesis":
        """Read the published form; GenesisInvalid if it is malformed or cannot be."""
        try:
            data = json.loads(text)
            tokens = [(TokenId(_number(item["token_id"])), _read_row(item["reserves"])) for item in data["tokens"]]
            pools = [_read_pool(item) for item in data["pools"]]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise GenesisInvalid(f"malformed: {error!r}") from error
        genesis = cls(dict(tokens), dict(pools))
        if len(genesis.tokens) != len(tokens) or len(genesis.pools) != len(pools):
            raise GenesisInvalid("a token or a pool is listed twice")
        genesis.check()
        return genesis


def compute_genesis_hash(reserves: Sequence[tuple[TokenId, Amount]]) -> bytes:
    """keccak256(count || token_id_1 || amount_1 || ..) of one chain's `reserves_of`."""
    return keccak_words(len(reserves), *(number for reserve in reserves for number in reserve))


def _read_row(reserves: Mapping[str, str]) -> TokenRow:
    amounts = {int(chain): _amount(text) for chain, text in reserves.items()}
    if len(amounts) != len(reserves) or any(not 1 <= chain <= MAX_CHAINS for chain in amounts):
        raise ValueError(f"reserves are given per chain, 1 to {MAX_CHAINS}")
    return TokenRow(tuple(amounts.get(chain, 0) for chain in range(1, MAX_CHAINS + 1)), 0)


def _read_pool(item: Mapping[str, str | int]) -> tuple[PoolId, Pool]:
    pool_id = TokenId(_number(item["lower"])), TokenId(_number(item["higher"]))
    lower, higher, supply = (_amount(item[name]) for name in _POOL_AMOUNTS)
    return pool_id, Pool(lower, higher, supply, _number(item["fee"]))


def _number(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is not a number")
    return value


def _amount(value: object) -> int:
    if not (isinstance(value, str) and value.isascii() and value.isdigit()):
        raise TypeError(f"{value!r} is not a decimal string")
    return int(value)
