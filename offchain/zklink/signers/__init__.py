"""The two groups' signers: what validators and watchers say about the history, and the evidence that contracts take.

Takes what chains say at finality; gives signatures, and a group's evidence. Each signer reads the chains itself and
keeps a small journal, so that a restart does not make it break its word. Never sends a transaction.
"""
