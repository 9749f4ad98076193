"""One more bridge on chain A of the rig, made by hand: with partners of its own, or with broken ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.compile_vyper import Replacements, load
from tests.support.drafts.rig import ACCOUNT_LIMIT, GENESIS_ROOT, TOKEN_LIMIT, RigChain
from tests.support.evm import EvmChain, EvmContract
from tests.support.three_chains import EVM_CHAIN_IDS, GOVERNOR, STRANGER, A, B, C
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.deployment.records import VkHashes
from zklink.protocol.domain import ChainEntry, compute_deployment_hash
from zklink.protocol.ids import AddressFormat

Table = Sequence[tuple[int, int, int, bytes]]
"""Entries of a chain table, as the ABI takes them."""

PARTS = ("registry", "history", "end", "exodus")


@dataclass
class Site:
    """Chain A, where a second bridge is made by hand, with partners of its own, as often as needed."""

    here: RigChain
    vk_hashes: VkHashes
    end: str = "MemberEnd"
    """Which end the next bridge gets."""
    groups: str = ""
    """And that end's groups; those of the chain if empty."""
    replacements: Replacements = ()
    """Bugs in the next bridge."""

    @property
    def evm(self) -> EvmChain:
        """The chain."""
        return self.here.evm

    def predict(self) -> dict[str, str]:
        """Where the next exodus, end, history and bridge will stand; a failed deployment counts too."""
        names = ("exodus", "end", "history", "bridge")
        return {name: self.evm.predict_address(GOVERNOR, ahead=i) for i, name in enumerate(names)}

    def table(self, ahead: int = 3) -> list[ChainEntry]:
        """The chain table of the next bridge."""
        bridges = {A: self.evm.predict_address(GOVERNOR, ahead), B: STRANGER, C: STRANGER}
        return [ChainEntry(k, EVM_CHAIN_IDS[k], AddressFormat.EVM, universal_address(b)) for k, b in bridges.items()]

    def deploy(self, parts: dict[str, str] | None = None, **changes: Any) -> EvmContract:
        """A bridge with partners of its own. `parts` are others than it should have, `changes` arguments of the bridge
        alone.
        """
        entries = [(e.chain_id, e.evm_chain_id, e.address_format, e.bridge) for e in self.table()]
        addresses = self._make_partners(entries) | (parts or {})
        bridge = load("Bridge", self.replacements)
        return self.evm.deploy(GOVERNOR, bridge, *self._arguments(entries, addresses, changes))

    def deploy_alone(self, parts: dict[str, str], **changes: Any) -> EvmContract:
        """A bridge whose partners are there."""
        entries = [(e.chain_id, e.evm_chain_id, e.address_format, e.bridge) for e in self.table(0)]
        bridge = load("Bridge", self.replacements)
        return self.evm.deploy(GOVERNOR, bridge, *self._arguments(entries, parts, changes))

    def deploy_broken(self, parts: dict[str, str] | None = None, **changes: Any) -> tuple[EvmContract, EvmContract]:
        """A bridge all of whose partners but the registry are one that does whatever a test says; and that one."""
        broken = self.evm.deploy(GOVERNOR, load_contract("BrokenPartner"))
        known = {"registry": self.here.registry.address} | (parts or {})
        return self.deploy_alone(dict.fromkeys(PARTS, broken.address) | known, **changes), broken

    def _arguments(self, entries: Table, addresses: dict[str, str], changes: dict[str, Any]) -> tuple[Any, ...]:
        fields = {
            "chain_id": A,
            "primary_chain": B,
            "chains": entries,
            "parts": tuple(addresses[part] for part in PARTS),
            "token_limit": TOKEN_LIMIT,
            "account_limit": ACCOUNT_LIMIT,
            "genesis_root": GENESIS_ROOT,
        }
        assert changes.keys() <= fields.keys()
        return tuple((fields | changes).values())

    def _make_partners(self, entries: Table) -> dict[str, str]:
        """New partners of the next bridge, which know each other, and the registry of the first one."""
        at, here = self.predict(), self.here
        exodus = (at["bridge"], at["history"], at["end"], here.exit_verifier.address)
        self.evm.deploy(GOVERNOR, load_contract("Exodus"), *exodus)
        self.evm.deploy(
            GOVERNOR, load_contract(self.end), at["bridge"], at["history"], self.groups or here.groups.address
        )
        verifiers = (here.swap_verifier.address, here.account_verifier.address)
        parts = (at["bridge"], here.groups.address, at["end"], at["exodus"], *verifiers)
        sizes = (TOKEN_LIMIT, ACCOUNT_LIMIT, GENESIS_ROOT, self.vk_hashes.exit)
        self.evm.deploy(GOVERNOR, load_contract("MemberHistory"), A, B, entries, parts, *sizes)
        return at | {"registry": here.registry.address}

    def deployment_hash(self, ahead: int = 3) -> bytes:
        """What the core computes for the next bridge, which stands after so many other contracts."""
        keys = self.vk_hashes
        vk_hashes = (keys.swap, keys.account, keys.exit)
        return compute_deployment_hash(GENESIS_ROOT, B, TOKEN_LIMIT, ACCOUNT_LIMIT, *vk_hashes, self.table(ahead))
