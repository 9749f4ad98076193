"""A wallet of Solana in the browser as an extension would put it there (Wallet Standard), whose user is the test.

Takes a page and a key; signs what the page asks, or also sends it where it `sends`. `refuses` has the messages with
which features refuse, `asked` every question.
"""

import base64
import json
from collections.abc import Callable
from typing import Any, Final

from playwright.sync_api import Page
from solders.keypair import Keypair
from solders.transaction import VersionedTransaction

NAME: Final = "Fake standard"
REGISTER: Final = """
(() => {
  const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const ask = async (feature, given) => {
    const { result, error } = JSON.parse(await window.askStandard(JSON.stringify({ feature, ...given })));
    if (error) throw Object.assign(new Error(error), { code: 4001 });
    return result;
  };
  const listeners = [];
  const account = { address: "%(address)s", publicKey: fromBase64("%(key)s"), chains: ["solana:localnet"], features: ["%(feature)s"] };
  const sign = async ({ transaction, chain }) => fromBase64(await ask("%(feature)s", { transaction: toBase64(transaction), chain }));
  const wallet = {
    version: "1.0.0", name: "%(name)s", icon: "data:image/svg+xml,<svg/>", chains: ["solana:localnet"], accounts: [],
    features: {
      "standard:connect": { version: "1.0.0", connect: async () => { await ask("standard:connect", {}); return { accounts: [account] }; } },
      "standard:events": { version: "1.0.0", on: (_, listener) => { listeners.push(listener); return () => {}; } },
      "solana:signTransaction": { version: "1.0.0", signTransaction: async (...asked) => Promise.all(asked.map(async (each) => ({ signedTransaction: await sign(each) }))) },
      "solana:signAndSendTransaction": { version: "1.0.0", signAndSendTransaction: async (...asked) => Promise.all(asked.map(async (each) => ({ signature: await sign(each) }))) },
    },
  };
  for (const feature of ["solana:signTransaction", "solana:signAndSendTransaction"]) if (feature !== "%(feature)s") delete wallet.features[feature];
  window.leaveStandard = () => listeners.forEach((listener) => listener({ accounts: [] }));
  const register = ({ register }) => register(wallet, { name: "no wallet", features: {} });
  window.dispatchEvent(new CustomEvent("wallet-standard:register-wallet", { detail: register }));
  window.addEventListener("wallet-standard:app-ready", ({ detail }) => register(detail));
})();
"""  # noqa: E501


class StandardWallet:
    """The wallet; `send` hands a signed transaction in, if it is one that sends."""

    def __init__(self, page: Page, key: Keypair, send: Callable[[bytes], object] | None = None) -> None:
        self.key, self._send = key, send
        self.refuses: dict[str, str] = {}
        self.asked: list[dict[str, Any]] = []
        public = base64.b64encode(bytes(key.pubkey())).decode()
        feature = "solana:signTransaction" if send is None else "solana:signAndSendTransaction"
        page.expose_function("askStandard", self._ask)
        named = {"name": NAME, "address": str(key.pubkey()), "key": public, "feature": feature}
        page.add_init_script(REGISTER % named)

    @property
    def signed(self) -> list[bytes]:
        """The transactions that it was asked to sign."""
        return [base64.b64decode(each["transaction"]) for each in self.asked if "transaction" in each]

    def _ask(self, text: str) -> str:
        question = json.loads(text)
        self.asked.append(question)
        if question["feature"] in self.refuses:
            return json.dumps({"error": self.refuses[question["feature"]]})
        if "transaction" not in question:
            return json.dumps({"result": None})
        message = VersionedTransaction.from_bytes(base64.b64decode(question["transaction"])).message
        wire = bytes(VersionedTransaction(message, [self.key]))
        if self._send is None:
            return json.dumps({"result": base64.b64encode(wire).decode()})
        self._send(wire)
        return json.dumps({"result": base64.b64encode(wire[1:65]).decode()})
