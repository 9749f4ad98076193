"""How a whole deployment stands now, chain by chain: one that does not answer does not hold up the others.

Takes the deployment, the bridges that answered and the reasons of those that did not. Never sends anything.
"""

from collections.abc import Mapping

from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import ChainId
from zklink.recovery.chains_read import ChainsRead
from zklink.upkeep.alarms import list_alarms
from zklink.upkeep.chain_reader import read_chain
from zklink.upkeep.member_reader import read_member_chain
from zklink.upkeep.reserves import Reserves, expect_custody
from zklink.upkeep.status_records import ChainStatus, Status, Unread


def read_status(
    read: ChainsRead,
    now: int,
    *,
    away: Mapping[ChainId, str] | None = None,
    signers: Mapping[str, str] | None = None,
    with_reserves: bool = False,
) -> Status:
    """Look at every chain of the deployment at `now` (UNIX seconds). `away` are the reasons of chains without a bridge,
    `signers` addresses by name. `with_reserves` rebuilds the state, and compares each custody with it. Never raises for
    a chain that cannot be read: its record says so, and the status is not well.
    """
    reasons, reserves = dict(away or {}), dict[ChainId, Reserves]()
    if with_reserves:
        try:
            reserves.update(expect_custody(read))
        except (ZkLinkError, KeyError) as error:
            reasons = {chain: _say(error) for chain in read.bridges} | reasons
    chains: list[ChainStatus | Unread] = []
    for chain, place in read.deployment.places.items():
        is_program = chain in read.programs
        if chain not in reasons and (is_program or chain in read.bridges):
            try:
                chains.append(
                    read_member_chain(read, chain, now, reserves.get(chain))
                    if is_program
                    else read_chain(read, chain, now, signers or {}, reserves.get(chain))
                )
                continue
            except ZkLinkError as error:
                reasons[chain] = _say(error)
        reason = reasons.get(chain, "no node is given")
        chains.append(Unread(chain, place.name, chain == read.deployment.primary, reason))
    alarms = tuple(alarm for each in chains for alarm in list_alarms(each))
    return Status(read.deployment.deployment_hash, now, tuple(chains), alarms)


def _say(error: Exception) -> str:
    return redact(str(error)) if isinstance(error, ZkLinkError) else "the primary is not known"
