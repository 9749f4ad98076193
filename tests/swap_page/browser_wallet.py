"""A wallet in the browser as an extension would put it there (EIP-6963), whose user is the test.

Takes a page and a chain for each EIP-155 id; signs with a key of the laboratory. `refuse` maps a method to the error
with which it is refused, `reverted` has selectors of views that no contract of its chains has; `asked` has every
question.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address
from playwright.sync_api import Page

from zklink.l1.transport.client import ChainClient

NAME: Final = "Fake wallet"
ANNOUNCE: Final = """
(() => {
  const provider = {
    request: async ({ method, params = [] }) => {
      const { result, error } = JSON.parse(await window.askWallet(JSON.stringify({ method, params })));
      if (error) throw Object.assign(new Error(error.message ?? ""), error);
      return result;
    },
    on() {},
  };
  const detail = Object.freeze({ info: { uuid: "fake", name: "%s", rdns: "test.fake" }, provider });
  const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
})();
"""


class BrowserWallet:
    """The wallet. It is on the chain `chain_id` (EIP-155), and knows those of `clients`."""

    def __init__(self, page: Page, account: LocalAccount, clients: Mapping[int, ChainClient], chain_id: int) -> None:
        self.account, self.clients, self.chain_id = account, clients, chain_id
        self.refuse: dict[str, dict[str, Any]] = {}
        self.answer: dict[str, Any] = {}
        self.reverted: set[str] = set()
        self.asked: list[tuple[str, Any]] = []
        page.expose_function("askWallet", self._ask)
        page.add_init_script(ANNOUNCE % NAME)

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.asked]

    def _ask(self, text: str) -> str:
        question = json.loads(text)
        method, params = question["method"], question["params"]
        self.asked.append((method, params))
        if method in self.refuse:
            return json.dumps({"error": self.refuse[method]})
        return json.dumps(self._respond(method, params))

    def _respond(self, method: str, params: list[Any]) -> dict[str, Any]:
        if method in self.answer:
            return {"result": self.answer[method]}
        if method == "eth_call" and params[0]["data"][:10] in self.reverted:
            return {"error": {"code": 3, "message": "execution reverted"}}
        if method == "eth_requestAccounts":
            return {"result": [self.account.address.lower()]}
        if method == "eth_chainId":
            return {"result": hex(self.chain_id)}
        if method == "wallet_switchEthereumChain":
            wanted = int(params[0]["chainId"], 16)
            if wanted not in self.clients:
                return {"error": {"code": 4902, "message": "unknown chain"}}
            self.chain_id = wanted
            return {"result": None}
        if method == "eth_sendTransaction":
            return {"result": self._send(params[0])}
        if method == "eth_signTypedData_v4":
            signed = self.account.sign_typed_data(full_message=_with_numbers(json.loads(params[1])))
            return {"result": f"0x{signed.signature.hex()}"}
        found: Any = self.clients[self.chain_id].w3.provider.make_request(method, params)  # type: ignore[arg-type]
        return {"error": found["error"]} if "error" in found else {"result": _plain(found["result"])}

    def _send(self, call: dict[str, str]) -> str:
        w3 = self.clients[self.chain_id].w3
        transaction: Any = {
            "to": to_checksum_address(call["to"]),
            "data": call["data"],
            "value": int(call.get("value", "0x0"), 16),
            "nonce": w3.eth.get_transaction_count(self.account.address),
            "gas": 2_000_000,
            "gasPrice": w3.eth.gas_price * 2,
            "chainId": self.chain_id,
        }
        return f"0x{w3.eth.send_raw_transaction(self.account.sign_transaction(transaction).raw_transaction).hex()}"


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=lambda each: f"0x{bytes(each).hex()}"))


def _with_numbers(data: dict[str, Any]) -> dict[str, Any]:
    """Typed data as eth-account takes it: it refuses numbers that are decimal strings, which wallets take."""

    def read(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: read(each) for name, each in value.items()}
        return int(value) if isinstance(value, str) and value.isdecimal() else value

    domain = {**data["domain"], "chainId": int(data["domain"]["chainId"])}
    return {**data, "domain": domain, "message": read(data["message"])}
