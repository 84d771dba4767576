/** What a job keeps of what it told, where that is without end: the worlds of session.test.ts prove the rest. */
import { expect, test } from 'vitest';
import { FIRST } from '../../src/job/broker.ts';
import { withEffects } from '../../src/job/effects.ts';
import { Inbox } from '../../src/job/inbox.ts';
import { newJob } from '../../src/job/opening.ts';
import { JOB_MAX_KEPT_ANSWERS, JOB_MAX_KEPT_WRAPS } from '../../src/limits.ts';
import { DEFAULT_AGENT_KINDS as KINDS } from '../../src/nostr/kinds.ts';
import { dialectNamed } from '../../src/protocol/dialects.ts';
import { NO_CHECKS } from '../support/checks.ts';
import { signedBy } from '../support/events.ts';
import { hexOf } from '../support/records.ts';

const NOW_MS = 1_800_000_000_000;

test('withEffects() keeps the ids of the newest gift wraps, and no answer that was brought everywhere', () => {
  const agent = dialectNamed('agent', KINDS);
  const tags = [['request', JSON.stringify({ messages: [{ role: 'user', content: 'hello' }] })]];
  const event = signedBy('client', { kind: KINDS.task, created_at: NOW_MS / 1_000, tags, content: '' });
  const envelope = { ...agent.envelope(event), sealing: 'giftwrap' } as const;
  const body = agent.body(event, envelope, String);
  const free = {
    request: { event, envelope },
    body,
    verified: null,
    failure: null,
    money: null,
    again: null,
  };
  const ports = {
    clock: () => NOW_MS,
    timeLimit_ms: null,
    namedTargets: () => ['wss://named.test'],
    readRelays: async () => [],
    names: { session: 's', agent: 'a', client: event.pubkey },
    log: () => undefined,
  };
  const { live } = newJob(ports, free, { event, via: 'embedded', placement: FIRST }, [], new Inbox(ports));
  for (let n = 1; n <= JOB_MAX_KEPT_WRAPS + 10; n++) {
    const wrap = { ...event, id: hexOf(n) };
    const effects = [{ type: 'send', event: wrap, targets: ['embedded'] }] as const;
    const record = withEffects(
      { ...NO_CHECKS, answer: () => [] },
      live,
      { job: live.record.job, effects },
      NOW_MS,
    );
    // Brought there at once.
    live.record = { ...record, outbox: record.outbox.map((entry) => ({ ...entry, owed: [] })) };
  }
  expect(live.record.wraps).toHaveLength(JOB_MAX_KEPT_WRAPS);
  // That of the request itself, which holds what was asked.
  expect(live.record.wraps[0]).toBe(event.id);
  expect(live.record.wraps.at(-1)).toBe(hexOf(JOB_MAX_KEPT_WRAPS + 10));
  expect(live.record.outbox.length).toBeLessThanOrEqual(JOB_MAX_KEPT_ANSWERS);
});
