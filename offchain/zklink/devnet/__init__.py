"""Local networks of several chains: for tests, the demo and deployment rehearsals."""
