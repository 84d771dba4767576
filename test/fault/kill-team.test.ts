/**
 * Goal: a team's run survives the death of everything at any point: it ends once with the record, byte for byte, that it
 * would have left, for the same price; nothing that stands in a journal is asked again; no message is lost; no msat
 * either (issue 4, RELIABILITY 3). Method: ten runs are brought to ten points of their way and held there; then the
 * whole process tree is killed at once, with SIGKILL, and started again on its state. The same signed requests go to
 * another, new service that nobody kills, whose records are compared with theirs. Not proved: what is said of
 * kill.test.ts; that every point between two writes is safe is test/agent/team/desk/worlds.test.ts.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Event } from 'nostr-tools/pure';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LedgerReport } from '../../src/http/schemas-operator.ts';
import { endsJob, tag } from '../support/client.ts';
import { type FaultHarness, startFaultHarness } from '../support/fault-harness.ts';
import { jobOverHttp, jsonTag } from '../support/jobs.ts';
import { askAsOperator } from '../support/operator.ts';
import { type Service, startService } from '../support/service.ts';
import { signedText } from '../support/signed-call.ts';
import { deliveredBy, type Run, reportOf, reportsOf, TeamClient } from '../support/team-client.ts';
import { type TeamModel, teamModel } from '../support/team-model.ts';
import { calling, finalAnswer } from '../support/tool-script.ts';

/** Where each run is held, by its name. */
const POINTS: Readonly<Record<string, readonly [point: string, times: number]>> = {
  'as a step has begun': ['T1', 1],
  'as a change is stored': ['T2', 2],
  'as a step is done': ['T3', 1],
  'as an entry is stored': ['T4', 3],
  'as a mail is sent': ['T5', 0],
};
const NAMES = [
  ...Object.keys(POINTS),
  'in the model',
  'as it has ended',
  'as it is told',
  'while it is paused',
  'while it asks',
] as const;
/** A step whose runner died is ordered again after its lease (src/limits.ts), ms. */
const PATIENCE_MS = 70_000;
const BUDGET_MSATS = 700_000;
const ROLES = ['researcher', 'writer', 'editor', 'qa'];

interface Scene {
  readonly name: string;
  readonly key: Uint8Array;
  readonly request: Event;
  /** What its client said in the course of it, as it was sent: to the other service the same is said again. */
  readonly said: Map<string, Event>;
}

/** The words that bring a run to where it waits, and those by which it goes on. */
const FIRST: Readonly<Record<string, string>> = {
  'as it is told': 'detail: low',
  'while it is paused': 'pause',
};
const LAST: Readonly<Record<string, string>> = {
  ...FIRST,
  'while it is paused': 'resume',
  'while it asks': 'For children of ten.',
};

const homes = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'errand-kill-team-')));
let faults: FaultHarness;
let model: TeamModel;
let service: Service;
const open: TeamClient[] = [];
/** Answers of the model that wait, by run and role: resolved to let them go. */
let holds = new Map<string, { reached: () => void; gate: Promise<void> }>();

async function start(home: string, more: Record<string, string> = {}): Promise<void> {
  const env = { MODEL_BASE_URL: model.server.baseUrl, MODEL: 'small', ...more };
  service = await startService({ persistTo: home, env });
}

beforeAll(async () => {
  faults = await startFaultHarness();
  model = await teamModel();
  for (const role of ROLES) model.says(role, (question) => scriptOf(role, question.prompt, question.asked));
  await start(homes[0] ?? '', { FAULT_URL: faults.url });
});

afterAll(async () => {
  for (const client of open) client.close();
  await service?.stop();
  await model?.close();
  faults?.close();
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

function scriptOf(role: string, prompt: string, asked: TeamModel['questions'][number]['asked']) {
  const name = NAMES.find((one) => prompt.includes(one)) ?? 'nobody';
  const isAnswered = JSON.stringify(asked.body).includes('The user answers');
  const said =
    name === 'while it asks' && role === 'writer' && !isAnswered
      ? calling({ name: 'ask_user', args: { question: 'For children?', assumption: 'for adults' } })
      : finalAnswer(`${role}, killed ${name}`);
  const hold = holds.get(`${name} ${role}`);
  if (hold === undefined || !Array.isArray(said)) return said;
  hold.reached();
  return [{ hold: hold.gate }, ...said];
}

/** Has the next answers of a role to a run wait. */
function holding(name: string, role: string) {
  const { promise: gate, resolve: letGo } = Promise.withResolvers<void>();
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  holds.set(`${name} ${role}`, { reached: resolve, gate });
  return { reached, letGo };
}

async function connect(key?: Uint8Array): Promise<TeamClient> {
  const client = await TeamClient.connect(service, 'desk', key);
  open.push(client);
  return client;
}

async function write(name: string): Promise<{ client: TeamClient; scene: Scene }> {
  const client = await connect();
  const mail = name === 'as a mail is sent' ? { mail: 'ann@people.example' } : {};
  const parameters = { budget_sats: BUDGET_MSATS / 1_000, iterations: 1, ...mail };
  const request = client.request(`Killed ${name}`, `talk of ${NAMES.indexOf(name)}`, parameters);
  return { client, scene: { name, key: client.client.secretKey, request, said: new Map() } };
}

async function say(client: TeamClient, { said }: Scene, words: string | undefined): Promise<void> {
  if (words === undefined) return;
  const wrap = said.get(words) ?? client.wrap(words);
  said.set(words, wrap);
  await client.client.publish(wrap);
}

/** Brings a run to where it is killed. */
async function bring(client: TeamClient, scene: Scene): Promise<void> {
  const { name, request } = scene;
  const [point, times] = POINTS[name] ?? [];
  if (point !== undefined) {
    const reached = faults.arm(point, times, request.id);
    await Promise.all([client.order(request), reached]);
    return;
  }
  if (name === 'in the model') {
    const writer = holding(name, 'writer');
    await Promise.all([client.order(request), writer.reached]);
  } else if (name === 'as it has ended') {
    const qa = holding(name, 'qa');
    await Promise.all([client.order(request), qa.reached]);
    const reached = faults.arm('K8', 0, request.id);
    qa.letGo();
    await reached;
  } else if (name === 'as it is told') {
    const writer = holding(name, 'writer');
    await Promise.all([client.order(request), writer.reached]);
    const reached = faults.arm('K8', 0, request.id);
    // The relay may say that it has taken them after it has died.
    say(client, scene, FIRST[name]).catch(() => undefined);
    await reached;
  } else await atRest(client, scene);
}

/** To where a run waits for its client. */
async function atRest(client: TeamClient, scene: Scene): Promise<Run> {
  const { name, request } = scene;
  if (name === 'while it asks') {
    const run = await client.order(request);
    await reportOf(run, ({ state }) => state === 'asking');
    return run;
  }
  const writer = holding(name, 'writer');
  const [run] = await Promise.all([client.order(request), writer.reached]);
  await say(client, scene, FIRST[name]);
  await reportOf(run, ({ state }) => state === 'paused');
  writer.letGo();
  // What was under way comes in, and nothing else is ordered.
  await expect
    .poll(() => rolesDone(client, request.id), { timeout: 10_000 })
    .toEqual(['researcher', 'writer']);
  return run;
}

/** What is to be compared. */
interface Ended {
  readonly content: string;
  readonly trace: string | undefined;
  readonly price: unknown;
  readonly messages: number;
}

async function endOf(client: TeamClient, run: Run): Promise<Ended> {
  await expect
    .poll(() => jobOverHttp(service, run.request.id), { timeout: PATIENCE_MS, interval: 500 })
    .toMatchObject({ phase: 'delivered' });
  const result = await deliveredBy(run);
  expect(run.answers.events.filter(endsJob)).toHaveLength(1);
  const price = jsonTag(result, 'cost').price_sats;
  await expect
    .poll(() => client.credit(), { timeout: 20_000 })
    .toBe(BUDGET_MSATS - Math.round(Number(price) * 1_000));
  await expect
    .poll(() => jobOverHttp(service, run.request.id), { timeout: 20_000 })
    .toMatchObject({ phase: 'delivered', result_event_id: result.id });
  // Each report comes as feedback and as a message, each once.
  const told = reportsOf(run).map(({ number }) => number);
  await expect.poll(() => client.messages.length, { timeout: 20_000 }).toBe(told.length);
  expect(told).toEqual(told.map((_, i) => i + 1));
  return { content: result.content, trace: tag(result, 'trace'), price, messages: told.length };
}

const asks = (from: number) =>
  Map.groupBy(
    model.questions.slice(from).map(({ role, prompt }) => {
      return `${NAMES.find((name) => prompt.includes(name))}: ${role}`;
    }),
    (one) => one,
  );

test('ten runs, killed at ten points, end as if nothing had been', { timeout: 150_000 }, async () => {
  const scenes: Scene[] = [];
  const written = await Promise.all(NAMES.map(write));
  await Promise.all(
    written.map(async ({ client, scene }) => {
      scenes.push(scene);
      await bring(client, scene);
    }),
  );
  await service.kill();
  holds = new Map();
  await start(homes[0] ?? '', { FAULT_URL: faults.url });

  const killed = new Map<string, Ended>();
  await Promise.all(
    scenes.map(async (scene) => {
      const { name, key, request } = scene;
      const client = await connect(key);
      const run = await client.follow(request);
      await say(client, scene, LAST[name]);
      killed.set(name, await endOf(client, run));
    }),
  );
  expect(mailsIn(service)).toBeGreaterThanOrEqual(1);
  await agrees(homes[0] ?? '');
  const after = model.questions.length;
  await service.stop();

  await start(homes[1] ?? '');
  await Promise.all(
    scenes.map(async (scene) => {
      const { name, key, request } = scene;
      const client = await connect(key);
      const writer = name === 'as it is told' ? holding(name, 'writer') : null;
      const waits = name === 'while it asks' || name === 'while it is paused';
      const run = await (waits ? atRest(client, scene) : client.order(request));
      await writer?.reached;
      await say(client, scene, LAST[name]);
      if (writer !== null) await reportOf(run, ({ events }) => events.includes('steered'));
      writer?.letGo();
      expect(killed.get(name), name).toEqual(await endOf(client, run));
    }),
  );
  const calm = asks(after);
  for (const [step, times] of asks(0)) {
    const once = calm.get(step)?.length ?? 0;
    expect(times.length - once, step).toBeLessThanOrEqual(once + 1);
  }
  // What was done and not reported, or told, is not asked again.
  for (const name of ['as a step is done', 'as it has ended', 'while it is paused'])
    for (const role of ROLES) expect(asks(0).get(`${name}: ${role}`), `${name}: ${role}`).toHaveLength(2);
});

function mailsIn({ dev }: Service): number {
  return readdirSync(dev.mail.folder).filter((name) => name.endsWith('.eml')).length;
}

/** Books and wallet say the same, by their own words. */
async function agrees(home: string): Promise<void> {
  const report = async () => LedgerReport.parse(await askAsOperator(home, '/operator/ledger?grace_s=0'));
  await expect
    .poll(async () => (await report()).differences.map(({ text }) => text), { timeout: 40_000 })
    .toEqual([]);
}

/** Whose steps stand in a run's record. */
async function rolesDone({ client }: TeamClient, id: string): Promise<string[]> {
  const { text } = await signedText(service.url, client.secretKey, 'GET', `/jobs/${id}/trace`);
  const lines: { type: string; role: string }[] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return lines.flatMap(({ type, role }) => (type === 'step' ? [role] : []));
}
