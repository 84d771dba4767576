/**
 * Goal: over HTTP a job shows nothing of what was asked and answered in it where it was sealed, and of other
 * conversations where it was not; a wrapped job shows nothing at all.
 * Method: the started service with a model that repeats every mark it is asked with; seeded random turns of four
 * clients who call their conversations the same, one of them in the open; then everything under GET that speaks of
 * jobs is read. Not proved: what relays show (jobs-sealed.test.ts).
 */
import { nip44, nip59 } from 'nostr-tools';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authenticate, type Client, connectClient } from '../support/client.ts';
import { agentKey, asking, done } from '../support/jobs.ts';
import { answer, type ModelServer, modelServer } from '../support/model-server.ts';
import { seeded } from '../support/random.ts';
import { type Service, startService } from '../support/service.ts';

const MARK = /MARK\d+X/g;
const TURNS = 40;
let model: ModelServer;
let service: Service;
let chat: string;

beforeAll(async () => {
  model = await modelServer();
  service = await startService({ env: { MODEL_BASE_URL: model.baseUrl, MODEL: 'parrot' } });
  chat = agentKey(service, 'chat');
});

afterAll(async () => {
  await service?.stop();
  await model?.close();
});

interface Turn {
  readonly mark: string;
  readonly client: Client;
  readonly talk: string;
  readonly sealing: 'open' | 'nip44' | 'wrapped';
  /** The job, and for a wrapped one the wrap as well. */
  readonly ids: readonly string[];
}

/** Posts one turn and waits until it is answered. */
async function take(client: Client, sealing: Turn['sealing'], talk: string, mark: string): Promise<Turn> {
  const open = [
    ['p', chat],
    ['t', talk],
  ];
  const words = asking(`remember ${mark}`);
  if (sealing === 'wrapped') {
    const tags = [...open, words];
    const rumor = nip59.createRumor({ kind: 7001, tags, content: '' }, client.secretKey);
    const wrap = nip59.wrapEvent(rumor, client.secretKey, chat);
    const answered = Promise.withResolvers<void>();
    const subscription = client.relay.subscribe([{ kinds: [1059], '#p': [client.pubkey] }], {
      onevent(event) {
        const tags = nip59.unwrapEvent(event, client.secretKey).tags;
        const isOurs = tags.some(([name, value]) => name === 'e' && value === rumor.id);
        if (isOurs && tags.some(([name]) => name === 'result')) answered.resolve();
      },
    });
    await client.publish(wrap);
    await answered.promise;
    subscription.close();
    return { mark, client, talk, sealing, ids: [rumor.id, wrap.id] };
  }
  const shared = nip44.getConversationKey(client.secretKey, chat);
  const request =
    sealing === 'open'
      ? client.sign(7001, [...open, words])
      : client.sign(7001, [...open, ['encrypted']], nip44.encrypt(JSON.stringify([words]), shared));
  await done(client, request);
  return { mark, client, talk, sealing, ids: [request.id] };
}

async function textOf(path: string): Promise<string> {
  return await (await fetch(`${service.url}${path}`)).text();
}

/** Every page of a list. */
async function listed(query: string): Promise<string> {
  let text = '';
  for (let path = `/jobs?limit=7&${query}`; ; ) {
    const page = await textOf(path);
    text += page;
    const { next } = JSON.parse(page);
    if (next === null) return text;
    path = `/jobs?limit=7&${query}&cursor=${encodeURIComponent(next)}`;
  }
}

const marksIn = (text: string) => new Set(text.match(MARK) ?? []);

test('whatever GET shows of jobs is nothing of the content of sealed ones and of other conversations', async () => {
  model.scriptBy(({ body }) => answer([...marksIn(JSON.stringify(body.messages))].join(' ')));
  const random = seeded(6);
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  const cast = [];
  for (const sealing of ['open', 'open', 'nip44', 'wrapped'] as const) {
    const client = await connectClient(service.relay);
    // The relay shows wraps to nobody but whom they are for.
    if (sealing === 'wrapped') await authenticate(client);
    cast.push({ client, sealing });
  }
  const turns: Turn[] = [];
  for (let n = 0; n < TURNS; n++) {
    const { client, sealing } = pick(cast) ?? expect.fail();
    turns.push(await take(client, sealing, pick(['talk', 'talk ', '64:']) ?? '', `MARK${n}X`));
    // The model was asked with all of this conversation, and with nothing else.
    const own = turns.filter((turn) => turn.client === client && turn.talk === turns.at(-1)?.talk);
    const heard = marksIn(JSON.stringify(model.asked.at(-1)?.body.messages));
    expect(heard).toEqual(new Set(own.map(({ mark }) => mark)));
  }

  // The record lags by a moment.
  const shown = turns.flatMap(({ sealing, ids }) => (sealing === 'wrapped' ? [] : ids));
  await expect
    .poll(
      async () => {
        const list = await listed('');
        return shown.filter((id) => !list.includes(id));
      },
      { timeout: 10_000 },
    )
    .toEqual([]);
  const lists = [await listed(''), await listed('agent=chat')];
  for (const { client } of cast) lists.push(await listed(`client=${client.pubkey}`));
  for (const path of ['/', '/agents', '/agents/chat', '/metrics', '/health']) lists.push(await textOf(path));
  const everything = lists.join('\n');
  expect(marksIn(everything)).toEqual(new Set());
  for (const turn of turns) {
    const [id = '', wrap = id] = turn.ids;
    expect(everything.includes(id)).toBe(turn.sealing !== 'wrapped');
    for (const one of [id, wrap]) expect(marksIn(await textOf(`/jobs/${one}`))).toEqual(new Set());
    const events = marksIn(await textOf(`/jobs/${id}/events`));
    if (turn.sealing === 'open') {
      expect(events).toContain(turn.mark);
      const own = turns.filter(({ client, talk }) => client === turn.client && talk === turn.talk);
      expect([...events].filter((mark) => !own.some((other) => other.mark === mark))).toEqual([]);
    } else expect(events).toEqual(new Set());
    if (turn.sealing !== 'wrapped') continue;
    expect((await fetch(`${service.url}/jobs/${id}`)).status).toBe(404);
    expect(everything).not.toContain(turn.client.pubkey);
  }
  for (const { client } of cast) client.close();
});
