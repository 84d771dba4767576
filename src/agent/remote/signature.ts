/**
 * How a webhook can tell that a job comes from this marketplace: by the owner's secret (Standard Webhooks,
 * https://www.standardwebhooks.com), and by the key of the agent itself (NIP-98), which needs no secret at all.
 */
import { createHash, createHmac } from 'node:crypto';
import { type KeyPair, signAs } from '../../nostr/event.ts';
import { KIND } from '../../nostr/kinds.ts';

export interface SignedCall {
  readonly url: string;
  readonly body: string;
  /** Of the message: the same for the same attempt, so that a delivery that comes twice is known. */
  readonly id: string;
  /** Unix s. */
  readonly now_s: number;
}

/** The headers of a call. @param secret `whsec_` and base64 */
export function signedHeaders(call: SignedCall, secret: string, keys: KeyPair): Record<string, string> {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signed = `${call.id}.${call.now_s}.${call.body}`;
  const token = signAs(
    {
      kind: KIND.httpAuth,
      created_at: call.now_s,
      tags: [
        ['u', call.url],
        ['method', 'POST'],
        ['payload', createHash('sha256').update(call.body).digest('hex')],
      ],
      content: '',
    },
    keys,
  );
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'user-agent': 'errand',
    'webhook-id': call.id,
    'webhook-timestamp': String(call.now_s),
    'webhook-signature': `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
    authorization: `Nostr ${Buffer.from(JSON.stringify(token)).toString('base64')}`,
  };
}
