"""`zklink verifier`: a Vyper verifier for anybody's Groth16 key, its interface, and a test of it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from zklink.files import read_bytes, read_file, write_file
from zklink.prover.foreign_keys import read_verification_key
from zklink.prover.proof import verify
from zklink.prover.verification_key import VerificationKey
from zklink.prover.verifier_codegen import generate_verifier
from zklink.prover.verifier_files import read_numbers, read_proof, render_interface, render_test

_FILE = click.Path(dir_okay=False, path_type=Path)
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("key", type=_EXISTING)
@click.option("-o", "--output", type=_FILE, help="File to write, with its interface INAME.vyi beside it; else stdout.")
@click.option("--name", help="The contract's name; by default the output file's, else Verifier.")
@click.option("--test", type=_FILE, help="Also write a test for pytest and `ape test`, with this proof.")
@click.option("--proof", type=_EXISTING, help="A proof that holds, for the test.")
@click.option("--public", type=_EXISTING, help="The proof's public inputs: a JSON list, as snarkjs' public.json.")
def verifier(
    key: Path, output: Path | None, name: str | None, test: Path | None, proof: Path | None, public: Path | None
) -> None:
    """Write a Vyper verifier for KEY, a Groth16 verification key on BN254 (bn128).

    KEY is verification_key.json of snarkjs; gnark's VerifyingKey as WriteTo, WriteRawTo, JSON or ExportSolidity write
    it; or arkworks' VerifyingKey<Bn254> as CanonicalSerialize writes it, compressed or not. Bytes can also be in hex.

    The proof is proof.json of snarkjs, or its eight words in the precompile's order: a JSON list, or hex. It is
    checked before the test is written; the test then also shows that whatever differs from it is refused.
    """
    checked = read_verification_key(read_bytes(key))
    contract = name or (output.stem if output else "Verifier")
    source = generate_verifier(checked, contract)
    given = (test, proof, public)
    if any(given) and (output is None or not all(given)):
        raise click.UsageError("a test needs --output, --test, --proof and --public together")
    if output is None:
        click.echo(source, nl=False)
        return
    files = {output: source, output.with_name(f"I{contract}.vyi"): render_interface(checked, contract)}
    if test is not None and proof is not None and public is not None:
        files[test] = _render_test(checked, contract, os.path.relpath(output, test.parent), proof, public)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text)
        click.echo(f"wrote {path}", err=True)


def _render_test(key: VerificationKey, name: str, contract: str, proof: Path, public: Path) -> str:
    points, publics = read_proof(read_file(proof)), read_numbers(read_file(public))
    if not verify(key, points, publics):
        raise click.UsageError(f"{proof} does not hold under this key for the {len(publics)} inputs of {public}")
    return render_test(key, name, contract, points, publics)
