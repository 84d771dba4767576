/**
 * Keys in what a model wrote. The loop holds none and gives none to a prompt; but a page or a message a model read
 * may hold a stranger's, and whatever leaves a run (arguments of tools, answers) must not carry it on (RELIABILITY 22).
 */

const SECRETS: readonly RegExp[] = [
  // NIP-19 and NIP-49.
  /\bnsec1[02-9ac-hj-np-z]{58}/i,
  /\bncryptsec1[02-9ac-hj-np-z]{100}/i,
  // NIP-47: the secret pays.
  /nostr\+walletconnect:\/\/\S*secret=[0-9a-f]{64}/i,
  // BIP-32.
  /\b[xyz]prv[1-9A-HJ-NP-Za-km-z]{100}/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  // Keys of model providers.
  /\bsk-[A-Za-z0-9_-]{32}/,
];

export function holdsSecret(text: string): boolean {
  return SECRETS.some((pattern) => pattern.test(text));
}
