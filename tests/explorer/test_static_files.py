"""The files that pages load."""

import re

import pytest

from tests.api.scene import Scene
from tests.explorer.test_pages import READER
from zklink.explorer.static_files import FOLDER, TYPES, name_file


def test_files_of_a_page__have_the_version_of_their_content_and_never_change(scene: Scene) -> None:
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', scene.client.get("/times").text)
    assert len(addresses) >= 7
    for address in addresses:
        response = scene.client.get(address)
        assert response.status_code == 200
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["x-content-type-options"] == "nosniff"


def test_file__the_browser_has_it__304(scene: Scene) -> None:
    address = name_file("site.css").partition("?")[0]
    first = scene.client.get(address)
    assert first.headers["cache-control"] == "no-cache"
    again = scene.client.get(address, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/static/../page.py", "/static/%2e%2e/page.py", "/static/none.css", "/static/"])
def test_file__that_is_none__404(scene: Scene, path: str) -> None:
    assert scene.client.get(path, headers=READER).status_code == 404


def test_file__every_one_of_the_folder__has_a_type() -> None:
    assert {path.suffix for path in FOLDER.rglob("*") if path.is_file()} <= set(TYPES)
