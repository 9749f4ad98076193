"""Circuit inputs of an applied block."""
