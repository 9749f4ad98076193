"""Seconds of local chains in each back end: transactions, snapshots of four chains at once, opening them.

Takes nothing; gives figures, all from one run. Seconds are processor time of this process and of the anvils that it
started, so other work on the machine counts little.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eth_account.signers.local import LocalAccount
from web3.types import TxParams, Wei

from zklink.devnet.anvil_command import anvil_path
from zklink.devnet.devnet_chain import compute_spec
from zklink.devnet.profiles import PROFILES
from zklink.lab.accounts import funded_account
from zklink.lab.ape_transfers import send_through_ape
from zklink.lab.chain import ChainSpec, LocalChain
from zklink.lab.chains import Backend, LocalChains, open_chains
from zklink.prover.progress import SILENT, Progress

MEASURED: Final[tuple[Backend, ...]] = ("revm", "anvil", "test")
TRANSACTIONS: Final = 200
ROUNDS: Final = 20
_SPECS: Final = tuple(compute_spec(profile) for profile in PROFILES)
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_FEE: Final = Wei(3 * 10**9)


@dataclass(frozen=True, slots=True)
class ChainFigures:
    """One back end. Transactions are transfers of native coin, each in a block of its own; `direct` are raw requests of
    signed ones, `web3` and `ape` sign, send and wait for the receipt. `restore_seconds` is a snapshot of four chains
    and its restore, with a transaction on each in between that is not counted.
    """

    backend: Backend
    direct_per_second: float
    web3_per_second: float
    ape_per_second: float
    restore_seconds: float
    open_seconds: float


def measure_local_chains(progress: Progress = SILENT, count: int = TRANSACTIONS) -> list[ChainFigures]:
    """Every back end but forks, one after the other."""
    with progress.step("Sending transactions on local chains", len(MEASURED)) as step:
        figures = []
        for backend in MEASURED:
            figures.append(_measure(backend, count))
            step.advance()
    return figures


def _measure(backend: Backend, count: int) -> ChainFigures:
    # What is loaded once is no part of opening.
    open_chains(backend, _SPECS[:1], anvil_path).close()
    start = time.process_time()
    with open_chains(backend, _SPECS, anvil_path) as chains:
        opened = time.process_time() - start + sum(_seconds_of(chain) for chain in chains)
        chain, payer = chains.members[0], funded_account(0)
        raw = [_sign(chain.spec, payer, nonce) for nonce in range(count)]
        direct = per_second(chain, count, lambda index: chain.rpc("eth_sendRawTransaction", f"0x{raw[index].hex()}"))
        web3 = per_second(chain, count, lambda index: _send(chain, payer, count + index))
        with chain.use():
            ape = per_second(chain, count, lambda index: send_through_ape(0, 1))
        return ChainFigures(backend, direct, web3, ape, _measure_restore(chains), opened)


def _measure_restore(chains: LocalChains[LocalChain]) -> float:
    spent = 0.0
    for _ in range(ROUNDS):
        before = _seconds(chains)
        snapshot = chains.snapshot()
        spent += _seconds(chains) - before
        for chain in chains:
            nonce = chain.w3.eth.get_transaction_count(funded_account(2).address)
            _send(chain, funded_account(2), nonce)
        before = _seconds(chains)
        chains.restore(snapshot)
        spent += _seconds(chains) - before
    return spent / ROUNDS


def per_second(chain: LocalChain, count: int, act: Callable[[int], Any]) -> float:
    """How often per second of processor time, the chain's own included."""
    before = time.process_time() + _seconds_of(chain)
    for index in range(count):
        act(index)
    return count / (time.process_time() + _seconds_of(chain) - before)


def _send(chain: LocalChain, payer: LocalAccount, nonce: int) -> None:
    tx_hash = chain.w3.eth.send_raw_transaction(_sign(chain.spec, payer, nonce))
    chain.w3.eth.wait_for_transaction_receipt(tx_hash)


def _sign(spec: ChainSpec, payer: LocalAccount, nonce: int) -> bytes:
    fields: TxParams = {
        "type": 2,
        "chainId": spec.evm_chain_id,
        "nonce": nonce,  # type: ignore[typeddict-item]
        "to": funded_account(1).address,
        "value": Wei(1),
        "gas": 21_000,
        "maxFeePerGas": _FEE,
        "maxPriorityFeePerGas": Wei(0),
    }
    return bytes(payer.sign_transaction(fields).raw_transaction)  # type: ignore[arg-type]


def _seconds(chains: LocalChains[LocalChain]) -> float:
    return time.process_time() + sum(map(_seconds_of, chains))


def _seconds_of(chain: LocalChain) -> float:
    """Processor time of a chain's own processes, as far as the system says; in steps of a hundredth of a second."""
    total = 0
    for each in chain.processes:
        stat = Path(f"/proc/{each.process.pid}/stat")
        if stat.is_file():
            fields = stat.read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS
