"""SYN-3: nothing unset is ever valid."""

from dataclasses import replace

from tests.properties.first_blocks import proven_everywhere
from tests.support.blocks import Ack
from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import PRIMARY, ZERO, A
from zklink.protocol.ids import BlockNumber, ChainId


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
