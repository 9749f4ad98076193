"""Composition root: the only place where concrete chains, provers, sequencer, broker and signers meet."""
