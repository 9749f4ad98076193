"""Replays accepted blocks of both lanes, from their words, on a state, for recovery. Pure."""
