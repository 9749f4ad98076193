"""The deployed contracts as typed clients: calls, views, events and structs of the bridge and its partners."""
