/**
 * Goal: what browsers and the command line compute with (plain JavaScript) is what the service computes with (node:crypto
 * and libsecp256k1), also for what is refused; and nothing of Node is left in what a browser is given.
 * Method: both implementations side by side on random input and on the published vectors; then the client is bundled
 * for a browser and for the command line, and its inputs are looked through.
 * Not proved: the speed; that a page's own bundle stays as small.
 */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../src/nostr/hex.ts';
import * as node from '../../src/nostr/primitives/node.ts';
import * as portable from '../../src/nostr/primitives/portable.ts';
import * as native from '../../src/nostr/schnorr.ts';
import * as plain from '../../src/nostr/schnorr-portable.ts';
import vectors from '../vectors/bip340.json' with { type: 'json' };

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

/** What both do with it, or that they refuse. */
function outcome<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? error.name : 'something else';
  }
}

test('hashes are the same', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array()), fc.string(), (data, key) => {
      expect(portable.sha256Hex(data)).toBe(node.sha256Hex(data));
      expect(toHex(portable.sha256(data))).toBe(portable.sha256Hex(data));
      expect(toHex(node.sha256(data))).toBe(portable.sha256Hex(data));
      const message = typeof data === 'string' ? new TextEncoder().encode(data) : data;
      expect(toHex(portable.hmacSha256(key, message))).toBe(toHex(node.hmacSha256(key, message)));
    }),
  );
});

test('AES is the same, and wrong padding is refused by both', () => {
  const iv = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(bytes32, iv, fc.uint8Array(), (key, nonce, text) => {
      const encrypted = node.encryptAesCbc(key, nonce, text);
      expect(toHex(portable.encryptAesCbc(key, nonce, text))).toBe(toHex(encrypted));
      expect(toHex(portable.decryptAesCbc(key, nonce, encrypted))).toBe(toHex(text));
      expect(toHex(node.decryptAesCbc(key, nonce, encrypted))).toBe(toHex(text));
      const cut = encrypted.subarray(0, encrypted.length - 1);
      expect(() => node.decryptAesCbc(key, nonce, cut)).toThrow();
      expect(() => portable.decryptAesCbc(key, nonce, cut)).toThrow();
    }),
  );
});

describe('the curve', () => {
  test.each(vectors)('vector $index: $comment', ({ signature, message, publicKey, valid }) => {
    expect(plain.verifySignature(signature, message, publicKey)).toBe(valid);
  });

  test('keys, signatures and shared secrets are the same, and so is what is refused', () => {
    const keys = fc.oneof(bytes32, fc.constantFrom(new Uint8Array(32), new Uint8Array(32).fill(255)));
    fc.assert(
      fc.property(keys, bytes32, bytes32, (key, other, auxiliary) => {
        const hash = toHex(other);
        const publicKey = outcome(() => native.publicKeyOf(key));
        expect(outcome(() => plain.publicKeyOf(key))).toBe(publicKey);
        const signature = outcome(() => native.signHash(hash, key, auxiliary));
        expect(outcome(() => plain.signHash(hash, key, auxiliary))).toBe(signature);
        // Every other x is no point of the curve.
        expect(outcome(() => toHex(plain.sharedX(key, hash)))).toBe(
          outcome(() => toHex(native.sharedX(key, hash))),
        );
      }),
      { numRuns: 50 },
    );
  });

  test('what is no hex is no signature, and nothing is thrown', () => {
    expect(plain.verifySignature('00', '11', '22')).toBe(false);
    expect(() => plain.signHash('00', new Uint8Array(32).fill(1))).toThrow(plain.CurveError);
    expect(() => plain.sharedX(new Uint8Array(32).fill(1), 'zz')).toThrow(plain.CurveError);
  });
});

/** All that a client does, as a page or a program would import it. */
const EVERYTHING = [
  'agents',
  'card',
  'follow',
  'http',
  'job-fold',
  'naming',
  'nwc',
  'ports',
  'purse',
  'relays',
  'request',
  'signer',
  'words',
]
  .map((name) => `export * from './src/client/${name}.ts';`)
  .join('\n');
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

async function bundled(contents: string): Promise<{ imports: string[]; text: string }> {
  const result = await build({
    stdin: { contents, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    external: ['node:*', 'cloudflare:*'],
  });
  const imports = Object.values(result.metafile.inputs).flatMap(({ imports }) =>
    imports.filter(({ external }) => external === true).map(({ path }) => path),
  );
  return { imports, text: result.outputFiles[0]?.text ?? '' };
}

test('a browser is given nothing of Node or of Cloudflare, and no WASM', async () => {
  const { imports, text } = await bundled(EVERYTHING);
  expect(imports).toEqual([]);
  expect(text).not.toContain('WebAssembly');
  expect(text).not.toMatch(/\bBuffer\b|process\.env/);
  // Signing, following, wallet and schemas together; a page loads the wallet only when it is wanted.
  expect(gzipSync(text).length).toBeLessThan(80_000);
});
