/** Gift wraps against nostr-tools on the other side, and every forgery a wrap could carry. */

import * as nip44 from 'nostr-tools/nip44';
import * as nip59 from 'nostr-tools/nip59';
import { finalizeEvent, getEventHash } from 'nostr-tools/pure';
import { describe, expect, test } from 'vitest';
import { eventId, type KeyPair, parseEvent, type VerifiedEvent, verifyEvent } from '../../src/nostr/event.ts';
import { EPHEMERAL_WRAP_PAST_S, openWrap, WRAP_PAST_S, wrap } from '../../src/nostr/nip59.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';
import { seededBytes } from '../support/seeded.ts';

function pair(fill: number): KeyPair {
  const secretKey = new Uint8Array(32).fill(fill);
  return { secretKey, publicKey: publicKeyOf(secretKey) };
}
const agent = pair(1);
const client = pair(2);
const mallory = pair(3);
const template = { kind: 7001, created_at: 1_700_000_000, tags: [['p', agent.publicKey]], content: 'hi' };

/** A wrap around whatever is given as seal, as an attacker could make it. */
function wrapSeal(seal: unknown): VerifiedEvent {
  const key = pair(9);
  const content = nip44.encrypt(
    JSON.stringify(seal),
    nip44.getConversationKey(key.secretKey, agent.publicKey),
  );
  const tags = [['p', agent.publicKey]];
  return verified(finalizeEvent({ kind: 1059, created_at: 1_700_000_000, tags, content }, key.secretKey));
}

function sealBy(author: KeyPair, rumor: unknown, kind = 13) {
  const content = nip44.encrypt(
    JSON.stringify(rumor),
    nip44.getConversationKey(author.secretKey, agent.publicKey),
  );
  return finalizeEvent({ kind, created_at: 1_700_000_000, tags: [], content }, author.secretKey);
}

function rumorBy(author: KeyPair) {
  const unsigned = { ...template, pubkey: author.publicKey };
  return { ...unsigned, id: getEventHash(unsigned) };
}

function verified(event: unknown): VerifiedEvent {
  const parsed = parseEvent(JSON.parse(JSON.stringify(event)));
  const checked = typeof parsed === 'string' ? parsed : verifyEvent(parsed);
  if (typeof checked === 'string') throw new Error(checked);
  return checked;
}

describe('openWrap', () => {
  test('opens what nostr-tools wraps', () => {
    const event = verified(nip59.wrapEvent(template, client.secretKey, agent.publicKey));
    expect(openWrap(event, agent)).toEqual({
      ...template,
      pubkey: client.publicKey,
      id: eventId({ ...template, pubkey: client.publicKey }),
    });
  });

  test('opens nothing for anybody else', () => {
    const event = verified(nip59.wrapEvent(template, client.secretKey, agent.publicKey));
    expect(openWrap(event, mallory)).toMatch(/^invalid: the gift wrap is not readable/);
  });

  test('refuses a rumor in the name of another than the seal', () => {
    expect(openWrap(wrapSeal(sealBy(mallory, rumorBy(client))), agent)).toBe(
      'invalid: the rumor is not by the author of its seal',
    );
  });

  test('refuses a seal whose signature is forged', () => {
    const seal = sealBy(mallory, rumorBy(client));
    const forged = { ...seal, pubkey: client.publicKey };
    expect(openWrap(wrapSeal(forged), agent)).toMatch(/^invalid: id is not the hash/);
    const rehashed = { ...forged, id: getEventHash(forged) };
    expect(openWrap(wrapSeal(rehashed), agent)).toBe('invalid: bad signature');
  });

  test('refuses a rumor whose id is not its hash', () => {
    expect(openWrap(wrapSeal(sealBy(client, { ...rumorBy(client), id: '0'.repeat(64) })), agent)).toMatch(
      /^invalid: id is not the hash/,
    );
  });

  test.each([
    ['no seal inside', () => wrapSeal(sealBy(client, rumorBy(client), 14)), /must hold a seal/],
    ['no event inside', () => wrapSeal(['not', 'an', 'event']), /an event is an object/],
    ['no event in the seal', () => wrapSeal(sealBy(client, 7)), /an event is an object/],
    ['another kind', () => verified(sealBy(client, 7)), /not a gift wrap/],
  ])('refuses a wrap with %s', (_name, make, reason) => {
    expect(openWrap(make(), agent)).toMatch(reason);
  });
});

describe('wrap', () => {
  test('is opened by nostr-tools, and says nothing of its author', () => {
    const event = wrap(template, agent, client.publicKey, false, seededBytes(59));
    const rumor = nip59.unwrapEvent(JSON.parse(JSON.stringify(event)), client.secretKey);
    expect(rumor).toEqual({ ...template, pubkey: agent.publicKey, id: getEventHash(rumor) });
    expect(event.tags).toEqual([['p', client.publicKey]]);
    expect(JSON.stringify(event)).not.toContain(agent.publicKey);
    expect(typeof verifyEvent({ ...event })).toBe('object');
  });

  test('dates seal and wrap back by different amounts, never forward', () => {
    const random = seededBytes(60);
    const ages = Array.from({ length: 12 }, () => {
      const event = wrap(template, agent, client.publicKey, false, random);
      const shared = nip44.getConversationKey(client.secretKey, event.pubkey);
      const seal = JSON.parse(nip44.decrypt(event.content, shared));
      return [template.created_at - event.created_at, template.created_at - seal.created_at];
    }).flat();
    expect(Math.min(...ages)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...ages)).toBeLessThanOrEqual(WRAP_PAST_S);
    expect(Math.max(...ages)).toBeGreaterThan(WRAP_PAST_S / 2);
    expect(new Set(ages).size).toBe(ages.length);
  });

  test('an ephemeral wrap stays young enough for relays to pass on', () => {
    const event = wrap(template, agent, client.publicKey, true, seededBytes(61));
    expect(event.kind).toBe(21_059);
    expect(template.created_at - event.created_at).toBeLessThanOrEqual(EPHEMERAL_WRAP_PAST_S);
    expect(openWrap(event, client)).toMatchObject({ pubkey: agent.publicKey, content: 'hi' });
  });
});
