"""A chain on revm behind web3: answers and errors are those of nodes."""

from typing import Any, cast

import pytest
from eth_abi import encode
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import ContractLogicError, TransactionNotFound, Web3RPCError
from web3.types import TxParams, Wei

from tests.lab.revm_scenes import COUNTER, GWEI, REFUSER, START, ask, count, open_chain, transfer
from tests.lab.scenes import PAYEE, PAYER
from tests.support.engines import note_engine
from zklink.lab.revm.chain import RevmChain

STRANGER = "0x" + "51" * 20
TOPICS = ["0x" + "bb".rjust(64, "0"), "0x" + "aa".rjust(64, "0")]


@pytest.fixture
def opened() -> tuple[RevmChain, Web3]:
    note_engine("revm")
    return open_chain()


@pytest.fixture
def chain(opened: tuple[RevmChain, Web3]) -> RevmChain:
    return opened[0]


@pytest.fixture
def w3(opened: tuple[RevmChain, Web3]) -> Web3:
    return opened[1]


def call(to: str, **fields: Any) -> TxParams:
    asked: dict[str, Any] = {"from": PAYER, "to": Web3.to_checksum_address(to), **fields}
    return cast(TxParams, asked)


def test_read__a_mined_transaction__block_transaction_and_receipt_agree(chain: RevmChain, w3: Web3) -> None:
    tx_hash = w3.eth.send_raw_transaction(count(chain, 0))
    receipt, transaction = w3.eth.get_transaction_receipt(tx_hash), w3.eth.get_transaction(tx_hash)
    block = w3.eth.get_block("latest", full_transactions=True)
    assert block["transactions"] == [transaction]
    assert receipt["blockHash"] == transaction["blockHash"] == block["hash"] == w3.eth.get_block(1)["hash"]
    assert (receipt["status"], receipt["from"], receipt["to"]) == (1, PAYER, Web3.to_checksum_address(COUNTER))
    assert receipt["gasUsed"] == receipt["cumulativeGasUsed"] == block["gasUsed"]
    assert receipt["effectiveGasPrice"] == transaction["gasPrice"] == block["baseFeePerGas"]
    assert receipt["logsBloom"] == block["logsBloom"] != bytes(256)
    assert w3.eth.get_transaction_count(PAYER) == 1
    assert w3.eth.get_block(block["hash"])["number"] == 1


def test_read__nothing_there__what_nodes_say(w3: Web3) -> None:
    with pytest.raises(TransactionNotFound):
        w3.eth.get_transaction_receipt(HexBytes("0x" + "12" * 32))
    assert ask(w3, "eth_getBlockByNumber", "0x9", False)["result"] is None
    assert ask(w3, "eth_getBalance", PAYER, "0x9")["error"] == {"code": -32000, "message": "header not found"}
    assert ask(w3, "eth_getBalance", "0x12")["error"]["code"] == -32602
    assert ask(w3, "eth_getBalance")["error"]["code"] == -32602
    assert ask(w3, "debug_traceTransaction", "0x12")["error"]["code"] == -32601


def test_get_logs__ranges_addresses_and_topics__exactly_those(chain: RevmChain, w3: Web3) -> None:
    for nonce in range(3):
        w3.eth.send_raw_transaction(count(chain, nonce))

    def numbers(**query: Any) -> list[int]:
        return [int(log["blockNumber"], 16) for log in ask(w3, "eth_getLogs", query)["result"]]

    assert numbers() == [3]
    everything = {"fromBlock": "earliest"}
    assert numbers(**everything) == [1, 2, 3]
    assert numbers(fromBlock="0x2", toBlock="0x2") == [2]
    assert numbers(fromBlock="0x2", toBlock="0x99") == [2, 3]
    assert numbers(blockHash=w3.eth.get_block(1)["hash"].to_0x_hex()) == [1]
    assert numbers(**everything, address=COUNTER) == numbers(**everything, address=[STRANGER, COUNTER]) == [1, 2, 3]
    assert numbers(**everything, address=REFUSER) == []
    assert numbers(**everything, topics=TOPICS) == numbers(**everything, topics=[None, [TOPICS[0], TOPICS[1]]])
    assert numbers(**everything, topics=TOPICS[::-1]) == numbers(**everything, topics=[*TOPICS, None]) == []
    answer = ask(w3, "eth_getLogs", {"fromBlock": "0x3", "toBlock": "0x2"})
    assert answer["error"] == {"code": -32602, "message": "invalid block range params"}


def test_call__reverts__code_message_and_data_of_nodes(chain: RevmChain, w3: Web3) -> None:
    data = f"0x08c379a0{encode(['string'], ['no!']).hex()}"
    asked = {"from": PAYER, "to": REFUSER}
    for method in ("eth_call", "eth_estimateGas"):
        assert ask(w3, method, asked)["error"] == {"code": 3, "message": "execution reverted: no!", "data": data}
    with pytest.raises(ContractLogicError, match="execution reverted: no!") as caught:
        w3.eth.call(call(REFUSER))
    assert caught.value.data == data


def test_call__cannot_be_made__the_reason(w3: Web3) -> None:
    assert ask(w3, "eth_call", {"to": COUNTER, "gas": hex(22_000)})["error"] == {
        "code": -32000,
        "message": "out of gas",
    }
    error = ask(w3, "eth_call", {"from": STRANGER, "to": COUNTER, "value": "0x1"})["error"]
    assert error["message"] == "insufficient funds for transfer: have 0 want 1"


def test_call__with_overrides__only_for_the_call(w3: Web3) -> None:
    override: Any = {COUNTER: {"stateDiff": {"0x" + "00" * 32: "0x" + "09".rjust(64, "0")}}}
    assert int.from_bytes(w3.eth.call(call(COUNTER), "latest", override), "big") == 10
    assert int.from_bytes(w3.eth.call(call(COUNTER)), "big") == 1
    code: Any = {STRANGER: {"code": "0x60075f5260205ff3", "balance": "0x1"}}
    assert int.from_bytes(w3.eth.call(call(STRANGER), "latest", code), "big") == 7
    assert w3.eth.get_code(Web3.to_checksum_address(STRANGER)) == b""


def test_estimate__counter__enough_and_little_more(chain: RevmChain, w3: Web3) -> None:
    estimated = w3.eth.estimate_gas(call(COUNTER))
    used = w3.eth.get_transaction_receipt(w3.eth.send_transaction(call(COUNTER, gas=estimated)))
    assert used["status"] == 1
    assert used["gasUsed"] <= estimated < used["gasUsed"] * 1.05
    assert w3.eth.estimate_gas(call(PAYEE, value=1)) <= 21_400


def test_send__reverting_transaction__mined_with_status_zero(w3: Web3) -> None:
    receipt = w3.eth.get_transaction_receipt(w3.eth.send_transaction(call(REFUSER, gas=50_000)))
    assert (receipt["status"], receipt["logs"], receipt["blockNumber"]) == (0, [], 1)


def test_send__refused__the_nodes_words(chain: RevmChain, w3: Web3) -> None:
    w3.eth.send_raw_transaction(transfer(chain, 0))
    with pytest.raises(Web3RPCError, match="nonce too low: next nonce 1, tx nonce 0"):
        w3.eth.send_raw_transaction(transfer(chain, 0))
    answer = ask(w3, "eth_sendTransaction", {"from": STRANGER, "to": PAYEE})
    assert answer["error"] == {"code": -32000, "message": "unknown account"}


def test_pool__automine_off__pending_is_counted_and_can_be_dropped(chain: RevmChain, w3: Web3) -> None:
    ask(w3, "evm_setAutomine", False)
    tx_hash = w3.eth.send_raw_transaction(transfer(chain, 0))
    assert w3.eth.get_transaction_count(PAYER) == 0
    assert w3.eth.get_transaction_count(PAYER, "pending") == 1
    assert w3.eth.get_transaction(tx_hash).get("blockNumber") is None
    assert ask(w3, "anvil_dropTransaction", tx_hash.to_0x_hex())["result"] is True
    assert w3.eth.get_transaction_count(PAYER, "pending") == 0


def test_powers__anvils_methods__do_what_anvils_do(chain: RevmChain, w3: Web3) -> None:
    ask(w3, "anvil_setBalance", STRANGER, hex(10**18))
    ask(w3, "anvil_setNonce", STRANGER, "0x5")
    ask(w3, "anvil_impersonateAccount", STRANGER)
    fields: Any = {"from": Web3.to_checksum_address(STRANGER), "to": PAYEE, "value": Wei(7)}
    receipt = w3.eth.get_transaction_receipt(w3.eth.send_transaction(fields))
    assert (receipt["status"], w3.eth.get_transaction_count(fields["from"])) == (1, 6)
    ask(w3, "anvil_stopImpersonatingAccount", STRANGER)
    assert "error" in ask(w3, "eth_sendTransaction", {"from": STRANGER, "to": PAYEE})
    ask(w3, "anvil_setCode", STRANGER, "0x00")
    ask(w3, "anvil_setStorageAt", STRANGER, "0x1", "0x2")
    assert w3.eth.get_code(fields["from"]) == b"\x00"
    assert int.from_bytes(w3.eth.get_storage_at(fields["from"], 1), "big") == 2


def test_powers__time_and_blocks__exactly_as_ordered(w3: Web3) -> None:
    ask(w3, "evm_increaseTime", 60)
    ask(w3, "evm_mine")
    assert w3.eth.get_block("latest")["timestamp"] == START + 61
    ask(w3, "evm_setNextBlockTimestamp", START + 1_000)
    ask(w3, "anvil_mine", "0x3", "0xa")
    assert [w3.eth.get_block(number)["timestamp"] - START for number in (2, 3, 4)] == [1_000, 1_010, 1_020]
    error = ask(w3, "evm_setNextBlockTimestamp", START)["error"]
    assert error["message"].endswith("it must be later")
    ask(w3, "anvil_setNextBlockBaseFeePerGas", hex(50 * GWEI))
    ask(w3, "evm_mine")
    assert w3.eth.get_block("latest")["baseFeePerGas"] == 50 * GWEI


def test_powers__snapshot_and_revert__each_serves_once(chain: RevmChain, w3: Web3) -> None:
    first, second = ask(w3, "evm_snapshot")["result"], ask(w3, "evm_snapshot")["result"]
    w3.eth.send_raw_transaction(transfer(chain, 0))
    assert ask(w3, "evm_revert", first)["result"] is True
    assert w3.eth.block_number == 0
    assert ask(w3, "evm_revert", first)["result"] is False
    assert ask(w3, "evm_revert", second)["result"] is False


def test_powers__reorg__other_blocks_with_the_same_transactions(chain: RevmChain, w3: Web3) -> None:
    tx_hash = w3.eth.send_raw_transaction(count(chain, 0))
    before = w3.eth.get_transaction_receipt(tx_hash)["blockHash"]
    ask(w3, "anvil_reorg", 1)
    assert w3.eth.get_transaction_receipt(tx_hash)["blockHash"] != before
    assert ask(w3, "anvil_reorg", 5)["error"]["message"].startswith("a reorganisation takes 1 to 1 blocks")


def test_fee_history__blocks_and_the_next__as_the_headers_say(chain: RevmChain, w3: Web3) -> None:
    w3.eth.send_raw_transaction(transfer(chain, 0))
    history = w3.eth.fee_history(2, "latest", [50.0])
    headers = [w3.eth.get_block(number)["baseFeePerGas"] for number in (0, 1)]
    assert history["oldestBlock"] == 0
    assert history["baseFeePerGas"] == [*headers, chain.next_base_fee]
    assert history["gasUsedRatio"] == [0, 21_000 / 30_000_000]
