"""Whether a deployment is what its record says: takes the record, the sources and a client per chain that anybody may
run; gives every check with its outcome. Only reads, and believes nothing of the record that it can read elsewhere.
"""

from collections.abc import Iterator, Mapping

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.deployment.blueprint import Blueprint, Creation
from zklink.l1.deployment.checks import Check, check
from zklink.l1.deployment.dossier import BuiltContract, Dossier
from zklink.l1.deployment.lookups import find_origin, find_receipt
from zklink.l1.deployment.records import Verifiers
from zklink.l1.deployment.rehearsal import KeyFacts, Rehearsed, hash_code, read_keys, rehearse
from zklink.l1.deployment.standard_json import hash_inputs
from zklink.l1.deployment.verify_state import verify_state
from zklink.l1.transport.client import ChainClient
from zklink.protocol.errors import RehearsalFailed
from zklink.protocol.ids import ChainId


def load_named_verifiers(dossier: Dossier) -> Verifiers:
    """The record's verifiers, compiled from the sources here. Raises ContractNotFound, ContractNotCompiled."""
    swap, account, exit_ = map(load_contract, dossier.verifiers)
    return Verifiers(swap, account, exit_)


def draw_blueprint(dossier: Dossier, verifiers: Verifiers, keys: KeyFacts) -> Blueprint:
    """The blueprint that a record claims to come from."""
    nonces = {k: terms.nonce for k, terms in dossier.terms.items()}
    profiles = dossier.profiles()
    return Blueprint(
        dossier.plan(verifiers), profiles, dossier.deployer, dossier.deployer, nonces, lambda blueprint: keys.hashes
    )


def verify(dossier: Dossier, clients: Mapping[ChainId, ChainClient]) -> Iterator[Check]:
    """Everything that a record says of its chains. Raises RpcUnavailable, ContractNotFound, ContractNotCompiled."""
    yield from verify_code(dossier, clients)
    for k, client in clients.items():
        yield from verify_state(dossier, k, client)


def verify_code(dossier: Dossier, clients: Mapping[ChainId, ChainClient]) -> Iterator[Check]:
    """Every contract: where it stands, that its code is that of the sources here with these arguments, immutable values
    included, and that it was created by the transaction that the record names.
    """
    verifiers = load_named_verifiers(dossier)
    keys = read_keys(verifiers)
    blueprint = draw_blueprint(dossier, verifiers, keys)
    yield check("all chains", "deployment hash", dossier.deployment.deployment_hash, blueprint.deployment_hash())
    yield check("all chains", "key hashes", dossier.deployment.vk_hashes, keys.hashes)
    yield from _verify_apart(dossier)
    blocks = {(k, one.name): one.block for k, contracts in dossier.contracts.items() for one in contracts}
    try:
        rehearsed = rehearse(blueprint, read_times(blocks, clients))
    except RehearsalFailed as error:
        yield Check(error.chain, f"{error.contract} from the sources", False, error.reason)
        return
    inputs = hash_inputs(one.creation.artifact.name for contracts in rehearsed.values() for one in contracts)
    for k, contracts in rehearsed.items():
        said = {one.name: one for one in dossier.contracts[k]}
        name = clients[k].profile.name
        yield check(name, "contracts in the record", sorted(said), sorted(one.creation.name for one in contracts))
        for one in contracts:
            if one.creation.name in said:
                found = said[one.creation.name]
                yield from _verify_contract(clients[k], found, one)
                what = one.creation.artifact.name
                yield check(name, f"{what}: compiler input", found.input_hash, inputs[what])
                yield check(name, f"{what}: source in the record", found.contract, what)
            yield _verify_place(dossier, k, one.creation)
        first = min((one.block for one in dossier.contracts[k]), default=0)
        from_block = dossier.deployment.chains[k].from_block
        yield Check(
            name, "where its events begin", from_block <= first, f"in block {from_block}, its contracts in {first}"
        )


def _verify_apart(dossier: Dossier) -> Iterator[Check]:
    """Nobody is in two of validators, watchers and governor: the contracts of the groups see the timelock alone."""
    deployment = dossier.deployment
    people = {
        "validators": deployment.validators.members,
        "watchers": deployment.watchers.members,
        "governor": (deployment.governor,),
    }
    for one, other in (("validators", "watchers"), ("validators", "governor"), ("watchers", "governor")):
        both = {int(each, 16) for each in people[one]} & {int(each, 16) for each in people[other]}
        yield check("all chains", f"in both {one} and {other}", [f"0x{each:040x}" for each in sorted(both)], [])


def _verify_place(dossier: Dossier, chain: ChainId, creation: Creation) -> Check:
    """What every program takes from the record is the contract that was checked."""
    place = dossier.deployment.chains[chain]
    what = f"{creation.artifact.name}: address among the chain's"
    return check(place.name, what, getattr(place, creation.name).lower(), creation.address.lower())


def _verify_contract(client: ChainClient, said: BuiltContract, expected: Rehearsed) -> Iterator[Check]:
    name, creation, what = client.profile.name, expected.creation, expected.creation.artifact.name
    yield check(name, f"{what}: address", said.address, creation.address)
    yield check(name, f"{what}: code", hash_code(client.code(creation.address)), hash_code(expected.code))
    yield check(name, f"{what}: code hash in the record", said.code_hash, hash_code(expected.code))
    yield check(name, f"{what}: arguments", said.arguments, f"0x{creation.encoded_arguments.hex()}")
    yield _verify_origin(client, said, creation)


def _verify_origin(client: ChainClient, said: BuiltContract, creation: Creation) -> Check:
    """Storage is what the constructor made of the arguments, and a transaction says which they were."""
    what, name = f"{creation.artifact.name}: transaction", client.profile.name
    tx_hash = bytes.fromhex(said.transaction.removeprefix("0x"))
    origin = find_origin(client, tx_hash) if tx_hash else None
    receipt = find_receipt(client, tx_hash) if tx_hash else None
    if origin is None or receipt is None:
        return Check(name, what, False, f"the node knows no transaction {said.transaction or 'of it'}")
    found = (receipt.is_success, origin.is_creation, receipt.contract_address, receipt.block_number)
    if found != (True, True, creation.address, said.block):
        detail = f"{said.transaction} created {receipt.contract_address} in block {receipt.block_number}"
        return Check(name, what, False, detail)
    return check(name, what, hash_code(origin.data), hash_code(creation.init_code))


def read_times(
    blocks: Mapping[tuple[ChainId, str], int], clients: Mapping[ChainId, ChainClient]
) -> dict[tuple[ChainId, str], int]:
    """When contracts were created, by the chains' own blocks: some keep that time in their code."""
    return {(k, name): clients[k].block(block).timestamp for (k, name), block in blocks.items() if block}
