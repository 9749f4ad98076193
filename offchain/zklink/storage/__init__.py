"""A node's database: what must survive a restart, behind the ports of those who need it. Knows nothing of the API."""
