"""The rules by which operations and whole blocks change the state."""
