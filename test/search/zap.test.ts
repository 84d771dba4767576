import { expect, test } from 'vitest';
import type { Tag, VerifiedEvent } from '../../src/nostr/event.ts';
import { invoiceMsats, readZap, ZAP_MAX_SATS } from '../../src/search/zap.ts';
import { person, signedBy } from '../support/events.ts';

const note = signedBy('author', { kind: 1, content: 'zap me' });
const AUTHOR = person('author').publicKey;

function request(by: string, extra: { tags?: Tag[]; kind?: number } = {}): VerifiedEvent {
  return signedBy(by, {
    kind: extra.kind ?? 9734,
    tags: extra.tags ?? [
      ['p', AUTHOR],
      ['e', note.id],
      ['amount', '21000'],
    ],
  });
}

function receipt(description: string, extra: { bolt11?: string; recipient?: string } = {}): VerifiedEvent {
  return signedBy('provider', {
    kind: 9735,
    tags: [
      ['p', extra.recipient ?? AUTHOR],
      ['bolt11', extra.bolt11 ?? 'lnbc210n1pjxyz'],
      ['description', description],
    ],
  });
}

test.each([
  ['lnbc1pjxyz', null],
  ['lnbc11pjxyz', 100_000_000_000],
  ['lnbc2500u1pvjluez', 250_000_000],
  ['lnbc20m1pvjluez', 2_000_000_000],
  ['lnbc210n1pjxyz', 21_000],
  ['lnbc10p1pjxyz', 1],
  ['LNBC210N1PJXYZ', 21_000],
  ['lntb210n1pjxyz', 21_000],
  ['lnbcrt500u1pjxyz', 50_000_000],
  ['lnbc999999999999999999m1x', null],
  ['lnbc-5m1x', null],
  ['lightning:lnbc1', null],
  ['', null],
])('the invoice %s asks for %s msats', (invoice, msats) => {
  expect(invoiceMsats(invoice)).toBe(msats);
});

test('a receipt that holds together is a zap of its sender', () => {
  expect(readZap(receipt(JSON.stringify(request('fan'))))).toEqual({
    sender: person('fan').publicKey,
    sats: 21,
    target: note.id,
    recipient: AUTHOR,
  });
  const profile = request('fan', { tags: [['p', AUTHOR]] });
  expect(readZap(receipt(JSON.stringify(profile)))?.target).toBeNull();
});

test('an amount beyond belief counts as the most that is believed', () => {
  const bare = request('fan', {
    tags: [
      ['p', AUTHOR],
      ['e', note.id],
    ],
  });
  expect(readZap(receipt(JSON.stringify(bare), { bolt11: 'lnbc900m1pj' }))?.sats).toBe(ZAP_MAX_SATS);
});

const forgedSender = { ...request('mallory'), pubkey: person('fan').publicKey };
test.each<[string, VerifiedEvent]>([
  ['a request in another’s name', receipt(JSON.stringify(forgedSender))],
  [
    'a request changed after it was signed',
    receipt(
      JSON.stringify({
        ...request('fan'),
        tags: [
          ['p', AUTHOR],
          ['e', '0'.repeat(64)],
          ['amount', '21000'],
        ],
      }),
    ),
  ],
  ['another amount than the invoice', receipt(JSON.stringify(request('fan')), { bolt11: 'lnbc220n1pjxyz' })],
  ['an invoice without amount', receipt(JSON.stringify(request('fan')), { bolt11: 'lnbc1pjxyz' })],
  ['another recipient', receipt(JSON.stringify(request('fan')), { recipient: person('other').publicKey })],
  ['a zap to oneself', receipt(JSON.stringify(request('author')))],
  ['a request that is no zap request', receipt(JSON.stringify(request('fan', { kind: 1 })))],
  ['a description that is no JSON', receipt('zap!')],
  ['a description that is no event', receipt('[]')],
  [
    'no description',
    signedBy('provider', {
      kind: 9735,
      tags: [
        ['p', AUTHOR],
        ['bolt11', 'lnbc210n1pjxyz'],
      ],
    }),
  ],
  ['another kind', signedBy('provider', { kind: 1, tags: receipt(JSON.stringify(request('fan'))).tags })],
])('%s is no zap', (_name, event) => {
  expect(readZap(event)).toBeNull();
});
