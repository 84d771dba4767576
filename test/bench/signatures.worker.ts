/** Does signatures where they run, inside workerd, to be timed from outside. Answers how many were done. */
import { schnorr } from '@noble/curves/secp256k1.js';
import { fromHex, toHex } from '../../src/nostr/hex.ts';
import { publicKeyOf, signHash, verifySignature } from '../../src/nostr/schnorr.ts';

/** More keys than schnorr.ts keeps pairs of. */
const SECRETS = Array.from({ length: 100 }, (_, i) => new Uint8Array(32).fill(i + 1));
const AUXILIARY = new Uint8Array(32).fill(201);

export default {
  fetch(request: Request): Response {
    const { searchParams } = new URL(request.url);
    const work = works()[searchParams.get('work') ?? ''];
    if (work === undefined) return new Response('no such work', { status: 404 });
    const rounds = Number(searchParams.get('rounds'));
    // Whoever does nothing is fast: each piece of work says whether it was done right.
    for (let i = 0; i < rounds; i++)
      if (!work()) return new Response('a signature is wrong', { status: 500 });
    return new Response(String(rounds * SECRETS.length));
  },
};

let prepared: Readonly<Record<string, () => boolean>> | undefined;

/**
 * Each piece of work takes every key and message once. All inputs are prepared outside of what is timed, by the
 * warm-up: as bytes for noble, as hex for ours, which is how events carry them; ours is timed with the parsing.
 */
function works(): Readonly<Record<string, () => boolean>> {
  if (prepared !== undefined) return prepared;
  const signed = SECRETS.map((secret, i) => {
    const hash = toHex(new Uint8Array(32).fill(i + 102));
    return { secret, hash, publicKey: publicKeyOf(secret), signature: signHash(hash, secret, AUXILIARY) };
  });
  const bytes = signed.map(({ secret, hash, publicKey, signature }) => ({
    secret,
    hash: fromHex(hash),
    publicKey: fromHex(publicKey),
    signature: fromHex(signature),
  }));
  // One key signs everything, as an agent's does.
  const agent = new Uint8Array(32).fill(101);
  const byAgent = signed.map(({ hash }) => signHash(hash, agent, AUXILIARY));
  const sign = (hash: Uint8Array, secret: Uint8Array) => toHex(schnorr.sign(hash, secret, AUXILIARY));
  prepared = {
    wasmVerify: () =>
      signed.every(({ signature, hash, publicKey }) => verifySignature(signature, hash, publicKey)),
    nobleVerify: () =>
      bytes.every(({ signature, hash, publicKey }) => schnorr.verify(signature, hash, publicKey)),
    wasmSign: () => signed.every(({ hash }, i) => signHash(hash, agent, AUXILIARY) === byAgent[i]),
    nobleSign: () => bytes.every(({ hash }, i) => sign(hash, agent) === byAgent[i]),
    wasmSignAnew: () =>
      signed.every(({ hash, secret, signature }) => signHash(hash, secret, AUXILIARY) === signature),
    nobleSignAnew: () => bytes.every(({ hash, secret }, i) => sign(hash, secret) === signed[i]?.signature),
  };
  return prepared;
}
