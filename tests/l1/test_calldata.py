"""Accepted blocks read back out of transactions, and the calls that contracts make inside one."""

import pytest

from tests.support.drafts.rig import DATA, payment
from tests.support.writer import Writer
from zklink.devnet.profiles import AVALANCHE, BSC, POLYGON
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.contracts.histories import PrimaryHistoryClient
from zklink.l1.contracts.registries import sign_key_change
from zklink.l1.published.accept_calldata import decode_accept_call, read_accept_call
from zklink.l1.transport.client import ABSENT_ANSWERS, ChainClient
from zklink.operations.change_pub_key import KeyChange
from zklink.protocol.bridge_blocks import AcceptAgainCall, FullBlock
from zklink.protocol.errors import CalldataUnreadable, ProtocolError
from zklink.protocol.ids import AccountId, ChainId, Kind, Lane, Nonce
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.groups_asked import GroupsAsked

FAR_DEADLINE = 2**40 - 1
BRIDGE = "0x" + "Ab" * 20
PRIMARY = AVALANCHE.chain_id


def payout(chain: ChainId) -> tuple[int, ...]:
    """What an account on layer 2 has withdrawn to a chain."""
    return payment(chain, USDC, 5, kind=Kind.WITHDRAW_PAYOUT, source=ChainId(0)).words()


def block_with_consent(writer: Writer) -> FullBlock:
    """A block of the account lane with something in every kind of slice, and a key change with its owner's consent."""
    owner, deployment_hash = writer.system.world.roles.depositor, writer.groups.deployment_hash
    change = KeyChange(PRIMARY, AccountId(3), Nonce(0), universal_address(owner.address), 99, FAR_DEADLINE)
    words = change.words()
    consent = sign_key_change(owner, deployment_hash, AccountId(3), Nonce(0), 99, FAR_DEADLINE)
    slices = {PRIMARY: words, POLYGON.chain_id: payout(POLYGON.chain_id), DATA: (7, 8, 9)}
    return writer.draft(slices, Lane.ACCOUNT, (consent,))


def test_read_accept_call__several_blocks_in_one_transaction__all_their_words(credulous: LocalSystem) -> None:
    writer = Writer(credulous)
    writer.line.append(block_with_consent(writer))
    receipt = writer.accept(writer.draft({BSC.chain_id: payout(BSC.chain_id)}, Lane.ACCOUNT))
    call = read_accept_call(writer.primary.primary_history, receipt.tx_hash)
    assert call.first == 1
    assert call.blocks == writer.line.fulls(1, 2)


JUNK_LANE = (9, 0, 0, 0, 0, [0] * 8)
JUNK_COUNTS = (2, 0, 1 << 255 | 3 << 16 * PRIMARY, 0, 0, [0] * 8)


@pytest.mark.parametrize(("junk", "words"), [(JUNK_LANE, 0), (JUNK_COUNTS, 3)], ids=["no lane", "no counts, no kind"])
@pytest.mark.parametrize("name", ["accept", "accept_again"])
def test_read_accept_call__anything_where_blocks_are_skipped__the_new_ones_are_read(
    credulous: LocalSystem, name: str, junk: tuple[object, ...], words: int
) -> None:
    writer, roles = Writer(credulous), credulous.world.roles
    writer.accept(writer.draft({BSC.chain_id: payout(BSC.chain_id)}, Lane.ACCOUNT))
    writer.line.append(block_with_consent(writer))
    call = writer.line.accept_call(2, 2) if name == "accept" else writer.line.accept_again_call(2, 2)
    history = writer.primary.primary_history
    _, blocks, *others, own = call.abi()
    calldata = history.encode(name, 1, [junk, *blocks], *others, bytes(32 * words) + own)  # type: ignore[misc, operator]
    receipt = history.client.send(roles.attacker, calldata)
    assert history.tip().number == 2
    seen = read_accept_call(history, receipt.tx_hash, 2)
    assert (seen.first, seen.blocks) == (2, writer.line.fulls(2, 2))
    deployment, keeper = credulous.deployment, GroupsAsked()
    assert ChainsRead(deployment, credulous.bridges, keeper).history().sync_hash(2) == writer.line.sync_hash(2)


def test_decode_accept_call__accept_again__is_read_alike(credulous: LocalSystem) -> None:
    writer = Writer(credulous)
    writer.line.append(block_with_consent(writer))
    call = writer.line.accept_again_call(1, 1)
    data = writer.primary.primary_history.encode_accept(call).data
    assert isinstance(call, AcceptAgainCall)
    assert decode_accept_call(data, PRIMARY) == call


def test_decode_accept_call__other_calls__refused(credulous: LocalSystem) -> None:
    writer = Writer(credulous)
    writer.line.append(block_with_consent(writer))
    data = writer.primary.primary_history.encode_accept(writer.line.accept_call(1, 1)).data
    for other in (b"", b"\1\2\3\4" + data[4:], data[:4], data[:4] + b"\xff" * 64 + data[68:]):
        with pytest.raises(ProtocolError):
            decode_accept_call(other, PRIMARY)


def test_decode_accept_call__a_lane_that_is_none__refused(credulous: LocalSystem) -> None:
    writer = Writer(credulous)
    full = writer.draft({})
    history = writer.primary.primary_history
    writer.line.append(full)
    call = writer.line.accept_call(1, 1)
    blocks = [(9, *full.block.abi()[1:])]
    data = history.encode("accept", call.first, blocks, *call.abi()[2:]).data
    with pytest.raises(ProtocolError):
        decode_accept_call(data, PRIMARY)


def test_read_accept_call__no_such_transaction__says_so(credulous: LocalSystem) -> None:
    history, pauses = credulous.bridges[PRIMARY].primary_history, list[float]()
    patient = PrimaryHistoryClient(ChainClient(AVALANCHE, history.client.w3, sleep=pauses.append), history.address)
    with pytest.raises(CalldataUnreadable, match="does not have"):
        read_accept_call(patient, b"\x07" * 32)
    assert len(pauses) == ABSENT_ANSWERS - 1  # one `null` is not believed


def test_read_accept_call__another_transaction__says_what_is_wrong(credulous: LocalSystem) -> None:
    history, roles = credulous.bridges[PRIMARY].primary_history, credulous.world.roles
    receipt = history.client.transfer(roles.depositor, roles.recipient.address, 1)
    with pytest.raises(CalldataUnreadable, match="selector"):
        read_accept_call(history, receipt.tx_hash)
