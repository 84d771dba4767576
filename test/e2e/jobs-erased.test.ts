/**
 * Goal: what a client has erased (kind 5 on a finished job, PROTOCOL §5) is gone: its answers from the embedded relay,
 * its prompt and output from every table, its turn from the conversation; that there was a job stays told. Method: the
 * started service, then every SQLite database it leaves behind, read row by row. Not proved: bytes of erased rows that
 * SQLite has not overwritten yet, and copies other relays keep. The embedded relay hides what is withdrawn at once and
 * removes it within a minute (test/relay/retention.test.ts), so rows it has marked for that are passed over here.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Filter, nip59 } from 'nostr-tools';
import { type Event, getEventHash } from 'nostr-tools/pure';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authenticate, type Client, connectClient } from '../support/client.ts';
import { agentKey, asking, done, jobOverHttp, task } from '../support/jobs.ts';
import { answer, type ModelServer, modelServer } from '../support/model-server.ts';
import { type OutsideRelay, startOutsideRelay } from '../support/outside-relay.ts';
import { type Service, startService } from '../support/service.ts';

const POLL = { timeout: 10_000 };
const persistTo = mkdtempSync(join(tmpdir(), 'errand-erased-'));
let outside: OutsideRelay;
let model: ModelServer;
let service: Service;
let client: Client;
let chat: string;

beforeAll(async () => {
  outside = await startOutsideRelay();
  model = await modelServer();
  const env = { RELAYS: outside.url, MODEL_BASE_URL: model.baseUrl, MODEL: 'small' };
  service = await startService({ env, persistTo });
  client = await connectClient(service.relay);
  chat = agentKey(service, 'chat');
});

afterAll(async () => {
  client?.close();
  await service?.stop();
  await outside?.stop();
  await model?.close();
  rmSync(persistTo, { recursive: true, force: true });
});

/** Whatever the embedded relay still shows of these filters. */
async function stored(by: Client, filter: Filter): Promise<Event[]> {
  const events: Event[] = [];
  await new Promise<void>((resolve) => {
    const subscription = by.relay.subscribe([filter], {
      onevent: (event) => events.push(event),
      oneose() {
        subscription.close();
        resolve();
      },
    });
  });
  return events;
}

/** Where a text still stands in what the service left behind: database, table and row. */
function placesOf(text: string): string[] {
  const files = readdirSync(persistTo, { recursive: true, encoding: 'utf8' });
  const places: string[] = [];
  for (const file of files.filter((name) => name.endsWith('.sqlite') && !name.endsWith('lock.sqlite'))) {
    const db = new DatabaseSync(join(persistTo, file), { readOnly: true, readBigInts: true });
    const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    // What is marked as deleted goes, with its tags, at the next pruning.
    const doomed = new Set(
      tables.some(({ name }) => name === 'tag')
        ? db
            .prepare('SELECT seq FROM event WHERE expires_at = 0')
            .all()
            .map(({ seq }) => seq)
        : [],
    );
    for (const { name } of tables) {
      for (const row of db.prepare(`SELECT * FROM "${String(name)}"`).all()) {
        const values = Object.values(row).map((value) =>
          value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value),
        );
        if ((name === 'event' || name === 'tag') && doomed.has(row.seq ?? null)) continue;
        if (values.some((value) => value.includes(text))) places.push(`${file} ${name}`);
      }
    }
    db.close();
  }
  return places;
}

test('a finished job is erased at the wish of its client, and of nobody else', async () => {
  const stranger = await connectClient(service.relay);
  model.script(answer('the answer is axolotl-output'));
  const request = task(client, chat, 'remember axolotl-prompt', ['t', 'diary']);
  const result = await done(client, request);
  model.script(answer('kept'));
  await done(client, task(client, chat, 'keep this', ['t', 'diary']));

  await stranger.publish(
    stranger.sign(5, [
      ['e', request.id],
      ['k', '7001'],
      ['p', chat],
    ]),
  );
  await done(client, task(client, chat, 'still there?', ['t', 'diary']));
  expect(JSON.stringify(model.asked.at(-1)?.body)).toMatch(/axolotl-prompt.*axolotl-output/);
  expect(await stored(client, { ids: [request.id, result.id] })).toHaveLength(2);

  await client.publish(
    client.sign(5, [
      ['e', request.id],
      ['k', '7001'],
    ]),
  );
  await expect
    .poll(() => stored(client, { '#e': [request.id], authors: [chat], kinds: [7000, 7001] }), POLL)
    .toEqual([]);
  expect(await stored(client, { ids: [request.id, result.id] })).toEqual([]);
  await done(client, task(client, chat, 'and now?', ['t', 'diary']));
  expect(JSON.stringify(model.asked.at(-1)?.body)).not.toContain('axolotl');
  expect(JSON.stringify(model.asked.at(-1)?.body)).toContain('keep this');
  expect(await jobOverHttp(service, request.id)).toMatchObject({ phase: 'delivered' });
  stranger.close();
});

test('a job posted outside is erased here too, and its relays are asked to', async () => {
  const there = await connectClient(outside.url);
  model.script(answer('the answer is capybara-output'));
  const request = there.sign(5050, [
    ['p', chat],
    ['i', 'remember capybara-prompt', 'text'],
  ]);
  const result = await done(there, request);
  await client.relay.publish(
    there.sign(5, [
      ['e', request.id],
      ['k', '5050'],
    ]),
  );
  const [retraction] = await outside.waitFor({ kinds: [5], authors: [chat], '#e': [result.id] });
  expect(retraction?.tags).toContainEqual(['k', '6050']);
  await expect.poll(() => stored(client, { ids: [result.id] }), POLL).toEqual([]);
  there.close();
});

test('a gift-wrapped job is erased by a gift-wrapped deletion', async () => {
  const hidden = await connectClient(service.relay);
  await authenticate(hidden);
  const created_at = Math.floor(Date.now() / 1000);
  const draft = { kind: 7001, tags: [['p', chat], asking('remember tapir-prompt')], content: '', created_at };
  const id = getEventHash({ ...draft, pubkey: hidden.pubkey });
  const wraps = { kinds: [1059], '#p': [hidden.pubkey] };
  const request = nip59.wrapEvent(draft, hidden.secretKey, chat);
  model.script(answer('the answer is tapir-output'));
  await hidden.publish(request);
  // Feedback and result.
  await expect.poll(async () => (await stored(hidden, wraps)).length, POLL).toBe(2);
  const deletion = {
    kind: 5,
    tags: [
      ['e', id],
      ['k', '7001'],
      ['p', chat],
    ],
    content: '',
    created_at,
  };
  await hidden.publish(nip59.wrapEvent(deletion, hidden.secretKey, chat));
  await expect.poll(async () => (await stored(hidden, wraps)).length, POLL).toBe(0);
  expect(await stored(hidden, { ids: [request.id] })).toEqual([]);
  hidden.close();
});

test('nothing of it is left in what the service keeps', async () => {
  model.script(answer('kept too'));
  await done(client, task(client, chat, 'do keep okapi-prompt'));
  client.close();
  await service.stop();
  expect(placesOf('okapi-prompt').length).toBeGreaterThan(1);
  for (const animal of ['axolotl', 'capybara', 'tapir']) {
    expect(placesOf(`${animal}-prompt`)).toEqual([]);
    expect(placesOf(`${animal}-output`)).toEqual([]);
  }
});
