"""py-evm as the reference for revm: the same accounts, the same blocks, one transaction in each.

Takes a chain on revm that has not begun; gives what py-evm makes of the same signed transactions.
"""

from dataclasses import dataclass
from typing import Any

from eth.consensus.noproof import NoProofConsensus
from eth.db.atomic import AtomicDB
from eth.db.chain import ChainDB
from eth.vm.chain_context import ChainContext
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.cancun.blocks import CancunBlockHeader
from eth_utils import to_canonical_address

from zklink.lab.revm.chain import RevmChain


@dataclass(frozen=True, slots=True)
class Result:
    """What a transaction did; `output` is what it returned, or the code that it created."""

    is_success: bool
    gas_used: int
    output: bytes
    logs: tuple[tuple[bytes, tuple[bytes, ...], bytes], ...]


class PyEvm:
    """py-evm with the accounts of a chain on revm."""

    def __init__(self, chain: RevmChain) -> None:
        self._chain, self._db = chain, ChainDB(AtomicDB())
        self._vm = self._build(self._header(None))
        state = self._vm.state
        for address, account in chain.state.accounts.items():
            canonical = to_canonical_address(address)
            state.set_balance(canonical, account.balance)
            state.set_nonce(canonical, account.nonce)
            if account.code:
                state.set_code(canonical, account.code)
        for (address, key), value in chain.state.slots.items():
            state.set_storage(to_canonical_address(address), key, value)
        self._persist()

    def apply(self, raw: bytes) -> Result:
        """Execute a signed transaction in the block that the chain on revm would mine now."""
        header = self._header(self._vm.state.state_root)
        self._vm = self._build(header)
        transaction = self._vm.get_transaction_builder().decode(raw)
        receipt, computation = self._vm.apply_transaction(header, transaction)
        self._persist()
        logs = tuple(
            (log.address, tuple(topic.to_bytes(32, "big") for topic in log.topics), bytes(log.data))
            for log in receipt.logs
        )
        return Result(computation.is_success, receipt.gas_used, bytes(computation.output), logs)

    def account(self, address: str) -> tuple[int, int, bytes]:
        """Balance, nonce, code."""
        state, canonical = self._vm.state, to_canonical_address(address)
        return state.get_balance(canonical), state.get_nonce(canonical), state.get_code(canonical)

    def slot(self, address: str, key: int) -> int:
        """A storage word."""
        return int(self._vm.state.get_storage(to_canonical_address(address), key))

    def _header(self, state_root: Any) -> Any:
        context = self._chain.next_context()
        fields: dict[str, Any] = {} if state_root is None else {"state_root": state_root}
        return CancunBlockHeader(
            difficulty=0,
            block_number=context.number,
            gas_limit=context.gas_limit,
            timestamp=context.timestamp,
            coinbase=to_canonical_address(context.coinbase),
            mix_hash=context.prev_randao,
            base_fee_per_gas=self._chain.next_base_fee,
            excess_blob_gas=0,
            blob_gas_used=0,
            **fields,
        )

    def _build(self, header: Any) -> Any:
        return CancunVM(header, self._db, ChainContext(self._chain.evm_chain_id), NoProofConsensus(AtomicDB()))

    def _persist(self) -> None:
        self._vm.state.lock_changes()
        self._vm.state.persist()
