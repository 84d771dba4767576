import { npubEncode } from 'nostr-tools/nip19';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ListingPorts } from '../../../src/agent/listing/ports.ts';
import { mergePatch } from '../../../src/agent/listing/prepare.ts';
import { ownerVault } from '../../../src/agent/listing/secrets.ts';
import { skeletonOf, slugProblem } from '../../../src/agent/listing/slug.ts';
import { mayList } from '../../../src/config/listing.ts';
import { ConfigError, readConfig } from '../../../src/config.ts';
import { JobError } from '../../../src/errors.ts';
import type { ListingPort } from '../../../src/http/ports.ts';
import { LISTING_VERSIONS_KEPT, LISTINGS_PER_OWNER } from '../../../src/limits.ts';
import { changedListings } from '../../../src/store/listings.ts';
import { listingDouble } from '../../support/listing-double.ts';
import { nodeD1 } from '../../support/node-d1.ts';
import { hexOf } from '../../support/records.ts';

/**
 * Goal: a listing is its owner's, in versions, under a name that is nobody else's; its secret is in nothing that is stored in
 * the clear or shown. Method: the desk over a real SQLite with the migrations of D1; who asks is given.
 *
 * Does not prove the signatures behind who asks (test/http), nor D1 itself (test/e2e/supply.test.ts).
 */
const ALICE = hexOf(1);
const BOB = hexOf(2);
const KEY = 'sk-very-secret-indeed';

let d1: ReturnType<typeof nodeD1>;
let port: ListingPort;

function deskOf(over: Partial<ListingPorts> = {}, env: Readonly<Record<string, string>> = {}): ListingPort {
  return listingDouble(d1.db, over, env);
}

beforeEach(() => {
  d1 = nodeD1();
  port = deskOf();
});

function spec(over: object = {}) {
  return {
    slug: 'scribe',
    name: 'Scribe',
    description: 'Writes.',
    runtime: 'remote',
    remote: { protocol: 'openai', base_url: 'https://one.example.com/v1', model: 'm' },
    example: 'a letter',
    ...over,
  };
}

async function problemOf(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((thrown: unknown) => thrown);
  return error instanceof JobError
    ? `${error.code}: ${error.message}`
    : `no problem: ${JSON.stringify(error)}`;
}

describe('a description', () => {
  test.each([
    ['name', { name: '' }],
    ['name', { name: 'evil‮name' }],
    ['slug', { slug: 'No Slug' }],
    ['slug', { slug: 'agents' }],
    ['slug', { slug: 'discover' }],
    ['slug', { slug: 'd1sc0ver' }],
    ['remote', { remote: undefined }],
    ['chat', { chat: { prompt: 'x' } }],
    ['remote.base_url', { remote: { protocol: 'openai', base_url: 'ftp://x.example.com', model: 'm' } }],
    [
      'remote.base_url',
      { remote: { protocol: 'openai', base_url: 'https://a:b@x.example.com', model: 'm' } },
    ],
    ['lud16', { price: { per_job_sats: 1 } }],
    ['lud16', { lud16: 'nobody' }],
    ['payment', { payment: ['credit'] }],
    ['price.per_1m_fuel_sats', { price: { per_1m_fuel_sats: 1 }, lud16: 'a@b.example' }],
    ['limits.time_s', { limits: { time_s: 700 } }],
    [
      'parameters_schema.properties.a.pattern',
      { parameters_schema: { properties: { a: { pattern: '(a+)+$' } } } },
    ],
    ['surprise', { surprise: 1 }],
  ])('is refused where %s is wrong: %j', async (path, over) => {
    expect(await problemOf(port.desk.list(ALICE, spec(over)))).toMatch(
      new RegExp(`^BAD_REQUEST: body ${path.replaceAll('.', '\\.')}: `),
    );
  });

  test.each([
    [{ runtime: 'chat', remote: undefined, chat: { prompt: 'Be kind.', tools: ['nostr_search'] } }],
    [{ runtime: 'code', remote: undefined, price: { per_1m_fuel_sats: 1 }, lud16: 'a@b.example' }],
    [{ runtime: 'team', remote: undefined, team: { order: ['researcher', 'writer'] } }],
    [
      {
        runtime: 'external',
        remote: undefined,
        external: { agent: BOB, max_sats: 1 },
        price: { per_job_sats: 2 },
        lud16: 'a@b.example',
      },
    ],
  ])('may be of any runtime: %j', async (over) => {
    expect(await problemOf(port.desk.list(ALICE, spec(over)))).toMatch(/^no problem: /);
  });

  test.each([
    [{ chat: { prompt: 'x', tools: ['private_server'] } }, /chat\.tools/],
    [{ chat: { prompt: 'x', model: 'the-dearest' } }, /chat\.model: must be one of small/],
  ])('gets none of the operator’s own servers and models: %j', async (over, said) => {
    expect(
      await problemOf(port.desk.list(ALICE, spec({ runtime: 'chat', remote: undefined, ...over }))),
    ).toMatch(said);
  });

  test('of an agent on Nostr is for an agent of others, that was found or described', async () => {
    const external = (over = {}) =>
      spec({ runtime: 'external', remote: undefined, external: { agent: BOB, max_sats: 0, ...over } });
    const ours = deskOf({ isOurs: async () => true });
    expect(await problemOf(ours.desk.list(ALICE, external()))).toContain('an agent of this marketplace');
    const unknown = deskOf({
      find: async (name) => ({ pubkey: name, relays: [], dialect: null, kinds: [] }),
    });
    expect(await problemOf(unknown.desk.list(ALICE, external()))).toContain('external.dialect');
    expect(await problemOf(unknown.desk.list(ALICE, external({ dialect: 'agent' })))).toMatch(/^no problem/);
    const nobody = deskOf({ find: async () => null });
    expect(await problemOf(nobody.desk.list(ALICE, external({ agent: 'npub1x' })))).toContain(
      'external.agent',
    );
  });

  test('deployed names addresses of the public internet, by https', async () => {
    const deployed = { LOCAL: '0', MASTER_SECRET: hexOf(5), LISTING: 'open' };
    const { desk } = deskOf({}, deployed);
    for (const base_url of [
      'https://127.0.0.1/v1',
      'http://one.example.com/v1',
      'https://169.254.169.254',
      'https://market.example/v1',
    ])
      expect(
        await problemOf(desk.list(ALICE, spec({ remote: { protocol: 'openai', base_url, model: 'm' } }))),
      ).toContain('remote.base_url');
    expect(await problemOf(desk.list(ALICE, spec()))).toMatch(/^no problem/);
    expect(
      await problemOf(
        desk.list(ALICE, spec({ slug: 'poet', runtime: 'chat', remote: undefined, chat: { prompt: 'x' } })),
      ),
    ).toContain('LISTING_RUNTIMES');
  });
});

describe('who may list', () => {
  test.each([
    ['open', true],
    ['closed', false],
    [BOB, false],
    [`${BOB}, ${npubEncode(ALICE)}`, true],
  ])('is said by LISTING=%s', (LISTING, may) => {
    expect(mayList(readConfig({ LOCAL: '1', LISTING }).listing.leave, ALICE)).toBe(may);
  });

  test('is nobody unless a deployment says so, and must be said well', () => {
    const deployed = { MASTER_SECRET: hexOf(5), PUBLIC_URL: 'https://market.example' };
    expect(readConfig(deployed).listing.leave).toBe('closed');
    expect(() => readConfig({ ...deployed, LISTING: 'everybody' })).toThrow(ConfigError);
    expect(() => readConfig({ ...deployed, LISTING_RUNTIMES: 'magic' })).toThrow(ConfigError);
  });

  test('is refused by the desk', async () => {
    expect(await problemOf(deskOf({}, { LISTING: 'closed' }).desk.list(ALICE, spec()))).toMatch(
      /^FORBIDDEN: /,
    );
  });

  test('lists no more than its share', async () => {
    for (let n = 0; n < LISTINGS_PER_OWNER; n++)
      await port.desk.list(ALICE, spec({ slug: `scribe-${'abcdefghjkmnopqrstuv'[n]}` }));
    expect(await problemOf(port.desk.list(ALICE, spec()))).toMatch(/^RATE_LIMIT_EXCEEDED: /);
    expect(await problemOf(port.desk.list(BOB, spec()))).toMatch(/^no problem/);
  });
});

describe('a name', () => {
  test('is one agent’s, and so is what looks like it', async () => {
    await port.desk.list(ALICE, spec({ slug: 'ill-scribe' }));
    for (const slug of ['ill-scribe', 'illscribe', 'i11-scribe', 'lll-scr1be'])
      expect(await problemOf(port.desk.list(BOB, spec({ slug })))).toContain('body slug: is taken');
    expect(skeletonOf('modern')).toBe(skeletonOf('rnodem'));
    expect(slugProblem('errand', [])).toBe('is kept for the marketplace');
    expect(slugProblem('errand5', [])).toBeNull();
  });

  test('is free when its agent is deleted, and is another key then', async () => {
    const first = await port.desk.list(ALICE, spec());
    await port.changes.remove('scribe', ALICE);
    const second = await port.desk.list(BOB, spec());
    expect(second.pubkey).not.toBe(first.pubkey);
    expect(await problemOf(port.desk.edit('scribe', ALICE, { name: 'Mine' }))).toMatch(/^FORBIDDEN/);
  });
});

describe('versions', () => {
  test('are made by each edit, keep who and when, and can be gone back to', async () => {
    await port.desk.list(ALICE, spec());
    const second = await port.desk.edit('scribe', ALICE, { name: 'Writer', limits: { time_s: 60 } });
    expect([second.version, JSON.parse(second.specJson)]).toMatchObject([
      2,
      { name: 'Writer', limits: { time_s: 60 } },
    ]);
    const third = await port.desk.edit('scribe', ALICE, { limits: { time_s: null } });
    expect(JSON.parse(third.specJson).limits).toEqual({});
    const back = await port.desk.rollBack('scribe', ALICE, 1);
    expect([back.version, JSON.parse(back.specJson).name]).toEqual([4, 'Scribe']);
    const versions = await port.desk.versions(back);
    expect(versions.map(({ version, author, note }) => [version, author, note])).toEqual([
      [4, ALICE, 'rolled back to version 1'],
      [3, ALICE, 'edited'],
      [2, ALICE, 'edited'],
      [1, ALICE, 'listed'],
    ]);
    expect(await problemOf(port.desk.rollBack('scribe', ALICE, 9))).toMatch(/^NOT_FOUND/);
    expect(await problemOf(port.desk.edit('scribe', ALICE, { slug: 'other' }))).toContain(
      'slug: cannot be changed',
    );
    expect(await problemOf(port.desk.edit('scribe', ALICE, { runtime: 'chat' }))).toContain(
      'runtime: cannot be changed',
    );
  });

  test('of one moment are one: of two edits at once, one is told to look again', async () => {
    await port.desk.list(ALICE, spec());
    const both = await Promise.all(
      ['A', 'B'].map((name) => problemOf(port.desk.edit('scribe', ALICE, { name }))),
    );
    expect(both.filter((one) => one.startsWith('no problem'))).toHaveLength(1);
    expect(both.find((one) => !one.startsWith('no problem'))).toContain('changed meanwhile');
  });

  test('are not kept for ever', async () => {
    await port.desk.list(ALICE, spec());
    for (let n = 0; n <= LISTING_VERSIONS_KEPT; n++)
      await port.desk.edit('scribe', ALICE, { name: `Scribe ${n}` });
    const rows = d1.rows('SELECT COUNT(*) AS n FROM listing_versions');
    expect(rows[0]?.n).toBe(LISTING_VERSIONS_KEPT);
  });
});

describe('a secret', () => {
  const dump = () =>
    JSON.stringify([d1.rows('SELECT * FROM listings'), d1.rows('SELECT * FROM listing_versions')]);

  test('is stored sealed, and opened for its endpoint alone', async () => {
    const row = await port.desk.list(ALICE, spec({ secret: KEY }));
    expect(dump()).not.toContain(KEY);
    expect(port.desk.secretOf(row)).toBe(KEY);
    const moved = JSON.stringify(
      spec({ remote: { protocol: 'openai', base_url: 'https://thief.example.com', model: 'm' } }),
    );
    expect(port.desk.secretOf({ ...row, specJson: moved })).toBeNull();
    expect(port.desk.secretOf({ ...row, id: 'another' })).toBeNull();
  });

  test('has to be given again with another endpoint, and can be changed and taken away', async () => {
    await port.desk.list(ALICE, spec({ secret: KEY }));
    const remote = { base_url: 'https://two.example.com/v1' };
    expect(await problemOf(port.desk.edit('scribe', ALICE, { remote }))).toContain(
      'body secret: is needed again',
    );
    const moved = await port.desk.edit('scribe', ALICE, { remote, secret: 'sk-2' });
    expect(port.desk.secretOf(moved)).toBe('sk-2');
    // The first version names the first endpoint, whose secret is not kept any more.
    expect(await problemOf(port.desk.rollBack('scribe', ALICE, 1))).toContain('body secret: is needed again');
    expect(port.desk.hasSecret(await port.desk.edit('scribe', ALICE, { secret: null }))).toBe(false);
  });

  test('of a webhook is one by which something can be signed', async () => {
    const hook = spec({ remote: { protocol: 'webhook', url: 'https://one.example.com/hook' } });
    for (const secret of [undefined, 'plain', `whsec_${Buffer.alloc(8).toString('base64')}`])
      expect(await problemOf(port.desk.list(ALICE, { ...hook, secret }))).toContain('body secret: ');
  });

  test('is never quoted in what is said of it', async () => {
    expect(await problemOf(port.desk.list(ALICE, spec({ secret: `${KEY} with spaces` })))).not.toContain(KEY);
    const vault = ownerVault(hexOf(5));
    const sealed = vault.seal(KEY, { listing: 'a', origin: 'b' });
    expect(() => ownerVault(hexOf(6)).open(sealed, { listing: 'a', origin: 'b' })).toThrow();
  });
});

describe('an owner', () => {
  const priced = () => spec({ price: { per_job_sats: 1 }, lud16: 'alice@pay.example', secret: KEY });

  test('hands an agent over to who accepts it, without the secret and the address', async () => {
    await port.desk.list(ALICE, priced());
    expect(await problemOf(port.changes.accept('scribe', BOB, 'bob@pay.example'))).toMatch(/^FORBIDDEN/);
    await port.changes.offer('scribe', ALICE, BOB);
    expect(await problemOf(port.changes.accept('scribe', BOB, null))).toContain('body lud16');
    const row = await port.changes.accept('scribe', BOB, 'bob@pay.example');
    expect(row).toMatchObject({
      owner: BOB,
      sealed: null,
      state: 'paused',
      pausedBy: 'transfer',
      offeredTo: null,
    });
    expect(JSON.parse(row.specJson).lud16).toBe('bob@pay.example');
    expect(await problemOf(port.desk.edit('scribe', ALICE, { name: 'Still mine' }))).toMatch(/^FORBIDDEN/);
    await port.desk.edit('scribe', BOB, { secret: 'sk-bob' });
    expect(await port.changes.resume('scribe', BOB)).toMatchObject({ state: 'live', pubkey: row.pubkey });
  });

  test('takes an offer back', async () => {
    await port.desk.list(ALICE, priced());
    await port.changes.offer('scribe', ALICE, BOB);
    await port.changes.offer('scribe', ALICE, null);
    expect(await problemOf(port.changes.accept('scribe', BOB, 'bob@pay.example'))).toMatch(/^FORBIDDEN/);
  });

  test('opens nothing that the operator has closed', async () => {
    await port.desk.list(ALICE, spec());
    await port.changes.takeDown('scribe', 'spam');
    for (const work of [
      port.changes.resume('scribe', ALICE),
      port.changes.pause('scribe', ALICE, null),
      port.changes.offer('scribe', ALICE, BOB),
    ])
      expect(await problemOf(work)).toMatch(/^FORBIDDEN/);
    expect(await port.changes.restore('scribe')).toMatchObject({ state: 'live', reason: null });
  });

  test('pays the fee of a marketplace that takes one, once, and takes no job before', async () => {
    let credit = 0;
    const paid = new Set<string>();
    const { desk, changes } = deskOf(
      {
        async charge({ id }) {
          if (paid.has(id)) return true;
          if (credit < 5_000) return false;
          credit -= 5_000;
          paid.add(id);
          return true;
        },
      },
      { LISTING_FEE_SATS: '5' },
    );
    expect(await desk.list(ALICE, spec())).toMatchObject({ state: 'paused', pausedBy: 'fee' });
    await changes.pause('scribe', ALICE, null);
    expect(await problemOf(changes.offer('scribe', ALICE, BOB))).toMatch(/^FORBIDDEN/);
    expect(await problemOf(changes.resume('scribe', ALICE))).toMatch(/^INSUFFICIENT_FUNDS/);
    credit = 12_000;
    expect(await changes.resume('scribe', ALICE)).toMatchObject({ state: 'live', pausedBy: null });
    await changes.pause('scribe', ALICE, null);
    await changes.resume('scribe', ALICE);
    expect(credit).toBe(7_000);
    expect(await desk.list(ALICE, spec({ slug: 'second' }))).toMatchObject({ state: 'live' });
    expect(credit).toBe(2_000);
  });

  test('is asked to mend an endpoint that failed', async () => {
    let down: string | null = 'it answers with status 500';
    const { desk, changes } = deskOf({ probe: async () => down });
    const row = await desk.list(ALICE, spec());
    await changes.pause('scribe', ALICE, 'a rest');
    expect(await changes.resume('scribe', ALICE)).toMatchObject({ state: 'live' });
    d1.rows(
      `UPDATE listings SET state = 'paused', paused_by = 'failures', failures = 5 WHERE id = '${row.id}'`,
    );
    expect(await problemOf(changes.resume('scribe', ALICE))).toContain(
      'SERVICE_UNAVAILABLE: its endpoint still fails',
    );
    down = null;
    expect(await changes.resume('scribe', ALICE)).toMatchObject({ state: 'live', failures: 0 });
  });
});

test('whoever keeps the listings is told each change once, in order', async () => {
  const seen: string[] = [];
  let at = 0;
  const look = async () => {
    const { rows } = await changedListings(d1.db, at, at === 0);
    for (const row of rows) {
      expect(row.changed).toBeGreaterThan(at);
      at = row.changed;
      seen.push(`${row.slug} ${row.state} ${row.version}`);
    }
  };
  await port.desk.list(ALICE, spec());
  await look();
  await port.desk.list(BOB, spec({ slug: 'other' }));
  await port.desk.edit('scribe', ALICE, { name: 'Writer' });
  await look();
  await port.changes.remove('other', BOB);
  await look();
  await look();
  expect(seen).toEqual(['scribe live 1', 'other live 1', 'scribe live 2', 'other deleted 1']);
});

test('a merge patch changes members, takes them away, and replaces what is no object', () => {
  const before = { a: 'b', c: { d: 'e', f: 'g' }, l: [1, 2] };
  expect(mergePatch(before, { a: 'z', c: { f: null }, l: [3], n: { m: null } })).toEqual({
    a: 'z',
    c: { d: 'e' },
    l: [3],
    n: {},
  });
});
