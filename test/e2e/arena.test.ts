/**
 * Goal: whoever starts errand sees the arena play: a frontier that moves on GET /arena, a model agent in the standings, its
 * rating on its card, and the standings as an event of the marketplace on the relay.
 * Method: the started service with Python in the sandbox, a scripted OpenAI-compatible server as the model. Does not prove:
 * what a real model makes of the prompts.
 */

import { type Event, type Filter, verifyEvent } from 'nostr-tools';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { deriveKeys } from '../../src/nostr/keys.ts';
import { type Client, connectClient } from '../support/client.ts';
import { answer, type ModelServer, modelServer } from '../support/model-server.ts';
import { type Service, startService } from '../support/service.ts';

const SECRET = '7'.repeat(64);
const KIND = 37_123;

let model: ModelServer;
let service: Service;
let client: Client;

beforeAll(async () => {
  model = await modelServer();
  // It is right about some deductions only.
  model.script(answer('<think>one</think> ', '<answer>0</answer>'));
  service = await startService({
    sandbox: true,
    env: {
      ARENA_ROUNDS_PER_DAY: '1000000',
      MASTER_SECRET: SECRET,
      KIND_STANDING: String(KIND),
      MODEL_BASE_URL: model.baseUrl,
      MODEL: 'scripted',
    },
  });
  client = await connectClient(service.relay);
});

afterAll(async () => {
  client?.close();
  await service?.stop();
  await model?.close();
});

const report = z.object({
  rounds: z.number(),
  frontier: z.array(
    z.object({
      mode: z.string(),
      stretch: z.number(),
      tasks: z.number(),
      learnability: z.number().nullable(),
    }),
  ),
  standings: z.array(z.object({ agent: z.string(), mode: z.string(), role: z.string(), rating: z.number() })),
  task: z.object({ program: z.string().nullable(), mode: z.string() }).nullable(),
  settings: z.object({ attempts: z.number() }),
});

async function arena(): Promise<z.infer<typeof report>> {
  const response = await fetch(`${service.url}/arena`);
  expect(response.status).toBe(200);
  return report.parse(await response.json());
}

async function until<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** What the relay has stored. */
function stored(filter: Filter): Promise<Event[]> {
  return new Promise((resolve) => {
    const found: Event[] = [];
    const subscription = client.relay.subscribe([filter], {
      onevent: (event) => found.push(event),
      oneose() {
        subscription.close();
        resolve(found);
      },
    });
  });
}

test('the arena plays, and everybody can see how it goes', async () => {
  const later = await until(async () => {
    const now = await arena();
    return now.rounds >= 36 && now.standings.some(({ agent }) => agent === 'chat') ? now : undefined;
  });
  const modes = new Set(later.frontier.map(({ mode }) => mode));
  expect([...modes].sort()).toEqual(['abduction', 'deduction', 'induction']);
  expect(later.frontier.some(({ learnability }) => (learnability ?? 0) > 0)).toBe(true);
  expect(later.settings.attempts).toBe(8);
  // What may still be asked about is not shown.
  expect(later.task?.program ?? null).toBeNull();
  const names = new Set(later.standings.map(({ agent }) => agent));
  expect(names).toContain('baseline:patient');
  // The model that says 0 to everything stands below the search.
  const of = (name: string) =>
    later.standings
      .filter(({ agent, role }) => agent === name && role === 'solve')
      .map(({ rating }) => rating);
  expect(Math.max(...of('chat'))).toBeLessThan(Math.max(...of('baseline:patient')));
  expect(await until(async () => ((await arena()).rounds > later.rounds ? true : undefined))).toBe(true);
}, 240_000);

test('the card carries the rating, and the standings are an event of the marketplace', async () => {
  const card = await until(async () => {
    const response = await fetch(`${service.url}/agents/chat/card.json`);
    const { reputation } = z
      .object({ reputation: z.object({ arena_rating: z.number().optional() }) })
      .parse(await response.json());
    return reputation.arena_rating;
  });
  expect(card).toBeLessThan(0);
  const { publicKey } = deriveKeys(SECRET, 'marketplace');
  const event = await until(async () => {
    const found = await stored({ kinds: [KIND], authors: [publicKey], '#d': ['arena'] });
    return found[0];
  });
  expect(verifyEvent(event)).toBe(true);
  const content = z
    .object({ standings: z.array(z.object({ agent: z.string(), pubkey: z.string().nullable() })) })
    .parse(JSON.parse(event.content));
  const chat = content.standings.find(({ agent }) => agent === 'chat');
  expect(chat?.pubkey).toMatch(/^[0-9a-f]{64}$/);
  expect(event.tags).toContainEqual(['p', chat?.pubkey ?? '']);
}, 240_000);
