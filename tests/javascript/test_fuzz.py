"""Whatever is asked, JavaScript and Python answer the same, or both refuse."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.javascript.contract_reference import ANY
from tests.javascript.peer import Peer
from tests.javascript.reference import answer, layouts
from tests.javascript.vectors import (
    DEPLOYMENT,
    DEPOSIT_REQUEST,
    OPERATIONS,
    ORDERS,
    OWNER,
    PLACE,
    RELAY,
    REQUEST,
    TOKEN,
)
from tests.support.tries import tries
from zklink.primitives.field import R
from zklink.protocol.layer2_key import ORDER

SHARED: Final = {"place": PLACE, "relay": RELAY}
RECORDS: Final = ("SWAP_REQUEST", "PAYOUT", "SWAP_PAID", "ACCOUNT_REQUEST", "LEDGER_MESSAGE", "POOL_MESSAGE")


def near(*edges: int) -> st.SearchStrategy[str]:
    """Numbers of all sizes, and those beside an edge."""
    beside = st.builds(lambda edge, step: max(0, edge + step), st.sampled_from(edges), st.integers(-2, 2))
    sized = st.integers(0, 256).flatmap(lambda bits: st.integers(0, (1 << bits) - 1))
    return st.one_of(beside, sized).map(str)


def hexes(*lengths: int) -> st.SearchStrategy[str]:
    return st.sampled_from(lengths).flatmap(lambda n: st.binary(min_size=n, max_size=n)).map(lambda b: f"0x{b.hex()}")


def changed(base: dict[str, Any], **others: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """`base` with one field drawn anew, or none."""
    numbers, texts = near(0, 2**8, 2**16, 2**32, 2**40, 2**112), hexes(32, 32, 31)
    draws = [st.just(base)]
    for name, value in base.items():
        if isinstance(value, str):
            drawn = others.get(name, texts if value.startswith("0x") else numbers)
            draws.append(st.tuples(st.just(name), drawn).map(lambda pair: {**base, pair[0]: pair[1]}))
    return st.one_of(draws)


@st.composite
def word_questions(draw: st.DrawFn) -> tuple[str, Any]:
    record = draw(st.sampled_from(RECORDS))
    index = draw(st.integers(0, len(layouts(record)) - 1))
    if draw(st.booleans()):
        return "unpack_word", {"record": record, "index": index, "word": draw(near(2**248, 0))}
    fields = layouts(record)[index].fields
    return "pack_word", {
        "record": record,
        "index": index,
        "values": {field.name: draw(near(0, field.mask)) for field in fields},
    }


@st.composite
def operation_questions(draw: st.DrawFn) -> tuple[str, Any]:
    name = draw(st.sampled_from(sorted(OPERATIONS)))
    operation = draw(changed(OPERATIONS[name], fee=near(0, 2047, 2**112), public_key_hash=near(R)))
    question = {"type": name, "operation": operation, "domain": draw(near(0, 2**247, R))}
    if draw(st.integers(0, 3)):
        return "message", question
    return "sign", {**question, "seed": draw(hexes(32))}


addresses = hexes(20).map(lambda text: text.lower())
owners = st.one_of(
    hexes(32, 31), st.builds(lambda chain, low: f"0x{chain:02x}{'00' * 11}{low[2:]}", st.integers(0, 9), addresses)
)
address_questions = st.one_of(
    st.tuples(st.just("bound_chain"), st.fixed_dictionaries({"owner": owners})),
    st.tuples(st.just("bind_owner"), st.fixed_dictionaries({"owner": owners, "chain": st.integers(0, 9)})),
    st.tuples(st.just("evm_address"), st.fixed_dictionaries({"address": owners})),
    st.tuples(st.just("universal_address"), st.fixed_dictionaries({"address": addresses})),
    st.tuples(
        st.just("is_recipient"),
        st.fixed_dictionaries({"address": owners, "format": st.sampled_from((1, 2)), "chain": st.integers(1, 8)}),
    ),
)
amounts = st.one_of(
    st.from_regex(r"[0-9]{0,30}(\.[0-9]{0,20})?", fullmatch=True), st.text("0123456789.-+e ", max_size=12)
)
number_questions = st.one_of(
    st.tuples(
        st.sampled_from(("pack_fee", "round_up_fee")), st.fixed_dictionaries({"fee": near(0, 2047, 20480, 2**112)})
    ),
    st.tuples(st.just("unpack_fee"), st.fixed_dictionaries({"packed": near(0, 2**16)})),
    st.tuples(st.just("parse_amount"), st.fixed_dictionaries({"text": amounts, "decimals": st.integers(0, 18)})),
    st.tuples(
        st.just("format_amount"), st.fixed_dictionaries({"units": near(0, 10**18), "decimals": st.integers(0, 18)})
    ),
    st.tuples(st.just("poseidon"), st.fixed_dictionaries({"inputs": st.lists(near(0, R), max_size=6)})),
)
request_questions = st.one_of(
    st.tuples(st.just("swap_request"), changed(REQUEST)),
    st.tuples(st.just("deposit_request"), changed(DEPOSIT_REQUEST)),
    st.tuples(
        st.sampled_from(("swap_request_back", "deposit_request_back")),
        st.fixed_dictionaries({"words": st.lists(near(0, 2**240, 2**248), min_size=3, max_size=5)}),
    ),
)
reserves = st.integers(0, 2**112 - 1).map(str)
pools = st.lists(
    st.builds(
        lambda a, b, x, y, fee: {"token_a": a, "token_b": b, "reserve_a": x, "reserve_b": y, "fee_bps": fee},
        st.integers(1, 2), st.integers(3, 4), reserves, reserves, st.integers(0, 9_999),
    ),
    unique_by=lambda pool: (pool["token_a"], pool["token_b"]), max_size=4,
)  # fmt: skip
quote_questions = st.one_of(
    st.tuples(
        st.just("best_route"),
        st.fixed_dictionaries(
            {"pools": pools, "token_in": st.integers(1, 4), "token_out": st.integers(1, 4), "amount": reserves}
        ),
    ),
)
orders = st.sampled_from(sorted(ORDERS)).flatmap(
    lambda door: st.fixed_dictionaries({"door": st.just(door), "order": changed(ORDERS[door], refundTo=addresses)})
)
signature_questions = st.one_of(
    st.tuples(
        st.just("layer2_seed"),
        st.builds(
            lambda r, s, v: {"signature": f"0x{r:064x}{s:064x}{v:02x}"},
            st.integers(0, 2**256 - 1) | st.sampled_from((0, ORDER, ORDER - 1)),
            st.integers(0, 2**256 - 1) | st.sampled_from((0, 1, ORDER, ORDER - 1)),
            st.sampled_from((0, 1, 2, 26, 27, 28, 29)),
        ),
    ),
    st.tuples(
        st.just("layer2_data"),
        st.fixed_dictionaries({"deployment": hexes(32, 31), "owner": addresses, "index": st.integers(0, 2**32)}),
    ),
    st.tuples(st.just("order_nonce"), orders.map(lambda drawn: {**drawn, **SHARED})),
    st.tuples(
        st.just("permit2"),
        orders.map(lambda drawn: {**drawn, **SHARED, "token": ANY, "nonce": "1", "deadline": "2"}),
    ),
    st.tuples(
        st.just("authorization"),
        orders.map(
            lambda drawn: {
                **drawn, "place": PLACE, "relay": RELAY, "domain": TOKEN, "signer": OWNER.address, "valid_before": "2",
            }
        ),
    ),
    st.tuples(st.just("call_door"), orders.map(lambda drawn: {**drawn, "how": {"upTo": True}})),
)  # fmt: skip
QUESTIONS: Final[dict[str, tuple[int, st.SearchStrategy[tuple[str, Any]]]]] = {
    "words": (100, word_questions()),
    "operations": (40, operation_questions()),
    "addresses": (100, address_questions),
    "numbers": (100, number_questions),
    "requests": (100, request_questions),
    "quotes": (60, quote_questions),
    "signatures": (60, signature_questions),
}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_module__any_question__is_answered_as_python_does(kind: str, peer: Peer) -> None:
    count, questions = QUESTIONS[kind]
    seen = {"answer": 0, "refused": 0}

    @given(questions)
    @tries(count)
    def ask(question: tuple[str, Any]) -> None:
        expected, found = answer(*question), peer.ask(*question)
        if "answer" in expected:
            assert found == expected, question
        else:
            assert "refused" in found, (question, expected, found)
        seen[next(iter(expected))] += 1

    ask()
    assert all(seen.values()) or kind == "quotes", f"only {seen}"


def test_peer__a_wrong_constant__is_noticed(peer: Peer) -> None:
    """The questions have teeth: an answer of another deployment's key is another one."""
    question = {"deployment": DEPLOYMENT, "owner": "0x" + "01" * 20, "index": 0}
    other = {**question, "deployment": "0x" + "09" * 32}
    assert peer.ask("layer2_data", question) == answer("layer2_data", question) != peer.ask("layer2_data", other)
