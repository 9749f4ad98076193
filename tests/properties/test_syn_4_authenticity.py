"""SYN-4: only a quorum over exactly this content is believed."""

from dataclasses import replace

from tests.properties.first_blocks import proven_everywhere
from tests.support.blocks import Ack
from tests.support.committee import sort_keys
from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import PRIMARY, A, C
from zklink.protocol.ids import BlockNumber, ChainId


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
            sort_keys([committee.stranger, *k[:2]]),
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
