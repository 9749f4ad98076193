"""The verification keys as a program keeps them: those that the generated verifiers of a deployment have."""

from zklink.l1.contract_artifacts import ContractArtifact, load_sources
from zklink.l1.deployment.records import Verifiers
from zklink.prover.verifier_source import read_verifier


def read_key_words(verifiers: Verifiers) -> tuple[bytes, bytes, bytes]:
    """The keys of swap blocks, account blocks and exits. Raises VerificationKeyInvalid, ContractNotFound."""
    return _words(verifiers.swap), _words(verifiers.account), _words(verifiers.exit)


def _words(verifier: ContractArtifact) -> bytes:
    source = next(iter(load_sources(verifier.name).values()))
    return b"".join(word.to_bytes(32, "big") for word in read_verifier(source).words())
