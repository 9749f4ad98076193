"""How a chain is asked and sent to: one client per chain, retries, fees, nonces, receipts. Knows no contract."""
