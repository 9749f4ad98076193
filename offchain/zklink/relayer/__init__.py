"""Carries acknowledgements between the bridges: committee members sign what they saw final, a relayer delivers it.

Knows blocks only by number and sync hash. A forged, stale or repeated message changes nothing on a bridge, so
nothing here has to be trusted for safety beyond k of the n members.
"""
