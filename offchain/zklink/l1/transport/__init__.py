"""Reads from chains and sends to them: one client per chain, retries, fees, nonces, receipts. Knows no contract."""
