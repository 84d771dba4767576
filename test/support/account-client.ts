/** A client's account over HTTP, each request signed with the client's key (NIP-98). */
import { createHash, randomBytes } from 'node:crypto';
import { finalizeEvent } from 'nostr-tools/pure';
import { z } from 'zod';
import type { Client } from './client.ts';

export interface Answer {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

const objectShape = z.record(z.string(), z.unknown());

/** @param url base URL of the service */
export async function asAccount(
  url: string,
  { secretKey }: Pick<Client, 'secretKey'>,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<Answer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const tags = [
    ['u', `${url}${path}`],
    ['method', method],
    // Two alike within a second would be one token.
    ['nonce', randomBytes(8).toString('hex')],
    ...(text === undefined ? [] : [['payload', createHash('sha256').update(text).digest('hex')]]),
  ];
  const template = { kind: 27_235, created_at: Math.floor(Date.now() / 1_000), tags, content: '' };
  const token = Buffer.from(JSON.stringify(finalizeEvent(template, secretKey))).toString('base64');
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Nostr ${token}` },
    ...(text === undefined ? {} : { body: text }),
  });
  return { status: response.status, json: objectShape.parse(await response.json()) };
}
