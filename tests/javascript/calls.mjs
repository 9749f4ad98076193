// What tests ask the module, by name: arguments and answers are JSON, numbers decimal strings.
// Run as a program it answers one question a line, until its input ends.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import * as zklink from "../../offchain/zklink/explorer/static/js/zklink/index.js";
import { publicKeyOf, signMessage } from "../../offchain/zklink/explorer/static/js/swap/ed25519.js";

const key = (seed) => new zklink.PrivateKey(zklink.fromHex(seed));
const digest = (data) => zklink.toHex(zklink.computeDigest(data));
const signed = (data) => ({ data, digest: digest(data) });
const { LAYOUTS } = zklink.constants;

const CALLS = {
  pack_word: ({ record, index, values }) => zklink.packWord(LAYOUTS[record][index], values),
  unpack_word: ({ record, index, word }) => zklink.unpackWord(LAYOUTS[record][index], word),
  swap_request: (request) => zklink.encodeSwapRequest(request),
  swap_request_back: ({ words }) => zklink.decodeSwapRequest(words),
  deposit_request: (request) => zklink.encodeDepositRequest(request),
  deposit_request_back: ({ words }) => zklink.decodeDepositRequest(words),
  universal_address: ({ address }) => zklink.universalAddress(address),
  evm_address: ({ address }) => zklink.evmAddress(address),
  bind_owner: ({ owner, chain }) => zklink.bindOwner(owner, chain),
  bound_chain: ({ owner }) => zklink.findBoundChain(owner),
  is_recipient: ({ address, format, chain }) => zklink.isRecipient(address, format, chain),
  pack_fee: ({ fee }) => zklink.packFee(fee),
  unpack_fee: ({ packed }) => zklink.unpackFee(packed),
  round_up_fee: ({ fee }) => zklink.roundUpFee(fee),
  parse_amount: ({ text, decimals }) => zklink.parseAmount(text, decimals),
  format_amount: ({ units, decimals }) => zklink.formatAmount(units, decimals),
  poseidon: ({ inputs }) => zklink.poseidon(inputs),
  public_key: ({ seed }) => [key(seed).publicKey.x, key(seed).publicKey.y, key(seed).publicKeyHash],
  message: ({ type, operation, domain }) => zklink.computeMessage(type, operation, domain),
  sign: ({ type, operation, domain, seed }) => zklink.signOperation(type, operation, domain, key(seed)),
  is_signed: ({ signed, domain }) => zklink.isSigned(signed, domain),
  layer2_seed: ({ signature }) => zklink.toHex(zklink.deriveLayer2Seed(signature)),
  layer2_key: ({ deployment, owner, signature, index }) =>
    zklink.deriveLayer2Key(deployment, owner, signature, index).publicKeyHash,
  layer2_data: ({ deployment, owner, index }) => signed(zklink.buildLayer2KeyData(deployment, owner, index)),
  key_change: ({ deployment, ...change }) => digest(zklink.buildKeyChangeData(deployment, change)),
  permit: ({ domain, permit }) => digest(zklink.buildPermitData(domain, permit)),
  dai_permit: ({ domain, permit }) => digest(zklink.buildDaiPermitData(domain, permit)),
  permit2: ({ place, token, door, order, relay, nonce, deadline }) =>
    digest(zklink.buildPermit2Data(place, token, door, order, relay, nonce, deadline)),
  authorization: ({ place, domain, door, order, signer, relay, valid_before }) =>
    digest(zklink.buildAuthorizationData(place, domain, door, order, signer, relay, valid_before)),
  order_nonce: ({ place, door, order, relay }) => zklink.computeOrderNonce(place, door, order, relay),
  call_door: ({ door, order, how }) => (door === "swap" ? zklink.encodeSwap(order, how) : zklink.encodeDeposit(order, how)),
  call_permit2: ({ door, order, relay, owner, permit, fee_to }) =>
    zklink.encodeWithPermit2(door, order, relay, owner, permit, fee_to),
  call_authorization: ({ door, order, relay, owner, authorization, fee_to }) =>
    zklink.encodeWithAuthorization(door, order, relay, owner, authorization, fee_to),
  call_full_exit: ({ account, token, second, mask }) => zklink.encodeFullExit(account, token, second, mask),
  call_set_key: ({ account, public_key_hash }) => zklink.encodeSetKey(account, public_key_hash),
  call_approve: ({ spender, amount }) => zklink.encodeApprove(spender, amount),
  guess_domains: ({ name, version, chain, token }) =>
    zklink.guessDomains(name, version, chain, token).map((domain) => zklink.toHex(zklink.computeSeparator(domain))),
  read_domain: ({ data }) => zklink.toHex(zklink.computeSeparator(zklink.readDomain(data))),
  decode: ({ types, data }) => zklink.decodeValues(types, data),
  compute_out: ({ dx, x, y, fee }) => zklink.computeOut(dx, x, y, fee),
  best_route: ({ pools, token_in, token_out, amount }) => {
    const route = zklink.findBestRoute(pools, token_in, token_out, amount);
    return route && [route.via, ...route.amounts];
  },
  encode_base58: ({ bytes }) => zklink.encodeBase58(zklink.fromHex(bytes)),
  decode_base58: ({ text, length }) => zklink.toHex(zklink.decodeBase58(text, length)),
  deployment_hash: ({ deployment, chains, keys }) => zklink.computeDeploymentHash(deployment, chains, keys),
  is_key: ({ bytes }) => zklink.isKey(zklink.fromHex(bytes)),
  program_places: ({ program, token }) => [zklink.findBridge(program), zklink.findTokenPlace(program, token)],
  holding: ({ owner, mint, token_program }) => zklink.findHolding(owner, mint, token_program),
  solana_message: ({ payer, calls, blockhash }) =>
    zklink.toHex(zklink.compileMessage(payer, calls.map((call) => ({ ...call, data: zklink.fromHex(call.data) })), blockhash)),
  program_token: ({ data }) => zklink.readToken(zklink.fromHex(data)),
  door_price: ({ data, kind, now }) => zklink.findDoorPrice(zklink.readBridge(zklink.fromHex(data)), kind, now),
  program_swap: ({ program, seed, bridge, token, swap, blockhash }) => {
    const [secret, fields, held] = [zklink.fromHex(seed), zklink.readBridge(zklink.fromHex(bridge)), zklink.readToken(zklink.fromHex(token))];
    const sender = zklink.encodeBase58(publicKeyOf(secret));
    const call = zklink.encodeProgramSwap(program, sender, fields, held, swap);
    const message = zklink.compileMessage(sender, [zklink.limitUnits(200_000), call], blockhash);
    const wire = zklink.joinTransaction(message, [signMessage(message, secret)]);
    return [zklink.toHex(wire), zklink.nameTransaction(wire)];
  },
  sign_ed25519: ({ seed, message }) =>
    [publicKeyOf(zklink.fromHex(seed)), signMessage(zklink.fromHex(message), zklink.fromHex(seed))].map(zklink.toHex),
};

/** The answer to one question; only what the module refuses by itself counts as a refusal. */
export function answer({ call, arguments: given }) {
  try {
    return { answer: CALLS[call](given) ?? null };
  } catch (error) {
    if (error instanceof zklink.ZkLinkError) return { refused: error.name };
    return { broken: String(error?.stack ?? error) };
  }
}

/** JSON in which numbers that may exceed 2^53 are decimal strings. */
export function write(value) {
  return JSON.stringify(value, (_, each) => (typeof each === "bigint" ? each.toString() : each));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${write(answer(JSON.parse(line)))}\n`);
  }
}
