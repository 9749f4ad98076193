"""An owner's way out of chains whose bridge is a program on Solana. Needs the extra `solana`.

Takes a deployment, nodes and a keypair; says where such a chain ends, opens its exits once END stands there, and sends
those of an owner. A payout whose recipient has no account of the token waits for one; whoever runs it again pays it
then. Asks nobody but the chains.
"""

from collections.abc import Callable, Mapping, Sequence

from solders.keypair import Keypair

from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.roster import PoolPolicy
from zklink.primitives.base58 import decode_base58, encode_base58
from zklink.protocol.errors import CallReverted, ExitsRefused, HistoryDisagrees
from zklink.protocol.facts import Accepted
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.recovery.exit_places import ChainEnd
from zklink.recovery.exit_proofs import ExitOrder
from zklink.recovery.exit_sender import describe_paid
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.client.leaving import Leaver
from zklink.solana.client.node import CONFIRMED, SolanaNode
from zklink.solana.client.pool import SolanaPool
from zklink.solana.client.program import Program
from zklink.solana.client.sending import Sender
from zklink.solana.interface.refusals import Refusal

Say = Callable[[str], None]
Bridges = Mapping[ChainId, SolanaBridge]


def connect_program_bridges(deployment: Deployment, urls: Mapping[str, str | Sequence[str]]) -> Bridges:
    """The bridge of each chain with a program that has a node here. Raises WrongChain, HistoryDisagrees for a bridge of
    another deployment, RpcUnavailable.
    """
    bridges = {}
    for chain, place in deployment.programs.items():
        if place.name not in urls:
            continue
        nodes = urls[place.name]
        pool = SolanaPool(place.name, [nodes] if isinstance(nodes, str) else nodes, place.genesis_number, PoolPolicy(1))
        addresses = decode_base58(place.program, 32), decode_base58(place.bridge, 32)
        bridge = SolanaBridge(SolanaNode(place.name, pool=pool), *addresses)
        found = bridge.read(CONFIRMED).deployment_hash
        if found != deployment.deployment_hash:
            detail = f"the bridge at {place.bridge} belongs to deployment 0x{found.hex()}"
            raise HistoryDisagrees(place.name, 0, f"{detail}, not to 0x{deployment.deployment_hash.hex()}")
        bridges[chain] = bridge
    return bridges


def find_program_ends(bridges: Bridges, last: Accepted) -> dict[ChainId, ChainEnd]:
    """The end of each of these chains; where it is not known yet, the primary's `last` block. Raises RpcUnavailable."""
    ends = {}
    for chain, bridge in bridges.items():
        reading = bridge.read(CONFIRMED)
        fields, tip = reading.fields, Accepted(reading.tip.number, reading.tip.sync_hash)
        end = ChainEnd(last, False)
        if fields["exit_root"]:
            end = ChainEnd(tip, True)
        elif fields["has_end"]:
            end = ChainEnd(Accepted(BlockNumber(fields["end_number"]), bytes(fields["end_hash"])), True)
        ends[chain] = end
    return ends


def leave_programs(
    deployment: Deployment, bridges: Bridges, orders: Sequence[ExitOrder], keypair: Keypair, say: Say
) -> bool:
    """Send everything that these chains allow now; true if nothing is left to do. Raises ExitsRefused once everything
    else is sent, and what `Sender.send` raises.
    """
    is_done, refused = True, list[str]()
    for chain, bridge in bridges.items():
        way = _Way(deployment, bridge, Program(decode_base58(deployment.programs[chain].program, 32)), keypair, say)
        mine = [order for order in orders if order.chain == chain]
        if not way.open_exits():
            is_done = False
            continue
        way.refund_requests()
        for order in mine:
            is_done &= way.send(order, refused)
    if refused:
        raise ExitsRefused(tuple(refused))
    return is_done


class _Way:
    """The way out of one chain."""

    def __init__(
        self, deployment: Deployment, bridge: SolanaBridge, program: Program, keypair: Keypair, say: Say
    ) -> None:
        self._deployment, self._bridge, self._say, self._owner = deployment, bridge, say, bytes(keypair.pubkey())
        self._name = bridge.node.name
        self._leaver = Leaver(bridge, program, Sender(bridge.node, keypair))

    def open_exits(self) -> bool:
        """Begin exodus if that is due; whether exits are open."""
        if self._bridge.read(CONFIRMED).fields["exit_root"]:
            return True
        try:
            self._leaver.begin_exodus()
        except CallReverted as error:
            self._say(f"{self._name}: waiting, exits do not open yet: {error.reason}")
            return False
        self._say(f"{self._name}: exits are open")
        return True

    def refund_requests(self) -> None:
        """Refund what no block has, to whom it names. One that cannot be paid now holds up no other."""
        reading, count = self._bridge.read(CONFIRMED), 0
        for lane in Lane:
            for request in range(reading.fields["consumed"][lane - 1] + 1, reading.total(lane) + 1):
                try:
                    self._leaver.cancel(lane, request)
                    count += 1
                except CallReverted as error:
                    if error.reason != Refusal.CANCELLED.value:
                        self._say(f"{self._name}: request {request} of lane {lane.name.lower()} waits: {error.reason}")
        if count:
            self._say(f"{self._name}: {count} request{'s' if count > 1 else ''} paid back")

    def send(self, order: ExitOrder, refused: list[str]) -> bool:
        """Send an exit that has not left, and pay what is owed of it; whether nothing is owed any more."""
        what = f"{self._name}: token {order.token} of account {order.account}"
        if not self._leaver.has_left(order.account, order.token):
            if not order.is_signed and order.recipient != self._owner:
                only = f"only {encode_base58(order.recipient)}, whom it pays, may send it"
                refused.append(f"{what}: {only}, not {encode_base58(self._owner)}")
                return True
            try:
                self._leaver.exit((order.call.x0, order.call.recipient_lo, order.call.x1), order.call.proof)
            except CallReverted as error:
                refused.append(f"{what}: {error.reason or 'refused without a reason'}")
                return True
            paid, to = describe_paid(self._deployment, order), encode_base58(order.recipient)
            self._say(f"{self._name}: account {order.account} leaves with {paid}, for {to}")
        try:
            self._leaver.pay_exit(order.account, order.token)
        except CallReverted as error:
            self._say(f"{what} is owed, and waits: {error.reason}")
            return False
        return True
