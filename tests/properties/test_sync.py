"""SYN-1, SYN-3, SYN-4 and SYN-5: what a message can do, and what it cannot."""

from dataclasses import replace

from eth_keys.datatypes import PrivateKey

from tests.support.blocks import Ack
from tests.support.sealed import Sealed
from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import CHAINS, PRIMARY, USD, ZERO, A, B, C
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.messages import SyncMessage


def proven_everywhere(story: Story) -> Sealed:
    """One block that concerns A and C (and the primary B, as every block does), proven on all chains."""
    story.swap(A, USD, 1_000, C, USD)
    sealed = story.seal_waiting(story.genesis)
    for chain in CHAINS:
        story.commit(chain, sealed)
        story.prove(chain)
    return sealed


@upholds("SYN-1")
class TestMessages:
    """A confirmation binds (chain, number, sync hash); duplicates, reorderings, stale and forged ones are harmless,
    also after a revert.
    """

    def test_execute__any_concerned_chain_missing__refused(self, story: Story) -> None:
        proven_everywhere(story)
        for chain in CHAINS:
            refused(story.execute, chain)
        for chain in (A, C):
            story.deliver(chain, story.acknowledge(PRIMARY))
            assert story.status(chain)[2] == 1
            assert refused(story.execute, chain) == "execute: a chain is missing"
        story.deliver(B, story.acknowledge(A))
        assert refused(story.execute, B) == "execute: a chain is missing"
        story.deliver(B, story.acknowledge(C))
        story.execute(B)
        story.check()

    def test_deliver__twice_and_in_any_order__same_result(self, story: Story) -> None:
        proven_everywhere(story)
        primary = story.acknowledge(PRIMARY)
        for _ in range(3):
            story.deliver(C, primary)
            story.deliver(A, primary)
        first_of_a = story.acknowledge(A)
        request = story.swap(C, USD, 2_000, A, USD)
        second = story.seal(story.history[B][-1] or story.genesis, [request])
        for chain in CHAINS:
            story.commit(chain, second)
            story.prove(chain)
        story.exchange()
        story.deliver(C, first_of_a)
        story.deliver(C, primary)
        assert story.side(C).bridge.acknowledged(A) == 2
        for chain in CHAINS:
            story.execute(chain, count=2)
        story.check()
        story.check_settled()

    def test_deliver__before_the_block_is_there__applied_later(self, story: Story) -> None:
        story.swap(A, USD, 1_000, C, USD)
        sealed = story.seal_waiting(story.genesis)
        story.commit(B, sealed)
        story.prove(B)
        ack = story.acknowledge(B)
        story.deliver(A, ack)
        assert story.status(A) == (0, 0, 0, 0)
        story.commit(A, sealed)
        story.deliver(A, ack)
        assert story.status(A) == (1, 0, 0, 0)
        story.prove(A)
        assert story.status(A) == (1, 1, 1, 0)

    def test_apply__announced_again_by_anybody__takes_effect(self, story: Story) -> None:
        story.swap(A, USD, 1_000, C, USD)
        first = story.seal_waiting(story.genesis)
        second = story.seal(first, [])
        for sealed in (first, second):
            story.commit(B, sealed)
        story.prove(B)
        story.deliver(A, story.acknowledge(B, 1))
        for sealed in (first, second):
            story.commit(A, sealed)
        story.prove(A)
        assert story.status(A) == (2, 2, 0, 0)
        story.apply(A, B, 1)
        assert story.status(A) == (2, 2, 1, 0)
        assert refused(story.apply, A, B, 2) == "message: not known"
        assert refused(story.apply, A, C, 1) == "message: not known"

    def test_deliver__hash_of_a_reverted_block__no_effect_on_its_replacement(self, story: Story) -> None:
        """The message is about what was accepted, not about a number: a stale one confirms nothing after a revert."""
        requests = [story.swap(A, USD, 1_000 + i, C, USD) for i in range(2)]
        dropped = story.seal(story.genesis, requests[:1])
        story.commit(C, dropped)
        story.prove(C)
        stale = story.sign(PRIMARY, story.links[C][1])
        story.revert(C, 0)
        other = story.seal(story.genesis, requests)
        story.commit(C, other)
        story.prove(C)
        story.deliver(C, stale)
        assert story.status(C) == (1, 1, 0, 0)
        refused(story.apply, C, PRIMARY, 1)
        assert story.status(C) == (1, 1, 0, 0)

    def test_deliver__of_other_chains_about_another_hash__does_not_execute(self, story: Story) -> None:
        sealed = proven_everywhere(story)
        story.exchange_primary()
        other = replace(story.links[C][1].stored, sync_hash=b"\x01" * 32)
        message = SyncMessage(A, BlockNumber(1), other.sync_hash)
        evidence = story.world.committee.sign(message, story.world.deployment_hash)
        story.deliver(C, Ack(message, evidence))
        assert story.side(C).bridge.acknowledged(A) == 0
        assert refused(story.execute, C) == "execute: a chain is missing"
        assert sealed.number == 1

    def test_deliver__number_ahead_of_the_hash__no_effect(self, story: Story) -> None:
        proven_everywhere(story)
        message = SyncMessage(PRIMARY, BlockNumber(2), story.links[A][1].stored.sync_hash)
        story.deliver(A, Ack(message, story.world.committee.sign(message, story.world.deployment_hash)))
        assert story.status(A)[2] == 0

    def test_deliver__not_from_the_primary__accepts_nothing(self, story: Story) -> None:
        proven_everywhere(story)
        story.deliver(A, story.sign(C, story.links[C][1]))
        assert story.status(A)[2] == 0
        assert story.side(A).bridge.acknowledged(C) == 0


@upholds("SYN-3")
class TestDefaults:
    """Zero, default and uninitialised values are never valid; a threshold of 0, duplicate signers and an empty
    committee are refused.
    """

    def test_transport__bad_committee__not_deployed(self, story: Story) -> None:
        members = story.world.committee.members
        cases: list[tuple[list[str], int]] = [
            ([], 0),
            (members, 0),
            (members, 2),  # 2k > n
            (members[:4], 2),
            (members, 6),
            ([members[0], *members[:2]], 2),
            ([ZERO, *members[:2]], 2),
        ]
        for case in cases:
            refused(story.world.deploy, A, "CommitteeTransport", *case)
        story.world.deploy(A, "CommitteeTransport", members, 3)

    def test_message__zero_values__refused(self, story: Story) -> None:
        proven_everywhere(story)
        good = story.sign(PRIMARY, story.links[A][1]).message
        zeros = (
            replace(good, source_chain=ChainId(0)),
            replace(good, number=BlockNumber(0)),
            replace(good, sync_hash=bytes(32)),
            replace(good, number=BlockNumber(0), sync_hash=story.world.deployment_hash),
        )
        for message in zeros:
            evidence = story.world.committee.sign(message, story.world.deployment_hash)
            refused(story.deliver, A, Ack(message, evidence))

    def test_apply__never_announced__refused(self, story: Story) -> None:
        proven_everywhere(story)
        for source in range(9):
            for number in range(3):
                assert refused(story.apply, A, ChainId(source), number) == "message: not known"

    def test_execute_and_revert__genesis__refused(self, story: Story) -> None:
        genesis = story.links[A][0]
        bridge = story.side(A).bridge
        refused(bridge.execute_blocks, [(genesis.stored_args(), [])])
        refused(bridge.execute_blocks, [])
        refused(bridge.prove_blocks, [])
        refused(story.revert, A, 0)


@upholds("SYN-4")
class TestAuthenticity:
    """A message is accepted only with a quorum of the committee over exactly this content: deployment, source chain,
    number and hash.
    """

    def assert_refused(self, story: Story, ack: Ack) -> None:
        """Refused, and nothing remembered."""
        refused(story.deliver, A, ack)
        assert story.status(A)[2] == 0
        refused(story.apply, A, ack.message.source_chain, ack.message.number)

    def test_deliver__too_few_signatures__refused(self, story: Story) -> None:
        proven_everywhere(story)
        ack = story.acknowledge(PRIMARY)
        for count in range(story.world.committee.THRESHOLD):
            self.assert_refused(story, Ack(ack.message, ack.evidence[: 65 * count]))
        story.deliver(A, ack)
        assert story.status(A)[2] == 1

    def test_deliver__signer_twice_wrong_order_or_no_member__refused(self, story: Story) -> None:
        proven_everywhere(story)
        ack = story.acknowledge(PRIMARY)
        committee = story.world.committee
        k = committee.keys
        for keys in (
            [k[0], k[0], k[0]],
            [k[0], k[1], k[1]],
            [k[2], k[1], k[0]],
            sorted_with(committee.stranger, k[:2]),
        ):
            evidence = committee.sign(ack.message, story.world.deployment_hash, keys)
            self.assert_refused(story, Ack(ack.message, evidence))
        for keys in (k[:3], k[2:], k):
            evidence = committee.sign(ack.message, story.world.deployment_hash, keys)
            story.deliver(A, Ack(ack.message, evidence))

    def test_deliver__signed_for_something_else__refused(self, story: Story) -> None:
        proven_everywhere(story)
        good = story.acknowledge(PRIMARY).message
        committee = story.world.committee
        deployment = story.world.deployment_hash
        others = (
            replace(good, source_chain=C),
            replace(good, number=BlockNumber(2)),
            replace(good, sync_hash=b"\x07" * 32),
        )
        for other in others:
            self.assert_refused(story, Ack(good, committee.sign(other, deployment)))
            self.assert_refused(story, Ack(other, committee.sign(good, deployment)))
        self.assert_refused(story, Ack(good, committee.sign(good, b"\x07" * 32)))

    def test_deliver__malformed_signatures__refused(self, story: Story) -> None:
        proven_everywhere(story)
        ack = story.acknowledge(PRIMARY)
        e = ack.evidence
        order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
        flipped = (order - int.from_bytes(e[32:64], "big")).to_bytes(32, "big")
        for evidence in (
            b"",
            e[:-1],
            e + b"\0",
            bytes(195),
            e[:64] + b"\0" + e[65:],
            e[:32] + flipped + bytes([55 - e[64]]) + e[65:],
        ):
            self.assert_refused(story, Ack(ack.message, evidence))

    def test_deliver__of_the_chain_itself_or_an_unknown_one__refused(self, story: Story) -> None:
        proven_everywhere(story)
        link = story.links[A][1]
        for source in (A, ChainId(3), ChainId(8), ChainId(9), ChainId(255)):
            self.assert_refused(story, story.sign(source, link))

    def test_deliver__another_kind__refused(self, story: Story) -> None:
        proven_everywhere(story)
        ack = story.acknowledge(PRIMARY)
        (_, source, number, sync_hash), evidence = ack.args()
        for kind in (0, 2, 255):
            refused(story.side(A).bridge.receive_message, (kind, source, number, sync_hash), evidence)


@upholds("SYN-5")
class TestDeadLane:
    """A chain that is down delays what concerns it; the others go on until it matters, and later everything is made up
    for.
    """

    def test_chain_down__others_accept__it_catches_up_and_all_execute(self, story: Story) -> None:
        for number in range(1, 4):
            story.swap(A, USD, 1_000 + number, B, USD)
            sealed = story.seal_waiting(story.history[B][-1] or story.genesis)
            for chain in (A, B):
                story.commit(chain, sealed)
                story.prove(chain)
        story.exchange()
        for chain in (A, B):
            story.execute(chain, count=3)
        story.check_settled()
        for number in range(1, 4):
            sealed = story.history[B][number] or story.genesis
            story.commit(C, sealed)
        story.prove(C)
        story.exchange()
        story.execute(C, count=3)
        assert story.status(C) == (3, 3, 3, 3)
        story.check()

    def test_messages_that_came_while_it_was_down__still_count(self, story: Story) -> None:
        """Nobody has to send anything twice: what is known is announced again by whoever likes."""
        story.swap(A, USD, 1_000, B, USD)
        sealed = story.seal_waiting(story.genesis)
        for chain in (A, B):
            story.commit(chain, sealed)
            story.prove(chain)
        story.exchange()
        story.commit(C, sealed)
        story.prove(C)
        story.apply(C, B, 1)
        story.apply(C, A, 1)
        story.execute(C)
        assert story.status(C) == (1, 1, 1, 1)


def sorted_with(key: PrivateKey, keys: list[PrivateKey]) -> list[PrivateKey]:
    """Ascending by address, as evidence must be."""
    return sorted([key, *keys], key=lambda k: int(k.public_key.to_address(), 16))
