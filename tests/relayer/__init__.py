"""Tests of the relayer's arithmetic; what it does is told through the API's tests."""
