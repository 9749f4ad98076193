"""Measures how many signed transfers a sequencer takes in and seals per second, and the memory that an account
takes.

A block's root is computed for every block, and every signature is checked. Transfers go between accounts chosen by a
fixed generator, so the tree is touched all over. Seconds are of one core's processor time, without signing; the
signer's cached values are dropped before the sequencer begins.
"""

import gc
import statistics
import time
from dataclasses import dataclass
from typing import Final

from zklink.bench.plain_python import on_plain_python
from zklink.bench.this_machine import resident_bytes
from zklink.operations.signed import Signed, sign
from zklink.operations.transfer import Transfer
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.ids import AccountId, Amount, ChainId, Lane, Nonce, TokenId
from zklink.protocol.presets import Preset
from zklink.protocol.signing import compute_message, compute_public_key_hash
from zklink.prover.progress import SILENT, Progress, Step
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.sealed_block import Parameters
from zklink.sequencer.sequencer import Sequencer
from zklink.state.rows import TokenRow
from zklink.state.state import State

TRANSFERS: Final = 600
ROUNDS: Final = 3
PLAIN_TRANSFERS: Final = 48
"""Python's integers take some twenty times as long."""
WARM_UP: Final = 60
ARRIVALS: Final = 64
"""So many transfers come at a time, and their signatures are checked together."""
KEYS: Final = 1_024
"""Accounts share this many keys: to make a key for each would take longer than everything else. They share as many
balances, whose trees are hashed once for each ROOT_EVERY accounts.
"""

ROOT_EVERY: Final = 4_000
"""While accounts are made, a root is computed after each so many of them, so that the state packs the ones not in
use.
"""

BALANCE: Final = Amount(10**6)
NOW: Final = 1_800_000_000
TOKEN: Final = TokenId(1)
NO_STEP: Final = SILENT.step("")
_CHAINS: Final = (ChainId(1), ChainId(2))


@dataclass(frozen=True, slots=True)
class ThroughputFigures:
    """One size of the account tree. `per_second` with the paths that witnesses need, `bare_per_second` without them,
    medians of a few rounds; `plain_per_second` with the paths, by Python's integers; `bytes_per_account` is the growth
    of the process by the state, `build_seconds` the time of hashing all of it.
    """

    accounts: int
    build_seconds: float
    bytes_per_account: int
    per_second: float
    bare_per_second: float
    plain_per_second: float


def measure_throughput(
    preset: Preset, accounts: int, progress: Progress = SILENT, count: int = TRANSFERS
) -> ThroughputFigures:
    """Fill the state of a preset with accounts, then transfer between them."""
    _warm_up(preset)
    gc.collect()
    before = resident_bytes()
    keys = [PrivateKey.from_seed(index.to_bytes(32, "big")) for index in range(1, KEYS + 1)]
    start = time.process_time()
    with progress.step(f"Building {accounts:,} accounts", accounts) as step:
        state = build_accounts(preset, accounts, keys, step)
    build_seconds = time.process_time() - start
    gc.collect()
    grown = resident_bytes() - before
    speeds = []
    plain = 0.0
    with progress.step(f"Transferring between {accounts:,} accounts", 2 * ROUNDS + 1) as step:
        for with_paths in (True, False):
            sequencer = Sequencer(
                Parameters(preset, bytes(32), _CHAINS[0], _CHAINS), state, MemoryJournal(), with_paths=with_paths
            )
            _run(sequencer, build_transfers(sequencer, accounts, keys, WARM_UP))
            speeds.append(
                statistics.median(_measure_round(sequencer, accounts, keys, count, step) for _ in range(ROUNDS))
            )
            if with_paths:
                with on_plain_python():
                    plain = _measure_round(sequencer, accounts, keys, min(count, PLAIN_TRANSFERS), step)
    per_second, bare_per_second = speeds
    return ThroughputFigures(accounts, build_seconds, grown // accounts, per_second, bare_per_second, plain)


def _measure_round(sequencer: Sequencer, accounts: int, keys: list[PrivateKey], count: int, step: Step) -> float:
    """Transfers per second from their arrival to their blocks."""
    transfers = build_transfers(sequencer, accounts, keys, count)
    compute_message.cache_clear()
    compute_public_key_hash.cache_clear()
    start = time.process_time()
    _run(sequencer, transfers)
    seconds = time.process_time() - start
    sequencer.settle(sequencer.height)
    step.advance()
    return count / seconds


def _warm_up(preset: Preset) -> None:
    """Load everything that is loaded once, so that it does not count for an account."""
    keys = [PrivateKey.from_seed(bytes([1]) * 32)]
    parameters = Parameters(preset, bytes(32), _CHAINS[0], _CHAINS)
    sequencer = Sequencer(parameters, build_accounts(preset, 2, keys), MemoryJournal())
    _run(sequencer, build_transfers(sequencer, 2, keys, 2))


def build_accounts(preset: Preset, accounts: int, keys: list[PrivateKey], step: Step = NO_STEP) -> State:
    """Every account has an owner, a key and a balance; the root is computed."""
    state = State(preset)
    hashes, total = [compute_public_key_hash(key.public_key) for key in keys], 0
    for index in range(accounts):
        account = AccountId(index)
        state.set_owner(account, _owner(index))
        state.set_public_key_hash(account, hashes[index % len(keys)])
        state.set_balance(account, TOKEN, Amount(BALANCE + index % KEYS))
        total += BALANCE + index % KEYS
        if index % ROOT_EVERY == ROOT_EVERY - 1:
            _ = state.root
            step.advance(ROOT_EVERY)
    state.set_token(TOKEN, TokenRow((Amount(total), *(Amount(0),) * 7), Amount(0)))
    _ = state.root
    return state


def build_transfers(sequencer: Sequencer, accounts: int, keys: list[PrivateKey], count: int) -> list[Signed[Transfer]]:
    """Transfers from account to account, each account's nonces in order."""
    domain, nonces = sequencer.parameters.domain(Lane.ACCOUNT), dict[int, int]()
    transfers = []
    for index in range(count):
        source, target = index * 7_919 % accounts, index * 104_729 % accounts
        nonce = nonces.get(source, int(sequencer.state.account(AccountId(source)).nonce))
        nonces[source] = nonce + 1
        transfer = Transfer(
            AccountId(source), Nonce(nonce), NOW + 1_000, TOKEN, Amount(100 + index), Amount(1), _owner(target)
        )
        transfers.append(sign(transfer, domain, keys[source % len(keys)]))
    return transfers


def _run(sequencer: Sequencer, transfers: list[Signed[Transfer]]) -> None:
    for first in range(0, len(transfers), ARRIVALS):
        arrived = transfers[first : first + ARRIVALS]
        sequencer.expect(arrived)
        for transfer in arrived:
            sequencer.submit(transfer, NOW)
    while sequencer.has_waiting:
        sequencer.seal(NOW)


def _owner(index: int) -> bytes:
    return (index + 1).to_bytes(32, "big")
