/** Requests signed by made-up people (NIP-98), body included. */
import { createHash } from 'node:crypto';
import { httpToken } from './http-token.ts';

/** What `app.request` takes: a request to https://market.example that somebody signed at a time, Unix ms. */
export function signedRequest(
  who: string,
  method: string,
  path: string,
  at_ms: number,
  body?: string,
): RequestInit {
  const url = `https://market.example${path}`;
  const tags = [
    ['u', url],
    ['method', method],
    ...(body === undefined ? [] : [['payload', createHash('sha256').update(body).digest('hex')]]),
  ];
  const authorization = httpToken(who, url, method, at_ms, { tags });
  return { method, headers: { authorization }, ...(body === undefined ? {} : { body }) };
}
