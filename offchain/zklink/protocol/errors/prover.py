"""Circuits, witnesses, keys and proofs."""

from dataclasses import dataclass

from zklink.protocol.errors.base import ProverError

MAKE_AGAIN = "give the files of one set-up; those in the cache are made again by `zklink setup` once they are removed"


@dataclass(eq=False)
class CircuitSourceInvalid(ProverError):
    """A circuit's sources are incomplete."""

    circuit: str
    reason: str

    def __str__(self) -> str:
        return f"circuit {self.circuit}: {self.reason}"


@dataclass(eq=False)
class CircuitCompileFailed(ProverError):
    """The circuit compiler refused a circuit."""

    circuit: str
    output: str

    def __str__(self) -> str:
        return f"circuit {self.circuit} does not compile: {self.output}"


@dataclass(eq=False)
class ConstraintsUnpublished(ProverError):
    """A circuit compiles to another constraint system than the one that is published with the sources.
    Do: Compare sources and tools with the release; for circuits that were changed on purpose, `zklink r1cs --write`.
    """

    circuit: str
    found: str
    published: str

    def __str__(self) -> str:
        return (
            f"circuit {self.circuit} compiles to an .r1cs with SHA-256 {self.found}, and {self.published} is published"
        )


@dataclass(eq=False)
class KeyFilesMissing(ProverError):
    """A folder of proving keys does not have the files of a circuit, or its list does not name them.
    Do: Put there what the operator of the deployment publishes: for each circuit NAME.zkey and NAME.vkey.json, and
    SHA256SUMS with a line for each.
    """

    circuit: str
    folder: str
    files: str

    def __str__(self) -> str:
        return f"the keys of {self.circuit} are not in {self.folder}: {self.files}"


@dataclass(eq=False)
class WitnessInputInvalid(ProverError):
    """An input signal is unknown, missing, of the wrong size or not a field element."""

    circuit: str
    signal: str
    reason: str

    def __str__(self) -> str:
        return f"circuit {self.circuit}, input {self.signal}: {self.reason}"


@dataclass(eq=False)
class WitnessUnsatisfied(ProverError):
    """The inputs do not satisfy the circuit: a constraint or an assertion failed.
    Do: Report it: a sealed block always has a witness, so this is an error in this package or a mixture of
    versions.
    """

    circuit: str
    message: str

    def __str__(self) -> str:
        return f"the inputs do not satisfy circuit {self.circuit}: {self.message}"


@dataclass(eq=False)
class VerificationKeyInvalid(ProverError):
    """A verification key is malformed or unsafe.
    Do: Take the key file from its source again; never deploy a verifier for this one.
    """

    reason: str

    def __str__(self) -> str:
        return f"verification key: {self.reason}"


@dataclass(eq=False)
class ProvingKeyInvalid(ProverError):
    """A .zkey file is malformed or of another proof system.
    Do: Remove the file and run `zklink setup`, or give the whole file of your ceremony.
    """

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}; {MAKE_AGAIN}"


@dataclass(eq=False)
class ConstraintSystemInvalid(ProverError):
    """An .r1cs file is malformed or of another field.
    Do: Remove the file and run `zklink setup`.
    """

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}; {MAKE_AGAIN}"


@dataclass(eq=False)
class CalculatorInvalid(ProverError):
    """A witness calculator (.wasm) is malformed or cut off, or fails in its own code.
    Do: Remove the file and run `zklink setup`.
    """

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}; {MAKE_AGAIN}"


@dataclass(eq=False)
class FilesMixed(ProverError):
    """Two files of a circuit do not belong together; `path` and `other` name them.
    Do: Give the files of one set-up; remove those in the cache and run `zklink setup`.
    """

    circuit: str
    path: str
    other: str
    reason: str

    def __str__(self) -> str:
        return f"circuit {self.circuit}: {self.path} does not belong to {self.other}: {self.reason}; {MAKE_AGAIN}"


@dataclass(eq=False)
class ProofMalformed(ProverError):
    """A proof is not eight coordinates of the base field.
    Do: Take the proof from its prover again.
    """

    reason: str

    def __str__(self) -> str:
        return f"proof: {self.reason}"


@dataclass(eq=False)
class ProofRejected(ProverError):
    """A prover made a proof that does not verify; it must not be sent.
    Do: Nothing at first: another prover tries. If that fails as well, check the proving key with `zklink setup`.
    """

    circuit: str
    prover: str

    def __str__(self) -> str:
        return f"{self.prover} made a proof of {self.circuit} that does not verify"


@dataclass(eq=False)
class ProverPanicked(ProverError):
    """A prover's native code gave up. `path` is the proving key that it worked with.
    Do: Nothing at first: groth16py tries. If it comes again, remove the proving key and run `zklink setup`.
    """

    circuit: str
    prover: str
    path: str
    detail: str

    def __str__(self) -> str:
        return f"{self.prover} gave up on circuit {self.circuit} with {self.path}: {self.detail}; {MAKE_AGAIN}"
