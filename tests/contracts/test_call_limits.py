"""The lengths of lists and byte strings in the interfaces, which import nothing, are the protocol's."""

import re

import pytest

from zklink.l1.contract_artifacts import CONTRACTS
from zklink.protocol import limits

MAX_OWN_WORDS = 512
"""Words of one chain's slice of one block."""
DECLARED = {
    ("IPrimaryHistory", "blocks"): limits.MAX_BLOCKS,
    ("IPrimaryHistory", "consents"): limits.MAX_CONSENTS_BYTES,
    ("IPrimaryHistory", "queues"): limits.MAX_QUEUES,
    ("IPrimaryHistory", "later"): limits.MAX_LATER,
    ("IPrimaryHistory", "seal"): limits.MAX_EVIDENCE_BYTES,
    ("IPrimaryHistory", "words"): limits.MAX_WORDS_BYTES,
    ("IMemberHistory", "blocks"): limits.MAX_BLOCKS,
    ("IMemberHistory", "claims"): limits.MAX_CLAIMS,
    ("IMemberHistory", "later"): limits.MAX_LATER,
    ("IMemberHistory", "validators"): limits.MAX_EVIDENCE_BYTES,
    ("IMemberHistory", "words"): limits.MAX_WORDS_BYTES,
    ("IHistory", "payouts"): limits.MAX_PAYOUT_WORDS,
    ("IBridge", "words"): limits.MAX_PAYOUT_WORDS,
    ("IGroups", "members"): limits.MAX_SIGNERS,
    ("IGroups", "queues"): limits.MAX_QUEUES,
    ("IGroups", "watchers"): limits.MAX_EVIDENCE_BYTES,
    ("IMemberEnd", "later"): limits.MAX_LATER,
    ("IMemberEnd", "path"): limits.MAX_LATER,
    ("IMemberEnd", "claims"): limits.MAX_CLAIMS // limits.MAX_BLOCKS,
    ("IMemberEnd", "evidence"): limits.MAX_EVIDENCE_BYTES,
    ("IMemberEnd", "words"): 32 * MAX_OWN_WORDS,
    ("IExodus", "words"): limits.MAX_CANCEL_WORDS,
    ("IVerifier", "proofs"): limits.MAX_BLOCKS,
    ("IVerifier", "inputs"): limits.MAX_BLOCKS,
}


def read_bounds(interface: str, name: str) -> set[int]:
    """Every bound of a list or byte string of this name in an interface."""
    source = (CONTRACTS / "interfaces" / f"{interface}.vyi").read_text()
    return {int(bound) for bound in re.findall(rf"\b{name}: (?:DynArray\[[^,]+, |Bytes\[)(\d+)\]", source)}


@pytest.mark.parametrize(("interface", "name"), DECLARED)
def test_interface__length_of_a_list__is_the_protocols(interface: str, name: str) -> None:
    assert max(read_bounds(interface, name)) == DECLARED[interface, name]
