"""The module on Solana as `solders` and the client's builders do it: fixed questions about accounts, and any others."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.javascript.peer import Peer
from tests.javascript.reference import answer
from tests.javascript.solana_reference import ACCOUNT_CALLS
from tests.javascript.solana_vectors import NAMES, TOKEN_PROGRAM, list_account_questions
from tests.support.tries import tries
from zklink.primitives.base58 import encode_base58

KEYS = st.binary(min_size=32, max_size=32)
PLACES = st.sampled_from(NAMES)
METAS = st.fixed_dictionaries({"address": PLACES, "isSigner": st.booleans(), "isWritable": st.booleans()})
CALLS = st.fixed_dictionaries(
    {
        "program": PLACES,
        "accounts": st.lists(METAS, max_size=5),
        "data": st.binary(max_size=200).map(lambda data: f"0x{data.hex()}"),
    }
)


def check(peer: Peer, call: str, arguments: Any) -> bool:
    """The same answer, or refused by both; gives whether there was one."""
    expected, found = answer(call, arguments), peer.ask(call, arguments)
    assert ("answer" in found) == ("answer" in expected), (found, expected)
    assert found.get("answer") == expected.get("answer")
    return "answer" in found


def test_accounts__of_the_program__are_read_and_called_as_by_the_client(peer: Peer) -> None:
    answered = {call for call, arguments in list_account_questions() if check(peer, call, arguments)}
    refused = {call for call, arguments in list_account_questions() if "refused" in answer(call, arguments)}
    assert answered == ACCOUNT_CALLS.keys() and refused == {"program_token", "program_swap"}


@given(key=KEYS, owner=KEYS, token=st.integers(0, 2**16 - 1))
@tries(40)
def test_addresses__any_keys__are_those_of_solders(peer: Peer, key: bytes, owner: bytes, token: int) -> None:
    check(peer, "is_key", {"bytes": f"0x{key.hex()}"})
    text = encode_base58(key)
    assert check(peer, "decode_base58", {"text": text, "length": 32})
    assert check(peer, "program_places", {"program": text, "token": str(token)})
    holding = {"owner": encode_base58(owner), "mint": text, "token_program": TOKEN_PROGRAM}
    assert check(peer, "holding", holding)


@given(calls=st.lists(CALLS, min_size=1, max_size=4), payer=PLACES, message=st.binary(max_size=300))
@tries(60)
def test_messages__any_calls__are_those_of_solders(peer: Peer, calls: Any, payer: str, message: bytes) -> None:
    assert check(peer, "solana_message", {"payer": payer, "calls": calls, "blockhash": NAMES[0]})
    assert check(peer, "sign_ed25519", {"seed": "0x" + "07" * 32, "message": f"0x{message.hex()}"})
