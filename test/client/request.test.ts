/**
 * Goal: what a client asks for is what the marketplace reads, in both dialects, in the clear and sealed.
 * Method: orders are signed by the client and opened by the service's own dialects, which were written apart from it.
 * Not proved: that other marketplaces read them; the e2e suites of NDK and nostr-tools show what others write.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { draftRequest, type JobOrder, signRequest } from '../../src/client/request.ts';
import { keySigner } from '../../src/client/signer.ts';
import { cancellation, wordsTo } from '../../src/client/words.ts';
import type { Json } from '../../src/errors.ts';
import { verifyEvent } from '../../src/nostr/event.ts';
import { DEFAULT_AGENT_KINDS } from '../../src/nostr/kinds.ts';
import { agentNip } from '../../src/protocol/agent-nip.ts';
import type { JobBody } from '../../src/protocol/model.ts';
import { nip90 } from '../../src/protocol/nip90.ts';
import { openerFor, openRequest } from '../../src/protocol/sealing.ts';
import { person } from '../support/events.ts';

const client = person('client');
const agent = person('agent');
const signer = keySigner(client);
const NOW_S = 1_800_000_000;

/** How the agent reads it. */
async function readByAgent(order: JobOrder): Promise<JobBody> {
  const event = await signRequest(order, signer, NOW_S);
  expect(verifyEvent(event)).toBe(event);
  const request = openRequest(event, agent, DEFAULT_AGENT_KINDS);
  if (request === null) throw new Error('the agent saw no request');
  const dialect = (order.kind === 7001 ? agentNip : nip90)(DEFAULT_AGENT_KINDS);
  return dialect.body(request.event, request.envelope, openerFor(agent, client.publicKey));
}

const words = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 200 })
  .filter((text) => text.trim() !== '');
const names = fc.stringMatching(/^[a-z][a-z_]{0,10}$/).filter((name) => name !== 'model');

describe('a request of the agent NIP', () => {
  test('is read as it was meant, in the clear and sealed', async () => {
    const parameters = fc.dictionary(names, fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>);
    await fc.assert(
      fc.asyncProperty(words, parameters, fc.boolean(), async (text, asked, encrypted) => {
        const body = await readByAgent({
          kind: 7001,
          agent: agent.publicKey,
          text,
          parameters: asked,
          messages: [{ role: 'system', content: 'Be short.' }],
          encrypted,
        });
        expect(body.messages).toEqual([
          { role: 'system', content: 'Be short.' },
          { role: 'user', content: text },
        ]);
        expect(body.parameters).toEqual(JSON.parse(JSON.stringify(asked)));
      }),
      { numRuns: 60 },
    );
  });

  test('carries contract, check, format, tools, invoice, session, relays and expiration', async () => {
    const order: JobOrder = {
      kind: 7001,
      agent: agent.publicKey,
      text: 'x',
      model: 'small',
      session: 's1',
      contract: { scope: 'this', verify: { language: 'python' } },
      bid_msats: 21_500,
      outputFormat: 'text/markdown',
      responseFormat: { type: 'json_object' },
      tools: [{ type: 'function' }],
      bolt11: 'lnbc1',
      relays: ['wss://a.example', 'wss://b.example'],
      expiresAt_s: NOW_S + 60,
    };
    const event = await signRequest(order, signer, NOW_S);
    const { envelope } = openRequest(event, agent, DEFAULT_AGENT_KINDS) ?? {};
    expect(envelope).toMatchObject({ session: 's1', relays: order.relays, expiresAt_s: NOW_S + 60 });
    expect(await readByAgent(order)).toMatchObject({
      model: 'small',
      contract: { scope: 'this', verify: { language: 'python' }, payment_amount_sats: 21 },
      outputFormat: { type: 'json_object' },
      tools: [{ type: 'function' }],
      bolt11: 'lnbc1',
    });
  });

  test('sealed, shows no word of it', async () => {
    const secret = 'the whole secret';
    const event = await signRequest(
      { kind: 7001, agent: agent.publicKey, text: secret, contract: { scope: secret }, encrypted: true },
      signer,
      NOW_S,
    );
    expect(JSON.stringify(event)).not.toContain(secret);
    expect(event.tags.map(([name]) => name)).toEqual(['p', 'nip_version', 'encrypted']);
  });
});

test('a request of NIP-90 is read as it was meant, in the clear and sealed', async () => {
  await fc.assert(
    fc.asyncProperty(
      words,
      fc.array(words, { minLength: 2, maxLength: 3 }),
      fc.boolean(),
      async (text, list, encrypted) => {
        const body = await readByAgent({
          kind: 5302,
          agent: agent.publicKey,
          text,
          model: 'small',
          inputs: [{ type: 'url', value: 'https://a.example/x' }],
          parameters: { list, count: 3, flag: true },
          outputFormat: 'text/plain',
          bid_msats: 5_000,
          encrypted,
        });
        expect(body).toMatchObject({
          messages: [{ role: 'user', content: text }],
          inputs: [{ type: 'url', value: 'https://a.example/x' }],
          parameters: { list, count: '3', flag: 'true' },
          model: 'small',
          outputFormat: 'text/plain',
          bid_msats: 5_000,
        });
      },
    ),
    { numRuns: 40 },
  );
});

test.each<[string, JobOrder, RegExp]>([
  ['a kind that asks for nothing', { kind: 1, agent: null, text: 'x' }, /kind 1 is no job request/],
  ['nothing to do', { kind: 7001, agent: null }, /needs words/],
  ['sealed for nobody', { kind: 7001, agent: null, text: 'x', encrypted: true }, /needs an agent/],
  ['a contract in NIP-90', { kind: 5050, agent: null, text: 'x', contract: {} }, /contract/],
  ['tools in NIP-90', { kind: 5050, agent: null, text: 'x', tools: [] }, /NIP-90 has no tools/],
  [
    'inputs in a task',
    { kind: 7001, agent: null, text: 'x', inputs: [{ type: 'url', value: 'u' }] },
    /NIP-90/,
  ],
])('%s is refused with what to do', (_, order, message) => {
  expect(() => draftRequest(order, NOW_S)).toThrow(message);
});

describe('words to a running team', () => {
  const order = { kind: 7001, agent: agent.publicKey, text: 'write' };

  test('go into its session, sealed as the job is', async () => {
    for (const encrypted of [false, true]) {
      const job = await signRequest({ ...order, session: 's', encrypted }, signer, NOW_S);
      const draft = wordsTo(job, agent.publicKey, 'shorter', ['wss://a.example'], NOW_S);
      expect(draft.template.tags).toContainEqual(['t', 's']);
      expect(draft.sealed === null).toBe(!encrypted);
    }
  });

  test('become a comment under a job without one, unless it is sealed', async () => {
    const job = await signRequest(order, signer, NOW_S);
    const { template } = wordsTo(job, agent.publicKey, 'shorter', [], NOW_S);
    expect(template).toMatchObject({ kind: 1111, content: 'shorter' });
    expect(template.tags).toContainEqual(['K', '7001']);
    const sealed = await signRequest({ ...order, encrypted: true }, signer, NOW_S);
    expect(() => wordsTo(sealed, agent.publicKey, 'shorter', [], NOW_S)).toThrow(/public/);
  });

  test('a job is called off by its id', async () => {
    const job = await signRequest(order, signer, NOW_S);
    expect(cancellation(job, 'no need', NOW_S)).toMatchObject({
      kind: 5,
      tags: [
        ['e', job.id],
        ['k', '7001'],
      ],
    });
  });
});
