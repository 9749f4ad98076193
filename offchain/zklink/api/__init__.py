"""The public API: every method of the table in `zklink.schema.api.methods`, answered from a node, its history and the
chains, through three doors.
"""
