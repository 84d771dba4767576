import { describe, expect, test } from 'vitest';
import { DOOR_KEY_USE_GRAIN_S, IDEMPOTENCY_KEEP_MS } from '../../src/limits.ts';
import {
  type DoorKey,
  insertKey,
  keyBySecretHash,
  keyOfOwner,
  keysOfOwner,
  noteUse,
  openKeys,
  revokeKey,
} from '../../src/store/door-keys.ts';
import { forgetRequests, rememberRequest } from '../../src/store/door-requests.ts';
import { signedBy } from '../support/events.ts';
import { nodeD1 } from '../support/node-d1.ts';

const request = (content: string) => ({
  fingerprint: content,
  event: signedBy('purse', { kind: 7_001, created_at: 1, tags: [], content }),
});

describe('rememberRequest()', () => {
  test('keeps the first of several, for a day, for each purse its own', async () => {
    const { db, rows } = nodeD1();
    const remember = (client: string, content: string, now_ms: number, instead: string | null = null) =>
      rememberRequest(db, client, 'key', request(content), instead, now_ms);
    const both = await Promise.all([remember('a', 'one', 0), remember('a', 'two', 0)]);
    expect(both[0]).toEqual(both[1]);
    const [first] = both;
    expect(await remember('a', 'three', IDEMPOTENCY_KEEP_MS)).toEqual(first);
    expect((await remember('b', 'three', 5)).fingerprint).toBe('three');
    expect((await remember('a', 'four', IDEMPOTENCY_KEEP_MS + 1)).fingerprint).toBe('four');
    await forgetRequests(db, IDEMPOTENCY_KEEP_MS + 6);
    expect(rows('SELECT fingerprint FROM door_requests')).toEqual([{ fingerprint: 'four' }]);
  });

  test('puts another in the place of a certain one only', async () => {
    const { db } = nodeD1();
    const remember = (content: string, instead: string | null) =>
      rememberRequest(db, 'a', 'key', request(content), instead, 0);
    const failed = await remember('failed', null);
    const again = await Promise.all(['one', 'two'].map((content) => remember(content, failed.event.id)));
    // Both saw it fail; one of them is the new one, and the other hears of it.
    expect(again[0]?.event.id).toBe(again[1]?.event.id);
    expect(again[0]?.event.id).not.toBe(failed.event.id);
    expect((await remember('three', failed.event.id)).event.id).toBe(again[0]?.event.id);
  });
});

describe('API keys', () => {
  const key = (id: string, more: Partial<DoorKey> = {}): DoorKey => ({
    id,
    owner: 'ann',
    name: 'ci',
    agents: ['chat'],
    createdAt_s: 1,
    expiresAt_s: null,
    revokedAt_s: null,
    usedAt_s: null,
    ...more,
  });

  test('are found by the hash of their secret, and by their owner alone', async () => {
    const { db, rows } = nodeD1();
    await insertKey(db, key('1'), 'hash');
    await insertKey(db, key('2', { agents: null, createdAt_s: 2 }), 'other');
    expect(await keyBySecretHash(db, 'hash')).toEqual(key('1'));
    expect(await keyBySecretHash(db, 'none')).toBeUndefined();
    expect((await keysOfOwner(db, 'ann', 10)).map(({ id }) => id)).toEqual(['2', '1']);
    expect(await keyOfOwner(db, 'bob', '1')).toBeUndefined();
    await revokeKey(db, '1', 50);
    await revokeKey(db, '1', 60);
    expect(await keyOfOwner(db, 'ann', '1')).toMatchObject({ revokedAt_s: 50 });
    expect(await openKeys(db, 'ann')).toBe(1);
    expect(JSON.stringify(rows('SELECT * FROM door_keys'))).not.toContain('sk-errand');
  });

  test('noteUse() writes once an hour', async () => {
    const { db } = nodeD1();
    await insertKey(db, key('1'), 'hash');
    const use = async (now_s: number) => {
      const known = await keyBySecretHash(db, 'hash');
      if (known !== undefined) await noteUse(db, known, now_s);
      return (await keyBySecretHash(db, 'hash'))?.usedAt_s;
    };
    expect(await use(DOOR_KEY_USE_GRAIN_S + 5)).toBe(DOOR_KEY_USE_GRAIN_S);
    expect(await use(DOOR_KEY_USE_GRAIN_S * 2 - 1)).toBe(DOOR_KEY_USE_GRAIN_S);
    expect(await use(DOOR_KEY_USE_GRAIN_S * 2)).toBe(DOOR_KEY_USE_GRAIN_S * 2);
  });
});
