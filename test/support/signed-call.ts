/** HTTP calls that a key signs (NIP-98), as a stranger writes them: on nostr-tools alone. */
import { createHash, randomBytes } from 'node:crypto';
import { finalizeEvent } from 'nostr-tools/pure';

export interface Answered {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

/** The same for what answers in JSON. */
export async function signedCall(
  origin: string,
  secretKey: Uint8Array,
  method: string,
  path: string,
  body?: object,
): Promise<Answered> {
  const { status, text } = await signedText(origin, secretKey, method, path, body);
  return { status, json: JSON.parse(text) };
}

/**
 * @param origin of the service, without a trailing slash
 * @param path with its query
 * @param body sent as JSON
 */
export async function signedText(
  origin: string,
  secretKey: Uint8Array,
  method: string,
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly text: string }> {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const authorization = nip98(secretKey, `${origin}${path}`, method, sent);
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: { authorization },
    ...(sent === undefined ? {} : { body: sent }),
  });
  return { status: response.status, text: await response.text() };
}

/** An `Authorization` header that signs one request. @param body as it is sent */
export function nip98(secretKey: Uint8Array, url: string, method: string, body?: string): string {
  const tags = [
    ['u', url],
    ['method', method],
    // Two alike within a second would be one token.
    ['nonce', randomBytes(8).toString('hex')],
    ...(body === undefined ? [] : [['payload', createHash('sha256').update(body).digest('hex')]]),
  ];
  const template = { kind: 27_235, created_at: Math.floor(Date.now() / 1_000), tags, content: '' };
  return `Nostr ${Buffer.from(JSON.stringify(finalizeEvent(template, secretKey))).toString('base64')}`;
}
