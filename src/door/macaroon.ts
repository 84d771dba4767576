/**
 * Macaroons: bearer tokens whose holder may narrow them and not widen them. Version 2, binary (libmacaroons' `doc/format.txt`),
 * first-party caveats only; the chain of HMACs is libmacaroons', which every L402 client knows.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { L402_MAX_CAVEATS, L402_MAX_MACAROON_BYTES } from '../limits.ts';

export interface Macaroon {
  /** A hint at who made it; not signed. */
  readonly location: string;
  readonly identifier: Uint8Array;
  /** What has to hold, every one of it. */
  readonly caveats: readonly string[];
  /** 32 bytes. */
  readonly signature: Uint8Array;
}

const VERSION = 2;
/** Fields: a type, a length, that many bytes. Type 0 ends a section and has neither. */
const FIELD = { end: 0, location: 1, identifier: 2, verification: 4, signature: 6 } as const;

/** Signs an identifier and its caveats. @param rootKey known to whoever will check it, and to nobody else */
export function mintMacaroon(
  rootKey: Uint8Array,
  identifier: Uint8Array,
  caveats: readonly string[],
  location: string,
): Macaroon {
  return { location, identifier, caveats, signature: chain(rootKey, identifier, caveats) };
}

/** Adds a caveat, as any holder may. */
export function narrowed({ signature, caveats, ...macaroon }: Macaroon, caveat: string): Macaroon {
  return { ...macaroon, caveats: [...caveats, caveat], signature: hmac(signature, Buffer.from(caveat)) };
}

/** Whether it was signed with this root key, and only narrowed since. What its caveats say is another question. */
export function isGenuine({ identifier, caveats, signature }: Macaroon, rootKey: Uint8Array): boolean {
  const expected = chain(rootKey, identifier, caveats);
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}

/** As base64. */
export function encodeMacaroon({ location, identifier, caveats, signature }: Macaroon): string {
  const section = (fields: readonly (readonly [number, Uint8Array])[]) => [
    ...fields.flatMap(([type, data]) => [...varint(type), ...varint(data.length), ...data]),
    FIELD.end,
  ];
  return Buffer.from([
    VERSION,
    ...section([
      ...(location === '' ? [] : [[FIELD.location, Buffer.from(location)] as const]),
      [FIELD.identifier, identifier],
    ]),
    ...caveats.flatMap((caveat) => section([[FIELD.identifier, Buffer.from(caveat)]])),
    FIELD.end,
    ...[...varint(FIELD.signature), ...varint(signature.length), ...signature],
  ]).toString('base64');
}

/** Reads base64 of either alphabet; null for what is no macaroon of this kind, or longer than any of ours may grow. */
export function decodeMacaroon(text: string): Macaroon | null {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length > L402_MAX_MACAROON_BYTES || bytes[0] !== VERSION) return null;
  const reader = new FieldReader(bytes, 1);
  const head = reader.section();
  const identifier = head?.get(FIELD.identifier);
  if (head === null || identifier === undefined) return null;
  const caveats: string[] = [];
  for (;;) {
    const section = reader.section();
    if (section === null) return null;
    if (section.size === 0) break;
    const caveat = section.get(FIELD.identifier);
    // A third party's word (field 4) is asked for nowhere here, so one that needs it cannot be honoured.
    if (caveat === undefined || section.has(FIELD.verification)) return null;
    if (caveats.push(new TextDecoder().decode(caveat)) > L402_MAX_CAVEATS) return null;
  }
  const signature = reader.last(FIELD.signature);
  if (signature?.length !== 32) return null;
  const location = new TextDecoder().decode(head.get(FIELD.location));
  return { location, identifier, caveats, signature };
}

class FieldReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, from: number) {
    this.#bytes = bytes;
    this.#at = from;
  }

  /** The fields up to the next end, each once and in the order of their types; null when they are broken. */
  section(): Map<number, Uint8Array> | null {
    const fields = new Map<number, Uint8Array>();
    let before = 0;
    for (;;) {
      const type = this.#varint();
      if (type === FIELD.end) return fields;
      if (type === null || type <= before || type === FIELD.signature) return null;
      const data = this.#data();
      if (data === null) return null;
      fields.set(type, data);
      before = type;
    }
  }

  /** The one field that is left. */
  last(type: number): Uint8Array | null {
    const data = this.#varint() === type ? this.#data() : null;
    return this.#at === this.#bytes.length ? data : null;
  }

  #data(): Uint8Array | null {
    const length = this.#varint();
    if (length === null || this.#at + length > this.#bytes.length) return null;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #varint(): number | null {
    let value = 0;
    // Nothing here is longer than three bytes can say.
    for (let shift = 0; shift <= 14; shift += 7) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) return null;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return null;
  }
}

function chain(rootKey: Uint8Array, identifier: Uint8Array, caveats: readonly string[]): Uint8Array {
  // libmacaroons turns every root key into one of the right size by this.
  const key = hmac(Buffer.from('macaroons-key-generator'), rootKey);
  return caveats.reduce<Uint8Array>(
    (signature, caveat) => hmac(signature, Buffer.from(caveat)),
    hmac(key, identifier),
  );
}

function hmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac('sha256', key).update(data).digest());
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}
