/**
 * Goal: a client written with NDK's own classes for NIP-90 can ask us and read every answer, in the clear and sealed.
 * Method: NDK makes and signs the request, our dialect reads it, renders and seals the answers, NDK reads them.
 * Not proved: the way over relays, which is the black-box suite's.
 */
import NDK, {
  NDKDVMJobFeedback,
  NDKDVMJobResult,
  NDKDVMRequest,
  NDKEvent,
  NDKPrivateKeySigner,
} from '@nostr-dev-kit/ndk';
import { expect, test } from 'vitest';
import { parseEvent, type VerifiedEvent, verifyEvent } from '../../src/nostr/event.ts';
import { DEFAULT_AGENT_KINDS } from '../../src/nostr/kinds.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';
import { dialectNamed } from '../../src/protocol/dialects.ts';
import type { Report } from '../../src/protocol/model.ts';
import { openerFor, openRequest, seal } from '../../src/protocol/sealing.ts';

const kinds = DEFAULT_AGENT_KINDS;
const secretKey = new Uint8Array(32).fill(3);
const agent = { secretKey, publicKey: publicKeyOf(secretKey) };
const signer = new NDKPrivateKeySigner('05'.repeat(32));
const ndk = new NDK({ signer });
const dialect = dialectNamed('nip90', kinds);

async function asked(encrypted: boolean) {
  const request = new NDKDVMRequest(ndk);
  request.kind = 5300;
  request.addInput('nostr zaps', 'text');
  request.addParam('max_results', '5');
  request.bid = 21_000;
  request.output = 'application/json';
  request.tags.push(['relays', 'wss://answers.test']);
  const user = ndk.getUser({ pubkey: agent.publicKey });
  if (encrypted) await request.encryption(user, signer);
  else request.dvm = user;
  await request.sign(signer);
  const opened = openRequest(taken(request.rawEvent()), agent, kinds);
  if (opened === null) throw new Error('not a request');
  return opened;
}

function taken(raw: unknown): VerifiedEvent {
  const event = parseEvent(JSON.parse(JSON.stringify(raw)));
  const verified = typeof event === 'string' ? event : verifyEvent(event);
  if (typeof verified === 'string') throw new Error(verified);
  return verified;
}

/** What NDK gets to see of a report. */
function told(request: Awaited<ReturnType<typeof asked>>, report: Report): NDKEvent {
  const [template] = dialect.render(report, request, 1_800_000_000);
  if (template === undefined) throw new Error('nothing was rendered');
  return new NDKEvent(ndk, JSON.parse(JSON.stringify(seal(template, request, agent))));
}

test.each([false, true])('NDK asks and reads the answers (encrypted: %s)', async (encrypted) => {
  const request = await asked(encrypted);
  expect(request.envelope).toMatchObject({
    sealing: encrypted ? 'nip44' : 'none',
    agents: [agent.publicKey],
    relays: ['wss://answers.test'],
  });
  const body = dialect.body(request.event, request.envelope, openerFor(agent, request.envelope.client));
  expect(body).toMatchObject({
    messages: [{ role: 'user', content: 'nostr zaps' }],
    parameters: { max_results: '5' },
    bid_msats: 21_000,
    outputFormat: 'application/json',
  });

  const working = await NDKDVMJobFeedback.from(told(request, { type: 'processing', note: 'searching' }));
  expect(working.status).toBe('processing');
  expect(working.getMatchingTags('status').at(-1)?.[2]).toBe('searching');

  const failure = { code: 'NOT_FOUND', message: 'none' } as const;
  const failed = await NDKDVMJobFeedback.from(told(request, { type: 'error', failure }));
  expect(failed.status).toBe('error');
  expect(JSON.parse(failed.tagValue('error') ?? '')).toEqual(failure);

  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const output = { content: '[["e","1"]]', finishReason: 'stop', model: 'discover', usage } as const;
  const cost = { input_tokens: 0, output_tokens: 0, price_msats: 0, breakdown: [] };
  const result = NDKDVMJobResult.from(told(request, { type: 'result', output, cost, demand: null }));
  expect(result.jobRequestId).toBe(request.event.id);
  if (encrypted) await result.decrypt();
  expect(result.result).toBe('[["e","1"]]');
});
