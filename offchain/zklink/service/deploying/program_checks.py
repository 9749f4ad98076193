"""Whether the programs of a deployment are what its record says: takes the record and nodes of anybody; gives every
check with its outcome. Only for a deployment with programs: it needs the extra `solana`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from zklink.l1.deployment.checks import Check
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.verify import load_named_verifiers
from zklink.l1.transport.roster import PoolPolicy
from zklink.protocol.ids import ChainId
from zklink.solana.client.node import SolanaNode
from zklink.solana.deploying.keys import read_key_words
from zklink.solana.deploying.preflight import find_programs
from zklink.solana.deploying.side import ProgramSide
from zklink.solana.deploying.verify import verify_program
from zklink.solana.toolchain import build_program, build_timelock


def open_nodes(dossier: Dossier, urls: Mapping[str, str | Sequence[str]], quorum: int = 1) -> dict[ChainId, SolanaNode]:
    """A node for each program, or several, of which a quorum must say the same; KeyError for one without."""
    places, policy = dossier.deployment.programs.items(), PoolPolicy(quorum=quorum)
    return {k: SolanaNode(place.name, urls[place.name], policy=policy) for k, place in places}


def verify_programs(dossier: Dossier, nodes: Mapping[ChainId, SolanaNode]) -> Iterator[Check]:
    """Everything that a record says of its programs. Raises RpcUnavailable, ProgramNotCompiled, ContractNotFound."""
    deployment, verifiers = dossier.deployment, load_named_verifiers(dossier)
    founded, words = dossier.plan(verifiers), read_key_words(verifiers)
    # What government has changed since stands in the deployment.
    validators, watchers = deployment.validators, deployment.watchers
    plan = replace(founded, tokens=deployment.tokens, validators=validators, watchers=watchers)
    codes = build_program(), build_timelock()
    for k, place in deployment.programs.items():
        programs = find_programs(nodes[k], plan.tokens, k)
        paused = dossier.history.paused.get(k, ())
        side = ProgramSide(place, plan, deployment.table, dossier.programs[k], *codes, words, programs, paused)
        yield from verify_program(side, nodes[k], deployment.deployment_hash)
