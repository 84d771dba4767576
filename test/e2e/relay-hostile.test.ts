/**
 * Goal: hostile clients cost the relay a bounded amount and get the refusal NIP-01 has for them, while others are
 * served (RELIABILITY, promises 13 and 14).
 * Method: the started service and raw frames.
 * Not proved: limits of the deployed platform, whose isolates have 128 MB.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EventTemplate, signEvent } from '../../src/nostr/event.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Service, startService } from '../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const secret = new Uint8Array(randomBytes(32));
const sign = (template: Partial<EventTemplate> = {}) =>
  signEvent(
    { kind: 1, created_at: Math.floor(Date.now() / 1_000), tags: [], content: '', ...template },
    secret,
  );
const fresh = () => sign({ content: randomBytes(8).toString('hex') });

/** A stranger is served as if nothing had happened. */
async function expectService(): Promise<void> {
  const client = await RawClient.connect(service.relay);
  expect(await client.publish(fresh())).toEqual([true, '']);
  client.close();
}

test.each([
  ['a frame of 1 MB', `["EVENT","${'x'.repeat(1_000_000)}"]`],
  ['a frame of 8 MB', `["REQ","s",{"ids":["${'x'.repeat(8_000_000)}"]}]`],
  ['100,000 tags', JSON.stringify(['EVENT', { tags: Array.from({ length: 100_000 }, () => ['t', 'x']) }])],
  ['a million-deep list', '['.repeat(1_000_000)],
  ['a 60,000-deep list', `${'['.repeat(60_000)}${']'.repeat(60_000)}`],
  ['a prototype', '{"__proto__":[]}'],
  ['a NUL', '\u0000'],
])('%s gets one NOTICE and the connection goes on', async (_what, frame) => {
  const client = await RawClient.connect(service.relay);
  await client.challenge();
  client.socket.send(frame);
  await client.settle();
  expect(client.inbox).toEqual([['NOTICE', expect.stringMatching(/^invalid: /)]]);
  expect(await client.publish(fresh())).toEqual([true, '']);
  client.close();
});

// That who sends faster than allowed for long is cut off takes a clock of one's own: test/relay/relay.test.ts.
test('of thousands of subscriptions 64 are served and the rest refused', async () => {
  const client = await RawClient.connect(service.relay);
  for (let i = 0; i < 3_000; i++) client.send('REQ', `s${i}`, { kinds: [i], limit: 0 });
  await client.take(([type, id]) => type === 'CLOSED' && id === 's2999', 'the last CLOSED');
  const closed = client.inbox.filter(([type]) => type === 'CLOSED');
  expect(client.inbox.filter(([type]) => type === 'EOSE')).toHaveLength(64);
  expect(closed).toHaveLength(2_999 - 64);
  expect(closed.every(([, , reason]) => /^(restricted|rate-limited): /.test(String(reason)))).toBe(true);
  await expectService();
  client.close();
});

test('10,000 subscriptions of many clients do not slow an event down', async () => {
  const clients = await Promise.all(Array.from({ length: 157 }, () => RawClient.connect(service.relay)));
  for (const [c, client] of clients.entries()) {
    for (let i = 0; i < 64; i++)
      client.send('REQ', `s${i}`, { kinds: [20_200], '#t': [`topic ${c * 64 + i}`], limit: 0 });
  }
  await Promise.all(
    clients.map((client) => client.take(([type, id]) => type === 'EOSE' && id === 's63', 'EOSE')),
  );
  const writer = await RawClient.connect(service.relay);
  const unheard = Array.from({ length: 200 }, (_, i) => sign({ kind: 20_200, tags: [['t', `nobody ${i}`]] }));
  const began_ms = performance.now();
  await Promise.all(unheard.map((event) => writer.publish(event)));
  // Each compared with 10,000 filters would be two million comparisons; the bound is loose for a shared machine.
  expect(performance.now() - began_ms).toBeLessThan(3_000);
  const heard = sign({ kind: 20_200, tags: [['t', 'topic 5000']] });
  await writer.publish(heard);
  await Promise.all(clients.map((client) => client.settle()));
  const received = clients.map((client) => client.inbox.filter(([type]) => type === 'EVENT'));
  expect(received.flat()).toEqual([['EVENT', `s${5_000 % 64}`, heard]]);
  expect(received[Math.floor(5_000 / 64)]).toHaveLength(1);
  for (const client of [...clients, writer]) client.close();
});

test('a client that never reads is cut off after a bounded amount', async () => {
  const [lazy, writer] = [await RawClient.connect(service.relay), await RawClient.connect(service.relay)];
  // Every event goes to it twenty times, so that it is offered more than it must keep up with on any machine.
  for (let i = 0; i < 20; i++) await lazy.request(`s${i}`, { kinds: [20_100] });
  lazy.socket.pause();
  const content = 'x'.repeat(60_000);
  for (let i = 0; i < 40; i++) await writer.publish(sign({ kind: 20_100, content: `${i}${content}` }));
  const gone = lazy.closed();
  lazy.socket.resume();
  expect(await gone).toEqual({ code: 1008, reason: expect.stringMatching(/^rate-limited: /) });
  const received = lazy.inbox.filter(([type]) => type === 'EVENT').length * content.length;
  expect(received).toBeGreaterThan(1_000_000);
  expect(received).toBeLessThan(20_000_000);
  await expectService();
  writer.close();
});
