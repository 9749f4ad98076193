"""The kit for any project that runs contracts on several chains at once: local chains in process, as anvils, as forks.

It knows nothing of this system and imports nothing of it.
"""
