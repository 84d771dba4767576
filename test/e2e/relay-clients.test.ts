/**
 * Goal: clients nobody here wrote work against the embedded relay as against any other.
 * Method: nostr-tools and NDK, unchanged, do what their users do. Not proved: the wording of single messages, which
 * relay-conformance.test.ts looks at.
 */

import { createRumor, createSeal, createWrap, unwrapEvent } from 'nostr-tools/nip59';
import { type EventTemplate, finalizeEvent, generateSecretKey, getPublicKey } from 'nostr-tools/pure';
import { Relay } from 'nostr-tools/relay';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publishWithNdk, watchWithNdk } from '../peers/ndk-notes.ts';
import { type Service, startService } from '../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const now_s = () => Math.floor(Date.now() / 1_000);
const event = (secret: Uint8Array, template: Partial<EventTemplate> = {}) =>
  finalizeEvent({ kind: 1, created_at: now_s(), tags: [], content: '', ...template }, secret);

/** Stored events of a filter, by a client that waits for EOSE. */
function stored(relay: Relay, filter: Parameters<Relay['subscribe']>[0][number]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const ids: string[] = [];
    const subscription = relay.subscribe([filter], {
      onevent: ({ id }) => {
        ids.push(id);
      },
      oneose() {
        resolve(ids);
        subscription.close();
      },
      onclose: (reason) => reject(new Error(reason)),
    });
  });
}

describe('nostr-tools', () => {
  test('publishes, reads back, hears live events and counts', async () => {
    const [secret, one, two] = [
      generateSecretKey(),
      await Relay.connect(service.relay),
      await Relay.connect(service.relay),
    ];
    const authors = [getPublicKey(secret)];
    const heard = new Promise((resolve) => {
      two.subscribe([{ kinds: [20_300], authors }], { onevent: resolve });
    });
    const notes = [1, 2].map((i) => event(secret, { created_at: now_s() - i }));
    for (const note of notes) await one.publish(note);
    expect(await stored(two, { authors })).toEqual(notes.map(({ id }) => id));
    expect(await two.count([{ authors }], {})).toBe(2);
    const live = event(secret, { kind: 20_300 });
    await one.publish(live);
    expect(await heard).toMatchObject({ id: live.id });
    await expect(one.publish({ ...live, content: 'forged' })).rejects.toThrow(/^invalid: /);
    one.close();
    two.close();
  });

  test('authenticates when it is asked to and reads its gift wraps', async () => {
    const [anna, bert] = [generateSecretKey(), generateSecretKey()];
    const relay = await Relay.connect(service.relay);
    const me = getPublicKey(anna);
    const rumor = createRumor({ kind: 14, content: 'psst', tags: [['p', me]] }, bert);
    const wrap = createWrap(createSeal(rumor, bert, me), me);
    await relay.publish(wrap);
    await expect(stored(relay, { kinds: [1_059] })).rejects.toThrow(/^auth-required: /);
    await relay.auth(async (template) => finalizeEvent(template, anna));
    expect(await stored(relay, { kinds: [1_059], '#p': [me] })).toEqual([wrap.id]);
    expect(unwrapEvent(wrap, anna).content).toBe('psst');
    relay.close();
  });
});

describe('NDK', () => {
  test('hears what it publishes itself, stored and live', async () => {
    const secret = generateSecretKey();
    const note = await publishWithNdk(service.relay, secret, 'from NDK');
    const heard = await watchWithNdk(service.relay, getPublicKey(secret), async () => {
      await publishWithNdk(service.relay, secret, 'live from NDK');
    });
    expect(heard.sort()).toEqual(['from NDK', 'live from NDK']);
    const relay = await Relay.connect(service.relay);
    expect(await stored(relay, { ids: [note] })).toEqual([note]);
    relay.close();
  });
});
