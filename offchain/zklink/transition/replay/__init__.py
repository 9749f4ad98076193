"""Reads accepted blocks' words back into the state: what recovery replays, for both lanes. Pure."""
