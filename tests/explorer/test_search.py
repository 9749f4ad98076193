"""The search box: every kind of thing by its name, and plain words when nothing fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.scene import Scene
from tests.explorer.busy import HOSTILE, Busy
from tests.explorer.test_pages import READER
from tests.scenarios.pipeline import BSC
from tests.support.tries import tries
from zklink.primitives.base58 import encode_base58

KEY = encode_base58(bytes([5]) * 32)
"""An address of Solana that nobody has."""


def ask(scene: Scene, text: str) -> tuple[int, str]:
    """(status, where it leads or the page)."""
    response = scene.client.get("/search", params={"q": text}, headers=READER, follow_redirects=False)
    return response.status_code, response.headers.get("location", response.text)


def test_search__everything_that_has_a_name__leads_to_its_page(busy: Busy) -> None:
    tx_hash, scene = busy.tx_hash(busy.arrived), busy.scene
    key = f"{busy.arrived[0]}-{busy.arrived[1]}"
    recipient = scene.get(f"/v1/transfers/{tx_hash}")["transfers"][0]["recipient"]
    address = recipient.rpartition(":")[2].lower()
    expected = {
        tx_hash: f"/transfers/{tx_hash}",
        tx_hash.removeprefix("0x").upper(): f"/transfers/{tx_hash}",
        f"  {tx_hash} ": f"/transfers/{tx_hash}",
        key: f"/requests/{key}",
        busy.operation: f"/operations/{busy.operation}",
        busy.owner: f"/addresses/{busy.owner}",
        recipient: f"/addresses/{address}",
        address: f"/addresses/{address}",
        "12": "/blocks/12",
        "btc": "/tokens/7",
        HOSTILE: "/tokens/1",
        "Polygon": "/chains#chain-2",
        "eip155:56": "/chains#chain-3",
    }
    assert {text: ask(scene, text) for text in expected} == {text: (303, path) for text, path in expected.items()}


def test_search__number_of_a_block_and_of_an_account__offers_both(busy: Busy) -> None:
    status, text = ask(busy.scene, "1")
    assert status == 200
    assert 'href="/blocks/1"' in text and 'href="/accounts/1"' in text and "2 pages fit" in text


def test_search__contract__says_which_one_it_is_on_which_chain(busy: Busy) -> None:
    place = busy.scene.sources.place(BSC)
    for name in ("groups", "entry", "resolver"):
        status, text = ask(busy.scene, getattr(place, name))
        assert (status, text) == (303, "/chains#chain-3") or f"The contract {name} on bsc" in text
        assert getattr(place, name) in busy.scene.client.get("/chains").text
        page = busy.scene.client.get(f"/addresses/{getattr(place, name)}").text
        assert f'<a href="/chains#chain-{BSC}">{name} on bsc</a>' in page
    assert "The contract" not in busy.scene.client.get("/addresses/0x" + "12" * 20).text


@pytest.mark.parametrize(
    "text",
    ["999999", "9-9", "nothing", "0x" + "12" * 20, "<b>bold</b>", "9" * 30, "9" * 43, f"solana:{'A' * 32}:{KEY}"],
)
def test_search__nothing_fits__says_so_and_what_can_be_asked(scene: Scene, text: str) -> None:
    status, page = ask(scene, text)
    assert (status, "Nothing fits" in page, "<b>" in page) == (404, True, False)
    assert "What can be asked" in page


@pytest.mark.parametrize("text", ["0x" + "cd" * 32, encode_base58(bytes([7]) * 64)])
def test_search__hash_that_no_chain_has_shown__can_be_watched_for(scene: Scene, text: str) -> None:
    status, page = ask(scene, text)
    assert (status, f'href="/transfers/{text}"' in page) == (404, True)


def test_search__nothing_asked__says_what_can_be_asked(scene: Scene) -> None:
    assert ask(scene, "  ")[0] == 200


@tries(60)
@given(text=st.text(max_size=80) | st.from_regex(r"[0-9a-fx:-]{1,70}", fullmatch=True))
def test_search__any_text__is_found_or_not_and_never_fails(scene: Scene, text: str) -> None:
    assert ask(scene, text)[0] in (200, 303, 404)
