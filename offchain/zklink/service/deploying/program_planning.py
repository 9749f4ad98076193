"""The chains of an environment whose bridge is a program: from settings to places and terms, and to the desks where
they are built. Only for an environment with such chains: it needs the extra `solana`.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from solders.keypair import Keypair

from zklink.l1.contracts.bridge_structs import PriceEntry
from zklink.l1.deployment.places import ProgramDeployment
from zklink.l1.deployment.program_terms import ProgramTerms
from zklink.l1.transport.secrets import keep_secret
from zklink.prices.founding import plan_entries
from zklink.protocol.errors import DeploymentRefused
from zklink.protocol.ids import ChainId, Door
from zklink.service.settings.deployer import EnvironmentSettings, ProgramPlaceSettings
from zklink.solana.client.node import SolanaNode
from zklink.solana.client.program import Program
from zklink.solana.deploying.desk import Desk
from zklink.solana.deploying.loading import hash_code
from zklink.solana.keys import load_keypair
from zklink.solana.toolchain import build_program, build_timelock
from zklink.solana.toolchain.build import compiler_version


@dataclass(frozen=True, slots=True)
class ProgramProject:
    """One program that is to be deployed: its place, its terms, and how it is built and reached."""

    place: ProgramDeployment
    terms: ProgramTerms
    code: bytes
    lock_code: bytes
    payer: Keypair
    program: Keypair
    timelock: Keypair
    nodes: tuple[str, ...]
    unit_price: int

    def open(self, variables: Mapping[str, str]) -> Desk:
        """A desk at the nodes of the environment, else at the one that a variable such as SOLANA_RPC names. Raises
        DeploymentRefused without one.
        """
        name = self.place.name
        variable = f"{name.upper().replace('-', '_')}_RPC"
        nodes = self.nodes or tuple(filter(None, (variables.get(variable),)))
        if not nodes:
            raise DeploymentRefused(f"no node for {name}: name one as `nodes` in the file, or as {variable}")
        for url in nodes:
            keep_secret(url, public=(name,))
        return Desk(SolanaNode(name, nodes), self.payer, self.program, self.timelock, time.sleep, self.unit_price)


def plan_programs(settings: EnvironmentSettings) -> dict[ChainId, ProgramProject]:
    """The programs of an environment. Raises DeploymentRefused, FileUnreadable, KeyFileInvalid, ProgramNotCompiled."""
    code, lock_code, compiler = build_program(), build_timelock(), compiler_version()
    ids = [place.chain_id for place in settings.chains.values()] + [
        each.chain_id for each in settings.programs.values()
    ]
    chains = [ChainId(each) for each in sorted(ids)]
    found = {}
    for name, place in settings.programs.items():
        payer, program, lock = map(load_keypair, (place.payer, place.program, place.timelock))
        _check_apart(name, place, payer, program, lock)
        terms = ProgramTerms(
            payer=str(payer.pubkey()),
            owner=place.owner,
            setter=place.setter,
            fee_recipient=place.fee_recipient,
            slots_per_day=place.slots_per_day,
            prices=_plan_prices(place, chains),
            is_final=place.is_final,
            code_hash=hash_code(code),
            timelock_hash=hash_code(lock_code),
            compiler=compiler,
        )
        chain = ChainId(place.chain_id)
        nodes = tuple(node.get_secret_value() for node in place.nodes)
        bridge = Program(bytes(program.pubkey())).bridge
        addresses = (str(program.pubkey()), str(bridge))
        where = ProgramDeployment(chain, name, place.genesis, *addresses, 0, str(lock.pubkey()))
        found[chain] = ProgramProject(where, terms, code, lock_code, payer, program, lock, nodes, place.unit_price)
    return found


def _check_apart(name: str, place: ProgramPlaceSettings, payer: Keypair, program: Keypair, lock: Keypair) -> None:
    """The payer's key has been on a deploying machine: it must not govern, and it is no program."""
    own, programs = str(payer.pubkey()), {str(program.pubkey()), str(lock.pubkey())}
    if len({own, *programs}) != 3:
        raise DeploymentRefused(f"{name}: payer, program and timelock need a keypair each, and two of them are one")
    for role, address in (("owner", place.owner), ("setter", place.setter), ("fee recipient", place.fee_recipient)):
        if address in programs:
            raise DeploymentRefused(f"{name}: the {role} {address} is the address of a program")
    if place.owner == own:
        raise DeploymentRefused(
            f"{name}: the owner {own} is the payer: name another one, for a key that has been on a deploying machine "
            "must not govern"
        )
    if place.setter == place.owner:
        raise DeploymentRefused(f"{name}: the setter {place.setter} is the owner: its key is in use")


def _plan_prices(place: ProgramPlaceSettings, chains: list[ChainId]) -> tuple[PriceEntry, ...]:
    own = place.prices
    doors = {
        Door.DEPOSIT: own.deposit,
        Door.KEY_REQUEST: own.key_request,
        Door.FULL_EXIT: own.full_exit,
        Door.CROWDED_EXIT: own.crowded_exit,
    }
    swaps = {int(chain): own.swap for chain in chains}
    return plan_entries({**swaps, **{int(door): price for door, price in doors.items()}})
