/**
 * BIP-340 signatures and ECDH by bitcoin-core's libsecp256k1, compiled to WASM by scripts/build-secp256k1.sh.
 *
 * The one place where curve arithmetic happens: fixed input buffers in WASM memory, one call each
 * (secp256k1/binding.c), secrets cleared from the buffers after use. The last 16 key pairs stay in WASM memory,
 * because BIP-340 signs with the public key as well and deriving it costs as much as signing. Figures, and why our
 * own build: docs/decisions/0002-libsecp256k1-in-wasm.md.
 */
import wasmModule from '#secp256k1.wasm';
import { CurveError } from './curve-error.ts';
import { isHex32, isHex64, toHex, writeHex } from './hex.ts';

export { CurveError } from './curve-error.ts';

type Library = ReturnType<typeof load>;
let library: Library | undefined;

// Loaded at the first call and not at import: workerd forbids randomness (context blinding) in global scope.
function lib(): Library {
  library ??= load();
  return library;
}

function load() {
  const { exports } = new WebAssembly.Instance(wasmModule);
  const { memory } = exports;
  if (!(memory instanceof WebAssembly.Memory)) throw new Error('secp256k1.wasm exports no memory');
  // Every function of the module answers 1, or 0 for refused.
  const call = (name: string): (() => boolean) => {
    const fn = exports[name];
    if (typeof fn !== 'function') throw new Error(`secp256k1.wasm exports no function ${name}`);
    return () => fn() === 1;
  };
  // The module's memory never grows, so a view of it stays valid.
  const buffer = (name: string, length: number): Uint8Array => {
    const pointer = exports[name];
    if (!(pointer instanceof WebAssembly.Global)) throw new Error(`secp256k1.wasm exports no buffer ${name}`);
    return new Uint8Array(memory.buffer, Number(pointer.value), length);
  };
  const random = buffer('random32', 32);
  random.set(randomBytes());
  if (!call('start')()) throw new Error('libsecp256k1 did not start');
  random.fill(0);
  return {
    sign: call('sign'),
    verify: call('verify'),
    derive: call('derive'),
    sharedX: call('shared_x'),
    hash: buffer('hash', 32),
    signature: buffer('signature', 64),
    publicKey: buffer('public_key', 32),
    secretKey: buffer('secret_key', 32),
    shared: buffer('shared', 32),
    random,
  };
}

/**
 * Verifies a BIP-340 signature. Never throws: whatever is not a valid signature is `false`.
 *
 * @param signature 64 bytes as hex
 * @param hash the signed 32 bytes as hex
 * @param publicKey x-only public key, 32 bytes as hex
 */
export function verifySignature(signature: string, hash: string, publicKey: string): boolean {
  if (!isHex64(signature) || !isHex32(hash) || !isHex32(publicKey)) return false;
  const curve = lib();
  writeHex(hash, curve.hash);
  writeHex(publicKey, curve.publicKey);
  writeHex(signature, curve.signature);
  return curve.verify();
}

/**
 * Signs 32 bytes by BIP-340.
 *
 * @param hash 32 bytes as hex
 * @param secretKey 32 bytes
 * @param auxiliary 32 random bytes; a fixed value makes the signature deterministic (tests)
 * @returns the signature, 64 bytes as hex
 * @throws CurveError when the key is zero or not below the curve order
 */
export function signHash(hash: string, secretKey: Uint8Array, auxiliary?: Uint8Array): string {
  if (!isHex32(hash)) throw new CurveError('a hash to sign must be 32 bytes of lower-case hex');
  if (auxiliary !== undefined && auxiliary.length !== 32)
    throw new CurveError('auxiliary randomness has 32 bytes');
  const curve = lib();
  writeHex(hash, curve.hash);
  curve.random.set(auxiliary ?? randomBytes());
  try {
    withSecretKey(secretKey, curve.sign);
    return toHex(curve.signature);
  } finally {
    curve.random.fill(0);
  }
}

/** The x-only public key of a secret key, as hex. @throws CurveError when the secret key is out of range. */
export function publicKeyOf(secretKey: Uint8Array): string {
  const curve = lib();
  withSecretKey(secretKey, curve.derive);
  return toHex(curve.publicKey);
}

/**
 * The x coordinate of `secretKey · publicKey`, 32 bytes: the shared secret of NIP-04 and NIP-44.
 *
 * @throws CurveError when the secret key is out of range or the public key is not a point of the curve
 */
export function sharedX(secretKey: Uint8Array, publicKey: string): Uint8Array {
  if (!isHex32(publicKey)) throw new CurveError('a public key must be 32 bytes of lower-case hex');
  const curve = lib();
  writeHex(publicKey, curve.publicKey);
  try {
    withSecretKey(secretKey, curve.sharedX);
    return curve.shared.slice();
  } finally {
    curve.shared.fill(0);
  }
}

function randomBytes(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32));
}

/** One call with the secret key in its buffer, which is cleared whatever happens. */
function withSecretKey(secretKey: Uint8Array, call: () => boolean): void {
  if (secretKey.length !== 32) throw new CurveError('a secret key has 32 bytes');
  const buffer = lib().secretKey;
  buffer.set(secretKey);
  try {
    if (!call()) throw new CurveError('the key is not one: out of range, or no point of the curve');
  } finally {
    buffer.fill(0);
  }
}
