"""EXI-4: what anybody can have paid out for an owner goes only to a chain on which that owner has acted."""

from tests.support.books.play import Play, refused
from tests.support.drafts.draft import Draft, payment, stored_args
from tests.support.three_chains import BROKERS, PRIMARY, RECIPIENTS, USD, VALIDATOR, A, C
from tests.support.upholds import upholds
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.payout import NO_CHAIN
from zklink.protocol.bridge_hashes import genesis_block
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.ids import ChainId, Kind, Lane

OWNER, OTHER = RECIPIENTS[0], BROKERS[0]
UNKNOWN = "block: owner not known here"


def commit(play: Play, chain: ChainId, *owners: str) -> None:
    """The first block: a forced exit of each owner's account, paid on this chain. Raises Reverted."""
    chains = play.chains
    words: tuple[int, ...] = ()
    for i, owner in enumerate(owners):
        recipient = universal_address(owner)
        words += payment(
            chain, USD, 1_000, i, kind=Kind.FORCED_EXIT_PAYOUT, source=NO_CHAIN, recipient=recipient
        ).words()
    draft = Draft(
        domain=compute_lane_domain(chains.deployment_hash, Lane.ACCOUNT),
        number=1,
        timestamp=play.now(),
        old_root=chains.genesis_root,
        new_root=1,
        commitment=2,
        slices={chain: words},
        primary=PRIMARY,
        lane=Lane.ACCOUNT,
    )
    last = stored_args(genesis_block(chains.genesis_root, chains.deployment_hash))
    play[chain].bridge.commit_blocks(last, [draft.commit_args(chain)], sender=VALIDATOR)


def act(play: Play, chain: ChainId, owner: str) -> None:
    """An owner asks for an exit, of whatever account."""
    play[chain].bridge.full_exit(1, USD, sender=owner)


@upholds("EXI-4")
class TestForcedExits:
    """A forced exit pays an owner on a chain only if the owner itself has put a request there: an address that is a
    wallet on one chain may be anybody's, or nobody's, on another.
    """

    def test_commit__owner_has_acted_elsewhere_only__refused(self, play: Play) -> None:
        act(play, C, OWNER)
        assert refused(commit, play, A, OWNER) == UNKNOWN
        commit(play, C, OWNER)

    def test_commit__second_owner_is_unknown__refused(self, play: Play) -> None:
        act(play, A, OWNER)
        assert refused(commit, play, A, OWNER, OTHER) == UNKNOWN
        act(play, A, OTHER)
        commit(play, A, OWNER, OTHER)

    def test_commit__somebody_else_has_deposited_for_the_owner__refused(self, play: Play) -> None:
        here = play[A]
        l1_amount = 1_000 * here.sites[USD].scale
        here.bridge.deposit((USD, l1_amount, universal_address(OWNER)), sender=OTHER)
        assert refused(commit, play, A, OWNER) == UNKNOWN
        assert refused(commit, play, A, OTHER) == UNKNOWN
