// Node's own tests of the module: every vector that Python has written, and what has no counterpart there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as zklink from "../../offchain/zklink/explorer/static/js/zklink/index.js";
import { describePaid, describeWay } from "../../offchain/zklink/explorer/static/js/swap/watch.js";
import { signMessage } from "../../offchain/zklink/explorer/static/js/swap/ed25519.js";
import { checkDeployment } from "../../offchain/zklink/explorer/static/js/swap/api.js";
import { readTime, waitLanded } from "../../offchain/zklink/explorer/static/js/swap/programs.js";
import { Unsure } from "../../offchain/zklink/explorer/static/js/swap/wallets.js";
import { readRecipient, warnOfRecipient } from "../../offchain/zklink/explorer/static/js/swap/recipient.js";
import { makeSolanaTestWallet } from "../../offchain/zklink/explorer/static/js/swap/solana_test_wallet.js";
import { FIRST_REFUSAL, REFUSALS } from "../../offchain/zklink/explorer/static/js/zklink/solana_layouts.js";
import { signTransaction } from "../../offchain/zklink/explorer/static/js/swap/rlp.js";
import { answer, write } from "./calls.mjs";

const vectors = JSON.parse(readFileSync(new URL("../vectors/javascript.json", import.meta.url)));
const circomlib = JSON.parse(readFileSync(new URL("../vectors/eddsa_poseidon.json", import.meta.url)));
const plain = (value) => JSON.parse(write(value));
const named = (name) => (error) => error instanceof zklink.ZkLinkError && error.name === name;
// Python refuses these by errors that are no part of its tree.
const OWN_NAMES = new Set([
  "NotAnAmount", "TooManyDecimals", "WrongChecksum", "NotBase58", "WrongLength", "NumberTooLarge", "WrongAnswer",
]);

for (const [place, vector] of vectors.entries()) {
  test(`vector ${place}: ${vector.call}`, () => {
    const found = answer(vector);
    if (["Refused", "ValueError"].includes(vector.refused)) assert.ok(OWN_NAMES.has(found.refused), JSON.stringify(found));
    else if (vector.refused) assert.deepEqual(found, { refused: vector.refused });
    else assert.deepEqual(plain(found.answer), vector.answer);
  });
}

test("circomlibjs: keys and signatures are the same", () => {
  assert.ok(circomlib.signatures.length > 3);
  for (const { seed, message, public_key: key, r8, s } of circomlib.signatures) {
    const mine = new zklink.PrivateKey(zklink.fromHex(`0x${seed}`));
    const signature = mine.sign(message);
    assert.deepEqual([mine.publicKey.x, mine.publicKey.y].map(String), key);
    assert.deepEqual([signature.r8.x, signature.r8.y].map(String), r8);
    assert.equal(String(signature.s), s);
    assert.ok(zklink.verify(mine.publicKey, BigInt(message), signature));
  }
});

test("verify: forged signatures and odd points are refused, never raised", () => {
  const key = new zklink.PrivateKey(new Uint8Array(32).fill(7));
  const { r8, s } = key.sign(5n);
  const { MODULUS, SUBORDER } = zklink.constants;
  const identity = { x: 0n, y: 1n };
  assert.ok(zklink.verify(key.publicKey, 5n, { r8, s }));
  assert.ok(!zklink.verify(key.publicKey, 6n, { r8, s }));
  assert.ok(!zklink.verify(key.publicKey, 5n, { r8, s: s + SUBORDER }));
  assert.ok(!zklink.verify(key.publicKey, 5n + MODULUS, { r8, s }));
  assert.ok(!zklink.verify(key.publicKey, 5n, { r8: { x: r8.x + MODULUS, y: r8.y }, s }));
  assert.ok(!zklink.verify(key.publicKey, 5n, { r8: { x: r8.x, y: r8.y + 1n }, s }));
  for (const small of [identity, { x: 0n, y: MODULUS - 1n }]) {
    assert.ok(!zklink.verify(small, 5n, { r8, s }));
    assert.ok(!zklink.verify(key.publicKey, 5n, { r8: small, s }));
  }
});

test("a private key shows its secrets nowhere", () => {
  const key = new zklink.PrivateKey(new Uint8Array(32).fill(9));
  assert.deepEqual(Object.keys(key), ["publicKey"]);
  assert.deepEqual(Object.keys(plain(key)), ["publicKey"]);
  assert.throws(() => new zklink.PrivateKey(new Uint8Array(31)), named("WrongLength"));
});

test("a signature of somebody else, or of something else, makes no key", () => {
  const vector = vectors.find(({ call, answer: found }) => call === "layer2_key" && found);
  const { deployment, owner, signature } = vector.arguments;
  assert.throws(() => zklink.deriveLayer2Key(deployment, `0x${"22".repeat(20)}`, signature), named("WrongSignature"));
  assert.throws(() => zklink.deriveLayer2Key(`0x${"00".repeat(32)}`, owner, signature), named("WrongSignature"));
});

test("numbers are read strictly", () => {
  for (const wrong of ["", "1.0", "0x10", "-1", "01", " 1", 1.5, 2 ** 53, NaN, null, undefined, {}, true]) {
    assert.throws(() => zklink.toBigInt(wrong), named("NotANumber"), String(wrong));
  }
  for (const wrong of ["", "0x1", "12", "0xzz", null]) assert.throws(() => zklink.fromHex(wrong), named("NotHex"));
});

test("an address with a mistyped letter is refused", () => {
  const right = zklink.checksumAddress(`0x${"ab".repeat(20)}`);
  assert.equal(zklink.checkAddress(right.toLowerCase()), right);
  const wrong = right.slice(0, -1) + (right.endsWith("b") ? "B" : "b");
  assert.throws(() => zklink.checkAddress(wrong), named("WrongChecksum"));
});

test("an order or operation with a field too many or too few is refused", () => {
  const { door, order } = vectors.find(({ call }) => call === "call_door").arguments;
  assert.equal(door, "swap");
  assert.throws(() => zklink.encodeSwap({ ...order, extra: 1 }), named("FieldMismatch"));
  const { via, ...rest } = order;
  assert.throws(() => zklink.encodeSwap(rest), named("FieldMismatch"), via);
  const { type, operation, domain } = vectors.find(({ call }) => call === "message").arguments;
  assert.throws(() => zklink.computeMessage(type, { ...operation, slot: 1 }, domain), named("FieldMismatch"));
  assert.throws(() => zklink.computeMessage(type, {}, domain), named("FieldMismatch"));
  assert.throws(() => zklink.computeMessage("constructor", {}, domain), named("UnknownOperation"));
  assert.throws(() => zklink.encodeSwap(order, { upTo: true, permit: {} }), named("WrongArguments"));
});

test("a quote that its pools do not give is found out", () => {
  const { pools } = vectors.find(({ call }) => call === "best_route").arguments;
  const route = zklink.findBestRoute(pools, 1, 2, 5000);
  const quote = { amount_in: "5001", amount_out: String(route.out), via: route.via };
  assert.equal(zklink.findContradiction(quote, pools, 1, 2, 1), "");
  assert.match(zklink.findContradiction({ ...quote, amount_out: String(route.out + 1n) }, pools, 1, 2, 1), /the pools give/);
  assert.match(zklink.findContradiction({ ...quote, via: 77 }, pools, 1, 2, 1), /without pools/);
});

test("the least output leaves room for the fee and the tolerance", () => {
  assert.equal(zklink.computeMinOut(1000, 10, 100), 980n);
  assert.equal(zklink.computeMinOut(10, 10, 100), 0n);
  for (const wrong of [-1, 10_001, 0.5]) assert.throws(() => zklink.computeMinOut(1, 0, wrong), named("WrongArguments"));
});

test("the way of a swap: one step is going on, or none if it is final", () => {
  const states = (state, isFinal) => describeWay({ state, is_final: isFinal }).map((line) => line.state);
  assert.deepEqual(states("sealed", false), ["done", "done", "done", "now", "todo", "todo", "todo", "todo"]);
  assert.deepEqual(new Set(states("arrived", true)), new Set(["done"]));
  assert.deepEqual(describeWay(null).map((line) => line.state).slice(0, 3), ["done", "now", "todo"]);
  for (const [state, end] of [["refunded", "done"], ["cancelled", "done"], ["owed", "bad"], ["stopped", "bad"]]) {
    assert.deepEqual(states(state, false), ["done", end]);
  }
});

test("a payout on Solana that waits for an account goes on", () => {
  const [, line] = describeWay({ state: "owed", is_final: false, recipient: "solana:abc:def" });
  assert.deepEqual([line.state, line.words], ["now", "Due: it waits for the recipient's account of the token"]);
});

test("a recipient is read by the chain that pays, and refused where it means nobody", () => {
  const key = new Uint8Array(32).fill(5);
  const text = zklink.encodeBase58(key);
  const [solana, evm] = [
    { chain: 5, name: "solana", address_format: 2, contracts: { bridge: zklink.encodeBase58(new Uint8Array(32).fill(6)) } },
    { chain: 2, name: "polygon", address_format: 1, contracts: { bridge: `0x${"cd".repeat(20)}` } },
  ];
  assert.equal(readRecipient(text, solana), zklink.toHex(key));
  assert.equal(readRecipient(`0x${"ab".repeat(20)}`, evm), `0x${"00".repeat(12)}${"ab".repeat(20)}`);
  const refused = [
    [`0x${"ab".repeat(20)}`, solana, /an EVM chain, with 20 bytes/], [text, evm, /an address of Solana/], ["", solana, /Write whom/],
    [`0x${"00".repeat(12)}${"ab".repeat(20)}`, solana, /nobody on solana/], [solana.contracts.bridge, solana, /the bridge itself/],
    [evm.contracts.bridge, evm, /the bridge itself/], [`0x${"06".repeat(32)}`, solana, /the bridge itself/],
    [`0X${"06".repeat(32)}`, solana, /an EVM chain/], [`0x${"00".repeat(12)}${"CD".repeat(20)}`, evm, /the bridge itself/],
    [`0x02${"00".repeat(11)}${"cd".repeat(20)}`, evm, /the bridge itself/], [zklink.toHex(key), evm, /nobody on polygon/], ["1".repeat(32), solana, /nobody on solana/],
  ];
  for (const [wrong, chain, words] of refused) assert.throws(() => readRecipient(wrong, chain), words, wrong);
});

test("a recipient for which nobody has a key is warned of, however it is written", () => {
  const derived = vectors.find(({ call, answer: found }) => call === "is_key" && found === false).arguments.bytes;
  const key = vectors.find(({ call, answer: found }) => call === "is_key" && found === true).arguments.bytes;
  const write = (bytes) => [bytes, zklink.encodeBase58(zklink.fromHex(bytes))];
  for (const text of write(derived)) assert.match(warnOfRecipient(text), /No wallet has a key/, text);
  for (const text of [...write(key), "", "not0base58", `0x${"ab".repeat(20)}`]) assert.equal(warnOfRecipient(text), "", text);
});

test("a node that publishes another deployment than the page's is found out, whatever hash it names", () => {
  const [right, other] = vectors.filter(({ call, answer: found }) => call === "deployment_hash" && found);
  const check = ({ arguments: { deployment, chains, keys }, answer: named }, hash = named) => checkDeployment(right.answer, { ...deployment, deployment_hash: hash }, chains, keys);
  check(right);
  const lies = [() => check(other), () => check(other, right.answer), () => check(right, other.answer), () => check({ ...right, arguments: { ...right.arguments, chains: [] } }, right.answer)];
  for (const lie of lies) assert.throws(lie, /names other chains, bridges or circuits/);
});

test("a public cluster whose time is not this computer's is refused, by a node's word; a local one has any", async (context) => {
  context.mock.method(Date, "now", () => 1_800_000_000_000);
  const [mainnet, local] = ["solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", "solana:ab"].map((caip2) => ({ chain: 5, name: "solana", caip2 }));
  const read = (chain, now) => {
    context.mock.method(globalThis, "fetch", async () => ({ json: async () => ({ result: now }) }));
    return readTime(chain);
  };
  for (const now of [1_800_000_600, 1_799_999_400]) assert.equal(await read(mainnet, now), now);
  for (const now of [1_800_000_601, 1_799_999_399, 0, null, "no"]) await assert.rejects(read(mainnet, now), /another time of solana/, String(now));
  assert.equal(await read(local, 7), 7);
});

test("an error of a cluster is told in the program's words where they are its own", () => {
  const custom = (number) => zklink.describeProgramError({ InstructionError: [1, { Custom: number }] });
  assert.equal(custom(FIRST_REFUSAL), REFUSALS[0]);
  assert.equal(custom(FIRST_REFUSAL + REFUSALS.length), `another program's error ${FIRST_REFUSAL + REFUSALS.length}`);
  assert.equal(zklink.describeProgramError("BlockhashNotFound"), "BlockhashNotFound");
  assert.equal(zklink.describeProgramError({ InstructionError: [0, "MissingAccount"] }), "MissingAccount");
});

test("what is signed is waited for whatever the node says in between: another signature would swap twice", async (context) => {
  const asked = [];
  const answers = [
    { error: { message: "the chain's node does not answer" } }, { result: 1 }, { error: { message: "the allowance is used up" } }, null, { result: 1 },
    { result: { value: [null] } }, { error: { message: "refused" } }, { result: 1 }, { result: { value: [{ err: null, confirmationStatus: "confirmed" }] } },
  ];
  context.mock.method(globalThis, "setTimeout", (act) => setImmediate(act));
  context.mock.method(globalThis, "fetch", async (_path, { body }) => {
    asked.push(JSON.parse(body).method);
    const answer = answers.shift();
    if (!answer) throw new TypeError("no way to it");
    return { json: async () => answer };
  });
  await waitLanded(5, "signature", 9, Uint8Array.of(7));
  assert.deepEqual([answers.length, asked.filter((method) => method === "sendTransaction").length], [0, 1]);
});

const NOT_THERE = [{ result: 10 }, { result: { value: [null] } }, { result: "taken" }];

/** Answers to questions in turn, a minute after each third; the last three again and again. */
function answerInTurn(context, answers) {
  let [now, asked] = [0, 0];
  context.mock.method(globalThis, "setTimeout", (act) => setImmediate(act));
  context.mock.method(Date, "now", () => now);
  context.mock.method(globalThis, "fetch", async () => {
    const answer = answers.shift() ?? NOT_THERE[asked % 3];
    if (asked++ % 3 === 2) now += 60_000;
    return { json: async () => answer };
  });
  return () => now;
}

test("a node that says at once that what was signed can land no more is not believed before the clock says so, too", async (context) => {
  const clock = answerInTurn(context, []);
  const told = [];
  await assert.rejects(waitLanded(5, "signature", 9, Uint8Array.of(7), (words) => told.push(words)), (error) => {
    assert.ok(error instanceof Unsure && /Look into your wallet's own list .* signature /.test(error.message));
    return true;
  });
  assert.ok(clock() > 300_000 && told.every((words) => /would have you sign twice/.test(words)) && told.length);
});

test("what lands after a node has said that it is too late has landed", async (context) => {
  answerInTurn(context, [...NOT_THERE, ...NOT_THERE, { result: 10 }, { result: { value: [{ err: null, confirmationStatus: "finalized" }] } }]);
  await waitLanded(5, "signature", 9, Uint8Array.of(7));
});

test("a transaction that failed by the node's word is one to look for", async (context) => {
  answerInTurn(context, [{ result: 1 }, { result: { value: [{ err: "AccountNotFound" }] } }]);
  await assert.rejects(waitLanded(5, "signature", 9), (error) => error instanceof Unsure && /AccountNotFound.*swap twice/.test(error.message));
});

test("a transaction that nobody has signed has no name", () => {
  const message = zklink.compileMessage(zklink.SYSTEM_PROGRAM, [zklink.limitUnits(1)], zklink.SYSTEM_PROGRAM);
  assert.throws(() => zklink.nameTransaction(zklink.joinTransaction(message)), named("NotSigned"));
});

test("the test wallet of Solana signs what it is given, by the Wallet Standard", async () => {
  const seed = `0x${"07".repeat(32)}`;
  const wallet = makeSolanaTestWallet(seed);
  const { accounts: [account] } = await wallet.features["standard:connect"].connect();
  const message = zklink.compileMessage(account.address, [zklink.limitUnits(7)], zklink.SYSTEM_PROGRAM);
  const [{ signedTransaction }] = await wallet.features["solana:signTransaction"].signTransaction({ account, transaction: zklink.joinTransaction(message) });
  assert.deepEqual(signedTransaction, zklink.joinTransaction(message, [signMessage(message, zklink.fromHex(seed))]));
});

test("what has arrived is what the recipient got: less the fee of a broker that paid", () => {
  const tokens = new Map([[2, { decimals: 2, symbol: "BTC" }]]);
  const transfer = { state: "arrived", token_out: 2, amount_out: "150", recipient: "eip155:56:0xab", receipts: [{ how: "pay", amount: "9" }] };
  assert.equal(describePaid(transfer, tokens), "1.5 BTC for 0xab");
  const filled = { ...transfer, receipts: [...transfer.receipts, { how: "fill", amount: "140" }] };
  assert.equal(describePaid(filled, tokens), "1.4 BTC for 0xab, from a broker");
  for (const other of [{ ...transfer, state: "executed" }, { ...transfer, token_out: 7 }, null]) assert.equal(describePaid(other, tokens), "");
});

test("a transaction of the test wallet is that of EIP-155's own example", () => {
  const transaction = {
    nonce: 9n, gasPrice: 20n * 10n ** 9n, gas: 21000n, to: `0x${"35".repeat(20)}`, value: 10n ** 18n, data: "0x", chainId: 1n,
  };
  assert.equal(
    signTransaction(transaction, `0x${"46".repeat(32)}`),
    "0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83",
  );
});
