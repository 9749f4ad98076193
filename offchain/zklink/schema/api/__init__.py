"""The public API as data: one table of typed methods and one of refusals, from which every door, document and test is
made.
"""
