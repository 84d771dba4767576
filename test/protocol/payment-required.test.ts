/** A demand for payment is told so that clients of either kind see it (PROTOCOL §2, payment required). */
import { expect, test } from 'vitest';
import { tagValue } from '../../src/nostr/event.ts';
import { agentNip } from '../../src/protocol/agent-nip.ts';
import type { Report } from '../../src/protocol/model.ts';
import { nip90 } from '../../src/protocol/nip90.ts';
import { agentKeys, kinds, NOW_S, signed } from './fixtures.ts';

const report: Report = {
  type: 'paymentRequired',
  demand: {
    amount_msats: 21_000,
    bolt11: 'lnbcrt210n1…',
    paymentHash: 'c'.repeat(64),
    expiresAt_s: NOW_S + 600,
    escrow: false,
  },
};

test('the agent NIP: kind 7000 with the amount, and kind 7001 with the error and the invoice', () => {
  const event = signed(
    7001,
    [
      ['p', agentKeys.publicKey],
      ['request', '{}'],
      ['t', 'talk'],
    ],
    '',
  );
  const dialect = agentNip(kinds);
  const [feedback, error] = dialect.render(report, { event, envelope: dialect.envelope(event) }, NOW_S);
  expect(feedback).toMatchObject({ kind: 7000 });
  expect(feedback?.tags).toContainEqual(['amount', '21000', 'lnbcrt210n1…']);
  expect(feedback?.tags.find((tag) => tag[0] === 'status')?.[1]).toBe('payment-required');
  expect(error).toMatchObject({ kind: 7001, content: '' });
  expect(error?.tags).toContainEqual(['bolt11', 'lnbcrt210n1…']);
  expect(error?.tags).toContainEqual(['t', 'talk']);
  expect(JSON.parse(tagValue(error ?? event, 'error') ?? '')).toMatchObject({
    code: 'PAYMENT_REQUIRED',
    details: { amount_msats: 21_000, payment_hash: 'c'.repeat(64), expires_at: NOW_S + 600 },
  });
});

test('NIP-90: kind 7000 with the amount alone', () => {
  const event = signed(
    5302,
    [
      ['p', agentKeys.publicKey],
      ['i', 'zaps', 'text'],
    ],
    '',
  );
  const dialect = nip90(kinds);
  const events = dialect.render(report, { event, envelope: dialect.envelope(event) }, NOW_S);
  expect(events).toHaveLength(1);
  expect(events[0]?.tags).toContainEqual(['amount', '21000', 'lnbcrt210n1…']);
});
