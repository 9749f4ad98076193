"""Whether the verifiers that would be deployed are for the keys of a folder, which a ceremony has given. Only reads."""

from collections.abc import Mapping
from pathlib import Path

from zklink.files import read_file
from zklink.l1.deployment.records import VkHashes
from zklink.protocol.errors import DeploymentRefused
from zklink.protocol.presets import Preset
from zklink.prover.key_folder import check_key_files
from zklink.prover.source import Statement, circuit_source
from zklink.prover.verification_key import VerificationKey


def check_key_folder(folder: Path, preset: Preset, hashes: VkHashes) -> None:
    """Raise DeploymentRefused unless the folder's keys are those of the verifiers; KeyFilesMissing, ProvingKeyInvalid,
    FileUnreadable, VerificationKeyInvalid for a folder that is not whole.
    """
    expected: Mapping[Statement, bytes] = {
        Statement.SWAP: hashes.swap,
        Statement.ACCOUNT: hashes.account,
        Statement.EXIT: hashes.exit,
    }
    for statement, known in expected.items():
        name = circuit_source(statement, preset).name
        _, path = check_key_files(folder, name)
        found = VerificationKey.from_json(read_file(path)).hash()
        if found != known:
            raise DeploymentRefused(
                f"the verifier of {name} is for the key 0x{known.hex()}, and {folder} has 0x{found.hex()}: nobody "
                f"could prove; make the contract anew, `zklink verifier {path}`"
            )
