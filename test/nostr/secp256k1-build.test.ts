/**
 * Goal: the committed WASM file is the one that scripts/build-secp256k1.sh makes, asks nothing of its host, and keeps
 * no secret but the key pairs it is meant to keep.
 * Method: its hash against the noted one, which the script checks byte for byte; its imports; and a search through all
 * of its memory after use.
 * Not proved: that the file comes from the noted source. That takes a machine with the compiler: run the script.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import wasmModule from '#secp256k1.wasm';

const folder = new URL('../../src/nostr/secp256k1/', import.meta.url);

test('the committed file has the hash that was noted when it was built', () => {
  const [hash, name] = readFileSync(new URL('secp256k1.wasm.sha256', folder), 'utf8').trim().split(/\s+/);
  expect(name).toBe('secp256k1.wasm');
  expect(
    createHash('sha256')
      .update(readFileSync(new URL('secp256k1.wasm', folder)))
      .digest('hex'),
  ).toBe(hash);
});

test('it imports nothing, so it can reach nothing', () => {
  expect(WebAssembly.Module.imports(wasmModule)).toEqual([]);
});

test('no secret stays behind once the caller cleared the buffers', () => {
  const { memory, buffer, call } = instantiate();
  const secret = Buffer.from('c0ffee01d15ea5e2b16b00b3f0cacc1a5eed5eed0ddba11ca11ab1e00badcafe', 'hex');
  const auxiliary = Buffer.from('a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf', 'hex');

  buffer('secret_key').set(secret);
  expect(call('derive')).toBe(1);
  expect(call('shared_x')).toBe(1);
  const shared = Buffer.from(buffer('shared'));
  buffer('random32').set(auxiliary);
  expect(call('sign')).toBe(1);
  // The search finds what is there: the buffer, and the pair that is kept.
  expect(traces(memory, secret)).toHaveLength(2);
  expect(traces(memory, shared)).not.toHaveLength(0);

  for (const name of ['secret_key', 'random32', 'shared']) buffer(name).fill(0);
  expect(traces(memory, secret)).toHaveLength(1);
  expect(traces(memory, shared)).toEqual([]);
  expect(traces(memory, auxiliary)).toEqual([]);

  // Sixteen other keys push the pair out.
  for (let i = 1; i <= 16; i++) {
    buffer('secret_key').fill(i);
    expect(call('derive')).toBe(1);
  }
  expect(traces(memory, secret)).toEqual([]);
});

function instantiate() {
  const { exports } = new WebAssembly.Instance(wasmModule);
  const { memory } = exports;
  if (!(memory instanceof WebAssembly.Memory)) throw new Error('no memory');
  const call = (name: string): unknown => {
    const fn = exports[name];
    if (typeof fn !== 'function') throw new Error(`no function ${name}`);
    return fn();
  };
  const buffer = (name: string): Uint8Array => {
    const pointer = exports[name];
    if (!(pointer instanceof WebAssembly.Global)) throw new Error(`no buffer ${name}`);
    return new Uint8Array(memory.buffer, Number(pointer.value), 32);
  };
  buffer('random32').fill(1);
  expect(call('start')).toBe(1);
  return { memory, buffer, call };
}

/** Where any 16 bytes of the secret's first or second half lie in memory, in its own order or as a little-endian number. */
function traces(memory: WebAssembly.Memory, secret: Buffer): number[] {
  const bytes = Buffer.from(memory.buffer);
  const found: number[] = [];
  const turned = Buffer.from(secret).reverse();
  for (const pattern of [secret.subarray(0, 16), turned.subarray(0, 16)]) {
    for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1)) found.push(at);
  }
  return found;
}
