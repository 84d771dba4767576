/**
 * BIP-340 signatures and ECDH by libsecp256k1 compiled to WASM (the build inside `tiny-secp256k1`).
 *
 * The one place where curve arithmetic happens. The library's own loader cannot run in workerd, which wants
 * WASM as a compiled module import; so the module is bound here directly: fixed input buffers in WASM memory,
 * one call each, secrets zeroed after use. About 0.2 ms a call where JavaScript needs 1.3–2 ms (test/bench).
 */
import wasmModule from '#secp256k1.wasm';
import { fromHex, isHex32, isHex64, toHex, writeHex } from './hex.ts';

/** A key, point or hash that libsecp256k1 refuses. */
export class CurveError extends Error {
  override readonly name = 'CurveError';
}

type Library = ReturnType<typeof load>;
let library: Library | undefined;

// Loaded at the first call and not at import: workerd forbids randomness (context blinding) in global scope.
function lib(): Library {
  library ??= load();
  return library;
}

function load() {
  const instance = new WebAssembly.Instance(wasmModule, {
    './rand.js': { generateInt32: () => crypto.getRandomValues(new Int32Array(1))[0] ?? 0 },
    './validate_error.js': {
      throwError: (code: number) => {
        throw new CurveError(`libsecp256k1 refused its input (code ${code})`);
      },
    },
  });
  const { exports } = instance;
  const memory = exports['memory'];
  if (!(memory instanceof WebAssembly.Memory)) throw new Error('secp256k1.wasm exports no memory');
  const call = (name: string): ((...args: number[]) => unknown) => {
    const fn = exports[name];
    if (typeof fn !== 'function') throw new Error(`secp256k1.wasm exports no function ${name}`);
    return (...args) => fn(...args);
  };
  const buffer = (name: string, length: number): Uint8Array => {
    const pointer = exports[name];
    if (!(pointer instanceof WebAssembly.Global)) throw new Error(`secp256k1.wasm exports no buffer ${name}`);
    return new Uint8Array(memory.buffer, Number(pointer.value), length);
  };
  call('initializeContext')();
  return {
    signSchnorr: call('signSchnorr'),
    verifySchnorr: call('verifySchnorr'),
    xOnlyPointFromScalar: call('xOnlyPointFromScalar'),
    pointMultiply: call('pointMultiply'),
    hash: buffer('HASH_INPUT', 32),
    extra: buffer('EXTRA_DATA_INPUT', 32),
    signature: buffer('SIGNATURE_INPUT', 64),
    publicKey: buffer('X_ONLY_PUBLIC_KEY_INPUT', 32),
    secretKey: buffer('PRIVATE_INPUT', 32),
    point: buffer('PUBLIC_KEY_INPUT', 65),
    scalar: buffer('TWEAK_INPUT', 32),
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
  try {
    return curve.verifySchnorr() === 1;
  } catch (error) {
    // An x that is not on the curve, or an s over the order: simply not a signature.
    if (error instanceof CurveError) return false;
    throw error;
  }
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
  assertSecretKey(secretKey);
  const curve = lib();
  try {
    writeHex(hash, curve.hash);
    curve.secretKey.set(secretKey);
    curve.extra.set(auxiliary ?? crypto.getRandomValues(new Uint8Array(32)));
    curve.signSchnorr(1);
    return toHex(curve.signature);
  } finally {
    curve.secretKey.fill(0);
    curve.extra.fill(0);
  }
}

/** The x-only public key of a secret key, as hex. @throws CurveError when the secret key is out of range. */
export function publicKeyOf(secretKey: Uint8Array): string {
  assertSecretKey(secretKey);
  const curve = lib();
  try {
    curve.secretKey.set(secretKey);
    curve.xOnlyPointFromScalar();
    return toHex(curve.publicKey);
  } finally {
    curve.secretKey.fill(0);
  }
}

/**
 * The x coordinate of `secretKey · publicKey`, 32 bytes: the shared secret of NIP-04 and NIP-44.
 *
 * @throws CurveError when the public key is not a point of the curve
 */
export function sharedX(secretKey: Uint8Array, publicKey: string): Uint8Array {
  assertSecretKey(secretKey);
  if (!isHex32(publicKey)) throw new CurveError('a public key must be 32 bytes of lower-case hex');
  const curve = lib();
  try {
    curve.point[0] = 2;
    curve.point.set(fromHex(publicKey), 1);
    curve.scalar.set(secretKey);
    if (curve.pointMultiply(33, 33) !== 1) throw new CurveError('the shared point is at infinity');
    return curve.point.slice(1, 33);
  } finally {
    curve.scalar.fill(0);
    curve.point.fill(0);
  }
}

const CURVE_ORDER = fromHex('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141');

// The WASM trusts its caller: an unchecked scalar would give an undefined signature instead of an error.
function assertSecretKey(secretKey: Uint8Array): void {
  if (secretKey.length !== 32) throw new CurveError('a secret key has 32 bytes');
  let nonZero = 0;
  let order = 0;
  for (let i = 0; i < 32; i++) {
    nonZero |= secretKey[i] ?? 0;
    if (order === 0) order = (secretKey[i] ?? 0) - (CURVE_ORDER[i] ?? 0);
  }
  if (nonZero === 0 || order >= 0)
    throw new CurveError('a secret key must lie between 1 and the curve order');
}
