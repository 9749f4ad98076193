"""A generated verifier's source has the key that it was made of, and nothing else is taken for one."""

import re

import pytest

from zklink.l1.contract_artifacts import load_sources
from zklink.protocol.errors import VerificationKeyInvalid
from zklink.prover.verifier_codegen import generate_verifier
from zklink.prover.verifier_source import read_verifier

NAMES = ("SwapVerifierMinimal", "AccountVerifierMinimal", "ExitVerifierMinimal")


def source_of(name: str) -> str:
    return next(iter(load_sources(name).values()))


@pytest.mark.parametrize("name", NAMES)
def test_read_verifier__generated__gives_the_key_of_which_the_same_is_generated(name: str) -> None:
    key = read_verifier(source_of(name))
    assert key.is_development
    assert generate_verifier(key, name) == source_of(name)


def test_read_verifier__any_constant_changed_or_gone__refused() -> None:
    source = source_of(NAMES[0])
    used = [name for name in re.findall(r"^(\w+): constant", source, re.MULTILINE) if "_" in name]
    assert len(used) > 20
    for name in used:
        if name == "MAX_PROOFS":
            continue
        changed = re.sub(rf"^({name}: constant\(\w+\) = )\w+$", r"\g<1>1", source, flags=re.MULTILINE)
        for wrong in (changed, re.sub(rf"^{name}: .*$", "", source, flags=re.MULTILINE)):
            with pytest.raises(VerificationKeyInvalid):
                read_verifier(wrong)
    with pytest.raises(VerificationKeyInvalid, match="not the source of a generated verifier"):
        read_verifier("# pragma version 0.4.3\n")
