"""Deploying on public networks: the environment, the journal, the record, and what a stranger finds."""
