"""Files of other people: what stands in the repository is what its list says, and what npm publishes."""

import pytest

from zklink.explorer.vendor import VENDOR, compute_hashes, fetch, read_hashes, read_packages


def test_vendor__every_file__has_the_hash_that_the_list_says() -> None:
    assert compute_hashes() == read_hashes()


def test_vendor__every_file__comes_from_a_package_with_a_licence() -> None:
    named = {name for package in read_packages() for name in package.files.values()}
    assert named == set(read_hashes())
    for package in read_packages():
        assert package.licence
        licences = [name for place, name in package.files.items() if "LICEN" in place.upper()]
        assert [len((VENDOR / name).read_text()) > 100 for name in licences] == [True]


@pytest.mark.slow
def test_vendor__fetched_anew__is_the_same() -> None:
    for package in read_packages():
        for name, content in fetch(package).items():
            assert (VENDOR / name).read_bytes() == content, name
