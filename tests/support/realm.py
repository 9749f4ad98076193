"""Three chains in process that timelocks govern, and who has their keys."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from eth_account import Account

from tests.support.compile_vyper import load
from tests.support.drafts.rig import Rig, build_rig
from tests.support.evm import EvmContract, Reverted, reverts
from tests.support.evm_client import EvmClient
from tests.support.three_chains import (
    CHAINS,
    actor_key,
)
from zklink.l1.deployment.acts import Act
from zklink.l1.deployment.government import Government
from zklink.protocol.facts import Frozen, Group, Seal
from zklink.protocol.ids import (
    GROUP_DELAY_SECONDS,
    BlockNumber,
    TokenId,
)

NEW = TokenId(12)
DELAY = GROUP_DELAY_SECONDS
OWNER, THIEF, HEIR = (Account.from_key(actor_key(role)) for role in ("governor", "stranger", "sequencer"))
SEAL = Seal(BlockNumber(7), bytes([7] * 32))


@dataclass
class Realm:
    """The rig, governed by timelocks that OWNER owns."""

    rig: Rig
    government: Government

    def wait(self, seconds: int) -> None:
        """Time passes on every chain."""
        for here in self.rig:
            here.evm.time += seconds

    def carry_out(self, act: Act) -> None:
        """Propose, see that it waits, execute by a stranger."""
        self.government.propose(OWNER, act)
        self.wait(DELAY - 1)
        with reverts("timelock: too early to execute"):
            self.government.execute(THIEF, act)
        self.wait(1)
        self.government.execute(THIEF, act)

    def registries(self) -> Iterator[EvmContract]:
        return (here.registry for here in self.rig)

    def check_word(self, fact: Seal | Frozen, group: Group, evidence: bytes) -> None:
        """Ask the groups of every chain about a fact of one group."""
        for here in self.rig:
            if isinstance(fact, Seal):
                here.groups.check_seal(self.rig.deployment_hash, fact.number, fact.sync_hash, evidence)
            else:
                here.groups.check_frozen(self.rig.deployment_hash, fact.chain, fact.round, evidence)

    def refuses_word(self, fact: Seal | Frozen, group: Group, evidence: bytes) -> None:
        """No chain takes it."""
        for k in CHAINS:
            with pytest.raises(Reverted, match="groups: "):
                Realm(replace(self.rig, chains={k: self.rig[k]}), self.government).check_word(fact, group, evidence)


def build_realm() -> Realm:
    """The rig of the unit tests with timelocks."""
    rig = build_rig(has_timelock=True)
    clients = {here.chain: EvmClient(here.chain, here.evm, load) for here in rig}
    return Realm(rig, Government(rig.deployment, clients))
