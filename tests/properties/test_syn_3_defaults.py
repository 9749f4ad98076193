"""SYN-3: nothing unset is ever valid."""

from dataclasses import replace

from tests.properties.first_blocks import proven_everywhere
from tests.support.books.block_actions import Ack
from tests.support.books.play import Play, refused
from tests.support.three_chains import PRIMARY, ZERO, A
from tests.support.upholds import upholds
from zklink.protocol.ids import BlockNumber, ChainId


@upholds("SYN-3")
class TestDefaults:
    """Zero, default and uninitialised values are never valid; a threshold of 0, duplicate signers and an empty
    committee are refused.
    """

    def test_transport__bad_committee__not_deployed(self, play: Play) -> None:
        members = play.chains.committee.members
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
            refused(play.chains.deploy, A, "CommitteeTransport", *case)
        play.chains.deploy(A, "CommitteeTransport", members, 3)

    def test_message__zero_values__refused(self, play: Play) -> None:
        proven_everywhere(play)
        good = play.sign(PRIMARY, play.committed[A][1]).message
        zeros = (
            replace(good, source_chain=ChainId(0)),
            replace(good, number=BlockNumber(0)),
            replace(good, sync_hash=bytes(32)),
            replace(good, number=BlockNumber(0), sync_hash=play.chains.deployment_hash),
        )
        for message in zeros:
            evidence = play.chains.committee.sign_message(message, play.chains.deployment_hash)
            refused(play.deliver, A, Ack(message, evidence))

    def test_apply__never_announced__refused(self, play: Play) -> None:
        proven_everywhere(play)
        for source in range(9):
            for number in range(3):
                assert refused(play.apply, A, ChainId(source), number) == "message: not known"

    def test_execute_and_revert__genesis__refused(self, play: Play) -> None:
        genesis = play.committed[A][0]
        bridge = play[A].bridge
        refused(bridge.execute_blocks, [(genesis.stored_args(), [])])
        refused(bridge.execute_blocks, [])
        refused(bridge.prove_blocks, [])
        refused(play.revert, A, 0)
