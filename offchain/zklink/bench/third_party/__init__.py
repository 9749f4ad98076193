"""Other people's contracts, as they publish them on npm: the real tokens and wallets of tests and measurements.

`packages.py` fetches the packages of `packages.json` into the cache, when somebody first asks; `origins.py` says which
contracts there are; `contracts.py` compiles each with the compiler that its source asks for. Nothing of them stands in
this repository.
"""
