"""An exit: the operator is gone with its database, and an owner leaves with what the chains alone can show.

Run it with `python examples/exit.py`; the exit's proof is a real one. It prints:

    Alice has 1,000 USDC in her account; then the operator is gone
    polygon: frozen: it has accepted nothing for two days
    bsc: END raised at block 1 by both groups; it stands
    bsc: exits are open at block 1
    bsc: 1 request of the account lane paid back
    polygon: exits are open at block 1
    polygon: 1 request of the account lane paid back
    the state is rebuilt from the primary alone
    polygon: account 1 is paid 1000.000000 USDC at 0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65
"""

from local_operator import LocalOperator, open_operator
from zklink.devnet.profiles import BSC, POLYGON
from zklink.devnet.tokens import USDC
from zklink.protocol.ids import DAY, Amount
from zklink.protocol.presets import MINIMAL
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.default_prover import open_prover
from zklink.prover.source import Statement
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.exit_places import find_ends, rebuild_ends
from zklink.recovery.exit_proofs import find_exits, prove_exits
from zklink.recovery.exit_sender import leave
from zklink.recovery.exodus_driver import ExodusDriver
from zklink.recovery.groups_asked import GroupsAsked

DOLLAR = 10**6
BLOCKS_A_DAY = 8


def bring_to_exodus(operator: LocalOperator, read: ChainsRead) -> None:
    """Anybody does on each chain what is due, day after day; validators and watchers still give their words."""
    news = list[str]()

    def say(line: str) -> None:
        if ": waiting, " not in line:
            print(line)
            news.append(line)

    driver = ExodusDriver(read, operator.system.world.roles.stranger)
    while not leave(driver, [], operator.system.world.roles.stranger, say):
        for chain in operator.system.world:
            if not news:
                chain.advance_time(DAY)
            chain.mine(BLOCKS_A_DAY)
        news.clear()


def main() -> None:
    with open_operator() as operator:
        system, alice = operator.system, operator.open_wallet("depositor")
        operator.deposit(alice, POLYGON.chain_id, USDC, Amount(1_000 * DOLLAR))
        operator.run_until(lambda: alice.has_account and operator.node.is_settled())
        operator.node.close()
        print("Alice has 1,000 USDC in her account; then the operator is gone")
        for chain in (POLYGON, BSC):  # a request that nobody answers for three days is what lets anybody freeze a chain
            operator.deposit(alice, chain.chain_id, USDC, Amount(10 * DOLLAR))

        groups = operator.build_node_parts()
        read = ChainsRead(system.deployment, system.bridges, GroupsAsked(groups.validators, groups.watchers))
        bring_to_exodus(operator, read)
        states = rebuild_ends(read, find_ends(read))
        print("the state is rebuilt from the primary alone")

        prover = open_prover(ensure_circuit(MINIMAL, statement=Statement.EXIT))
        statements = [found for chain, state in states.items() for found in find_exits(state, alice.address, [chain])]
        exits = prove_exits(statements, system.deployment, prover)
        leave(ExodusDriver(read, alice.owner), exits, alice.owner, lambda line: print(line.partition(" (")[0]))


if __name__ == "__main__":
    main()
