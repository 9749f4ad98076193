"""An exit: the operator is gone with its database, and an owner leaves with what the chains alone can show.

Run it with `python examples/exit.py`; the exit's proof is a real one. It prints:

    Alice has 1,000 USDC in her account; then the operator is gone
    polygon: frozen: request 2 of the account lane is too old
    polygon: waiting, the freeze of bsc is not known here yet
    bsc: frozen: request 1 of the account lane is too old
    bsc: waiting, the freeze of polygon is not known here yet
    bsc: blocks are common up to 1, the last common one
    bsc: exodus begun at block 1
    bsc: 1 request of the account lane cancelled
    polygon: blocks are common up to 1, the last common one
    polygon: exodus begun at block 1
    polygon: 1 request of the account lane cancelled
    the state of block 1 is rebuilt from the chains
    polygon: account 1 is paid 1000.000000 USDC at 0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65
"""

from local_operator import LocalOperator, open_operator
from zklink.devnet.profiles import BSC, POLYGON
from zklink.devnet.tokens import USDC
from zklink.node.node import Node
from zklink.node.workers import InlineWorkers
from zklink.protocol.ids import EXPIRY_SECONDS, Amount, BlockNumber
from zklink.protocol.presets import MINIMAL
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.default_prover import open_prover
from zklink.prover.source import Statement
from zklink.recovery.exit_proofs import find_exits, prove_exits
from zklink.recovery.exit_sender import leave
from zklink.recovery.exodus_driver import ExodusDriver
from zklink.recovery.history_reader import HistoryReader
from zklink.recovery.rebuild import rebuild

DOLLAR = 10**6


def bring_to_exodus(operator: LocalOperator) -> None:
    """Anybody freezes each chain and finishes what is common; the committee still carries messages between chains."""
    operator.system.world.advance_time(EXPIRY_SECONDS + 60)
    committee = Node(operator.build_node_parts(), InlineWorkers(), lambda: operator.seconds)
    stranger, said = operator.system.world.roles.stranger, set[str]()

    def say(line: str) -> None:
        if line not in said:
            print(line)
        said.add(line)

    driver = ExodusDriver(operator.system.deployment, operator.system.bridges, stranger)
    while not leave(driver, [], stranger, say):
        committee.step()
        operator.system.world.mine()
        operator.seconds += 1


def main() -> None:
    with open_operator() as operator:
        system, alice = operator.system, operator.open_wallet("depositor")
        operator.deposit(alice, POLYGON.chain_id, USDC, Amount(1_000 * DOLLAR))
        operator.run_until(lambda: alice.has_account and operator.node.is_settled())
        operator.node.close()
        print("Alice has 1,000 USDC in her account; then the operator is gone")
        for chain in (POLYGON, BSC):  # a request that nobody answers for three days is what lets anybody freeze a chain
            operator.deposit(alice, chain.chain_id, USDC, Amount(10 * DOLLAR))

        bring_to_exodus(operator)
        last = BlockNumber(system.bridges[POLYGON.chain_id].exodus.freeze_state().common_block)
        state = rebuild(system.deployment, HistoryReader(system.deployment, system.bridges).read_all(), last)
        print(f"the state of block {last} is rebuilt from the chains")

        prover = open_prover(ensure_circuit(MINIMAL, statement=Statement.EXIT))
        exits = prove_exits(find_exits(state, alice.address, system.bridges), system.deployment, prover)
        driver = ExodusDriver(system.deployment, system.bridges, alice.owner)
        leave(driver, exits, alice.owner, lambda line: print(line.partition(" (")[0]))


if __name__ == "__main__":
    main()
