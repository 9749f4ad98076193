"""Blocks that a test writes and commits on one chain, and what anyone reads of them."""

from tests.support.drafts.draft import DATA, Draft, payment
from zklink.devnet.profiles import AVALANCHE, BSC, POLYGON
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.protocol.bridge_blocks import CommitBlock
from zklink.protocol.bridge_hashes import StoredBlock, genesis_block
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.ids import ChainId, Kind, Lane

PRIMARY = AVALANCHE.chain_id
SLICES: dict[ChainId, tuple[int, ...]] = {
    POLYGON.chain_id: payment(POLYGON.chain_id, USDC, 5, kind=Kind.WITHDRAW_PAYOUT, source=ChainId(0)).words(),
    BSC.chain_id: payment(BSC.chain_id, USDC, 6, kind=Kind.WITHDRAW_PAYOUT, source=ChainId(0)).words(),
    DATA: (7, 8, 9),
}


class Validator:
    """Commits blocks whose slices the test writes, on one chain."""

    def __init__(self, system: LocalSystem, chain: ChainId) -> None:
        self.system, self.chain, self.bridge = system, chain, system.bridges[chain]
        deployment = system.deployment
        self.history = [genesis_block(deployment.genesis.root, deployment.deployment_hash)]

    def draft(self, lane: Lane, slices: dict[ChainId, tuple[int, ...]], last: StoredBlock | None = None) -> Draft:
        """The next block."""
        last = last or self.history[-1]
        return Draft(
            domain=compute_lane_domain(self.system.deployment.deployment_hash, lane),
            number=last.number + 1,
            timestamp=self.bridge.client.head().timestamp,
            old_root=last.root,
            new_root=last.root + 1,
            commitment=1_000 + last.number,
            slices=slices,
            primary=PRIMARY,
            lane=lane,
        )

    def commit(self, *drafts: Draft) -> bytes:
        """Commit them in one transaction; gives its hash."""
        last = self.enter(*drafts)
        blocks = [CommitBlock.from_abi(draft.commit_args(self.chain)) for draft in drafts]
        return self.bridge.commit_blocks(self.system.world.roles.validator, last, blocks).tx_hash

    def enter(self, *drafts: Draft) -> StoredBlock:
        """Remember blocks as committed; gives the block before them."""
        last = self.history[-1]
        for draft in drafts:
            self.history.append(draft.store(self.chain, self.history[-1]))
        return last

    def revert(self, number: int) -> None:
        """Drop the blocks above a number."""
        self.bridge.revert_blocks(self.system.world.roles.validator, self.history[number])
        del self.history[number + 1 :]
