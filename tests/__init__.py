"""Tests; a package, so that `tests.support` is ours and not that of some installed package that calls itself tests."""
