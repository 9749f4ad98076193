"""Deploys the Solana side of a deployment, and verifies it."""
