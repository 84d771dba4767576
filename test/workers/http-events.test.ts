import { env, exports } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { agentKeys } from '../../src/nostr/keys.ts';
import { dispatch } from '../../workers/dispatch.ts';
import { configOf } from '../../workers/env.ts';
import { signedBy } from '../support/events.ts';

interface Message {
  readonly id: string | undefined;
  readonly event: { readonly kind: number; readonly id: string; readonly pubkey: string };
}

/** Reads a stream of a job's events until one satisfies `last`, then leaves. */
async function read(
  jobId: string,
  after: string | null,
  last: (message: Message) => boolean,
): Promise<Message[]> {
  const headers: HeadersInit = after === null ? {} : { 'last-event-id': after };
  const response = await exports.default.fetch(
    new Request(`http://relay.test/jobs/${jobId}/events`, { headers }),
  );
  expect(response.status).toBe(200);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const messages: Message[] = [];
  for (let rest = ''; ; ) {
    const chunk = await reader?.read();
    if (chunk === undefined || chunk.done)
      throw new Error(`the stream ended after: ${JSON.stringify(messages)}`);
    const blocks = (rest + chunk.value).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^data: ?(.*)$/m.exec(block)?.[1];
      if (data === undefined) continue;
      messages.push({ id: /^id: ?(.*)$/m.exec(block)?.[1], event: JSON.parse(data) });
    }
    if (messages.some(last)) {
      await reader?.cancel();
      return messages;
    }
  }
}

/**
 * Goal: whoever reads a job's events over HTTP gets each of them once, also across a lost connection. Method: a real
 * job of `discover` is read as soon as it is accepted, then again from the beginning, then again after its first
 * event, by the Last-Event-ID a browser would send. Does not prove that an event arrived live: the job may be done
 * before the first read.
 */
test('a job is followed, replayed, and resumed after the last event seen', async () => {
  const { publicKey: agent } = agentKeys(configOf(env).masterSecret, 'discover');
  const request = signedBy('reader', {
    kind: 7001,
    created_at: Math.floor(Date.now() / 1000),
    tags: [
      ['p', agent],
      ['request', JSON.stringify({ messages: [{ role: 'user', content: 'zaps' }] })],
    ],
  });
  await env.RELAY.getByName('main').publish([request]);
  await dispatch(env, { event: request, via: 'embedded', authenticated: [] });
  const isResult = ({ event }: Message) => event.kind === 7001 && event.pubkey === agent;

  const first = await read(request.id, null, isResult);
  const stored = first.filter(({ id }) => id !== undefined);
  expect(stored.map(({ event }) => event.kind)).toEqual([7000, 7001]);

  expect(await read(request.id, null, isResult)).toEqual(stored);
  expect(await read(request.id, stored[0]?.id ?? null, isResult)).toEqual(stored.slice(1));
});
