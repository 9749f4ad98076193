"""Puts the contracts of a deployment on chains, and reads and writes the file that describes them."""
