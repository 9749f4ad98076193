"""A verifier for another's key: any Groth16 key of snarkjs on bn128 becomes a Vyper contract that checks its proofs.

`foreign_key/` holds what snarkjs made for a circuit that has nothing to do with this system: the key of a ceremony, a
proof and its public inputs. Run it with `python examples/verifier.py`. It prints:

    the verifier takes 3 inputs and 4,358 bytes
    accepts snarkjs' proof
    refuses it for another input: verifier: invalid proof
"""

import json
from pathlib import Path

from zklink.devnet.profiles import POLYGON
from zklink.devnet.world import open_world
from zklink.l1.contract_artifacts import compile_source
from zklink.l1.transport.client import encode_call
from zklink.protocol.errors import CallReverted
from zklink.prover.proof import Proof
from zklink.prover.verification_key import VerificationKey
from zklink.prover.verifier_codegen import generate_verifier

FOLDER = Path(__file__).parent / "foreign_key"


def main() -> None:
    key = VerificationKey.from_json((FOLDER / "verification_key.json").read_text())
    proof = Proof.from_snarkjs((FOLDER / "proof.json").read_text())
    inputs = [int(value) for value in json.loads((FOLDER / "public.json").read_text())]
    artifact = compile_source("ForeignVerifier", generate_verifier(key, "ForeignVerifier"))
    print(f"the verifier takes {key.input_count} inputs and {artifact.code_size:,} bytes")

    with open_world("test", (POLYGON,)) as world:
        client, account = world[POLYGON.chain_id].client, world.roles.stranger
        contract = client.contract(client.deploy(account, artifact), artifact)
        client.send(account, encode_call(contract, "check_proofs", [proof.evm()], [inputs]))
        print("accepts snarkjs' proof")
        try:
            client.send(account, encode_call(contract, "check_proofs", [proof.evm()], [[*inputs[:-1], inputs[-1] + 1]]))
        except CallReverted as error:
            print(f"refuses it for another input: {error.reason}")


if __name__ == "__main__":
    main()
