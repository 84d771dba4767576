/** Does signatures where they run, inside workerd, to be timed from outside. Answers how many were done. */
import { schnorr } from '@noble/curves/secp256k1.js';
import { fromHex, toHex } from '../../src/nostr/hex.ts';
import { publicKeyOf, signHash, verifySignature } from '../../src/nostr/schnorr.ts';

const SECRET = new Uint8Array(32).fill(7);
const AUXILIARY = new Uint8Array(32).fill(9);
const HASHES = Array.from({ length: 100 }, (_, i) => toHex(new Uint8Array(32).fill(i)));

export default {
  fetch(request: Request): Response {
    const { searchParams } = new URL(request.url);
    const work = works()[searchParams.get('work') ?? ''];
    if (work === undefined) return new Response('no such work', { status: 404 });
    const rounds = Number(searchParams.get('rounds'));
    // Whoever does nothing is fast: each piece of work says whether it was done right.
    for (let i = 0; i < rounds; i++)
      if (!work()) return new Response('a signature is wrong', { status: 500 });
    return new Response(String(rounds * HASHES.length));
  },
};

let prepared: Readonly<Record<string, () => boolean>> | undefined;

/** Each piece of work takes every hash once. Prepared outside of what is timed, by the warm-up. */
function works(): Readonly<Record<string, () => boolean>> {
  if (prepared !== undefined) return prepared;
  const publicKey = publicKeyOf(SECRET);
  const pairs = HASHES.map((hash) => ({ hash, signature: signHash(hash, SECRET, AUXILIARY) }));
  const bytes = pairs.map(({ hash, signature }) => ({ hash: fromHex(hash), signature: fromHex(signature) }));
  const key = fromHex(publicKey);
  prepared = {
    wasmVerify: () => pairs.every(({ hash, signature }) => verifySignature(signature, hash, publicKey)),
    nobleVerify: () => bytes.every(({ hash, signature }) => schnorr.verify(signature, hash, key)),
    wasmSign: () => pairs.every(({ hash, signature }) => signHash(hash, SECRET, AUXILIARY) === signature),
    nobleSign: () =>
      bytes.every(({ hash }, i) => toHex(schnorr.sign(hash, SECRET, AUXILIARY)) === pairs[i]?.signature),
  };
  return prepared;
}
