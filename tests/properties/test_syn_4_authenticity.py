"""SYN-4: only a quorum over exactly this content is believed."""

from dataclasses import replace

from tests.properties.first_blocks import proven_everywhere
from tests.support.books.block_actions import Ack
from tests.support.books.play import Play, refused
from tests.support.committee import sort_keys
from tests.support.three_chains import PRIMARY, A, C
from tests.support.upholds import upholds
from zklink.protocol.ids import BlockNumber, ChainId


@upholds("SYN-4")
class TestAuthenticity:
    """A message is accepted only with a quorum of the committee over exactly this content: deployment, source chain,
    number and hash.
    """

    def assert_refused(self, play: Play, ack: Ack) -> None:
        """Refused, and nothing remembered."""
        refused(play.deliver, A, ack)
        assert play.status(A)[2] == 0
        refused(play.apply, A, ack.message.source_chain, ack.message.number)

    def test_deliver__too_few_signatures__refused(self, play: Play) -> None:
        proven_everywhere(play)
        ack = play.acknowledge(PRIMARY)
        for count in range(play.chains.committee.THRESHOLD):
            self.assert_refused(play, Ack(ack.message, ack.evidence[: 65 * count]))
        play.deliver(A, ack)
        assert play.status(A)[2] == 1

    def test_deliver__signer_twice_wrong_order_or_no_member__refused(self, play: Play) -> None:
        proven_everywhere(play)
        ack = play.acknowledge(PRIMARY)
        committee = play.chains.committee
        k = committee.keys
        for keys in (
            [k[0], k[0], k[0]],
            [k[0], k[1], k[1]],
            [k[2], k[1], k[0]],
            sort_keys([committee.stranger, *k[:2]]),
        ):
            evidence = committee.sign_message(ack.message, play.chains.deployment_hash, keys)
            self.assert_refused(play, Ack(ack.message, evidence))
        for keys in (k[:3], k[2:], k):
            evidence = committee.sign_message(ack.message, play.chains.deployment_hash, keys)
            play.deliver(A, Ack(ack.message, evidence))

    def test_deliver__signed_for_something_else__refused(self, play: Play) -> None:
        proven_everywhere(play)
        good = play.acknowledge(PRIMARY).message
        committee = play.chains.committee
        deployment = play.chains.deployment_hash
        others = (
            replace(good, source_chain=C),
            replace(good, number=BlockNumber(2)),
            replace(good, sync_hash=b"\x07" * 32),
        )
        for other in others:
            self.assert_refused(play, Ack(good, committee.sign_message(other, deployment)))
            self.assert_refused(play, Ack(other, committee.sign_message(good, deployment)))
        self.assert_refused(play, Ack(good, committee.sign_message(good, b"\x07" * 32)))

    def test_deliver__malformed_signatures__refused(self, play: Play) -> None:
        proven_everywhere(play)
        ack = play.acknowledge(PRIMARY)
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
            self.assert_refused(play, Ack(ack.message, evidence))

    def test_deliver__of_the_chain_itself_or_an_unknown_one__refused(self, play: Play) -> None:
        proven_everywhere(play)
        entry = play.committed[A][1]
        for source in (A, ChainId(3), ChainId(8), ChainId(9), ChainId(255)):
            self.assert_refused(play, play.sign(source, entry))

    def test_deliver__another_kind__refused(self, play: Play) -> None:
        proven_everywhere(play)
        ack = play.acknowledge(PRIMARY)
        (_, source, number, sync_hash), evidence = ack.args()
        for kind in (0, 2, 255):
            refused(play[A].bridge.receive_message, (kind, source, number, sync_hash), evidence)
