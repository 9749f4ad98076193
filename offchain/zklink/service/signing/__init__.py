"""Signers as processes of their own: what goes over the wire, who asks, and who answers."""
