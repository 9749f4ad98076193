"""EXI-4: what anybody can have paid out for an owner goes only to a chain on which that owner has acted."""

from tests.support.draft import Draft, payment, stored_args
from tests.support.ledger import universal_address
from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import BROKERS, PRIMARY, RECIPIENTS, USD, VALIDATOR, A, C
from zklink.operations.payout import NO_CHAIN
from zklink.protocol.bridge_hashes import genesis_block
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.ids import ChainId, Kind, Lane

OWNER, OTHER = RECIPIENTS[0], BROKERS[0]
UNKNOWN = "block: owner not known here"


def commit(story: Story, chain: ChainId, *owners: str) -> None:
    """The first block: a forced exit of each owner's account, paid on this chain. Raises Reverted."""
    world = story.world
    words: tuple[int, ...] = ()
    for i, owner in enumerate(owners):
        recipient = universal_address(owner)
        words += payment(
            chain, USD, 1_000, i, kind=Kind.FORCED_EXIT_PAYOUT, source=NO_CHAIN, recipient=recipient
        ).words()
    draft = Draft(
        domain=compute_lane_domain(world.deployment_hash, Lane.ACCOUNT),
        number=1,
        timestamp=story.now(),
        old_root=world.genesis_root,
        new_root=1,
        commitment=2,
        slices={chain: words},
        primary=PRIMARY,
        lane=Lane.ACCOUNT,
    )
    last = stored_args(genesis_block(world.genesis_root, world.deployment_hash))
    story.side(chain).bridge.commit_blocks(last, [draft.commit_args(chain)], sender=VALIDATOR)


def act(story: Story, chain: ChainId, owner: str) -> None:
    """An owner asks for an exit, of whatever account."""
    story.side(chain).bridge.full_exit(1, USD, sender=owner)


@upholds("EXI-4")
class TestForcedExits:
    """A forced exit pays an owner on a chain only if the owner itself has put a request there: an address that is a
    wallet on one chain may be anybody's, or nobody's, on another.
    """

    def test_commit__owner_has_acted_elsewhere_only__refused(self, story: Story) -> None:
        act(story, C, OWNER)
        assert refused(commit, story, A, OWNER) == UNKNOWN
        commit(story, C, OWNER)

    def test_commit__second_owner_is_unknown__refused(self, story: Story) -> None:
        act(story, A, OWNER)
        assert refused(commit, story, A, OWNER, OTHER) == UNKNOWN
        act(story, A, OTHER)
        commit(story, A, OWNER, OTHER)

    def test_commit__somebody_else_has_deposited_for_the_owner__refused(self, story: Story) -> None:
        side = story.side(A)
        l1_amount = 1_000 * side.sites[USD].scale
        side.bridge.deposit((USD, l1_amount, universal_address(OWNER)), sender=OTHER)
        assert refused(commit, story, A, OWNER) == UNKNOWN
        assert refused(commit, story, A, OTHER) == UNKNOWN
