/** A door over doubles: agents that answer by a script, a relay that holds and streams their signed answers, accounts. */
import { keyedAgents } from '../../src/agent/embedded.ts';
import { readConfig } from '../../src/config.ts';
import { Door } from '../../src/door/door.ts';
import type { DoorPorts, RememberedRequest } from '../../src/door/ports.ts';
import type { Purse } from '../../src/door/purse.ts';
import { type NostrEvent, tagValue } from '../../src/nostr/event.ts';
import { agentKeys, purseKeys } from '../../src/nostr/keys.ts';
import { isEphemeral, KIND } from '../../src/nostr/kinds.ts';
import { msats } from '../../src/payment/msats.ts';
import type { KeyedAgent } from '../../src/protocol/agent.ts';
import { agentNip } from '../../src/protocol/agent-nip.ts';
import type { JobBody, Report } from '../../src/protocol/model.ts';
import { openerFor, openRequest, seal } from '../../src/protocol/sealing.ts';
import type { JobRecord, RecordedPhase } from '../../src/store/job-record.ts';
import { jobRecord } from './records.ts';

/** What an agent tells of a job; a function says it when it is called. */
export type Script = (body: JobBody, job: ScriptedJob) => void;

export interface ScriptedJob {
  readonly id: string;
  tell(...reports: readonly Report[]): void;
  /** Where the job stands from now on. */
  phase(phase: RecordedPhase): void;
  whenPaid(work: () => void): void;
  /** Ends every stream of it, as a relay that restarts does. */
  breakOff(): void;
}

export const RESULT = (content: string, more: Partial<Extract<Report, { type: 'result' }>['output']> = {}) =>
  ({
    type: 'result',
    output: {
      content,
      finishReason: 'stop',
      model: 'small',
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
      ...more,
    },
    cost: { input_tokens: 3, output_tokens: 2, price_msats: 0, breakdown: [] },
    demand: null,
  }) satisfies Report;

interface Held {
  record: JobRecord;
  readonly stored: { readonly seq: number; readonly event: NostrEvent }[];
  readonly streams: Set<ReadableStreamDefaultController<Uint8Array>>;
}

/** @param scripts by slug; an agent without one answers `hello` */
export function doorWorld(scripts: { readonly [slug: string]: Script } = {}) {
  const config = readConfig({
    LOCAL: '1',
    PUBLIC_URL: 'http://market.example',
    MODEL_BASE_URL: 'https://model.example/v1',
    MODEL: 'small',
  });
  const agents = keyedAgents(config);
  const jobs = new Map<string, Held>();
  const published: NostrEvent[] = [];
  const asked: { readonly id: string; readonly slug: string; readonly body: JobBody }[] = [];
  const remembered = new Map<string, RememberedRequest>();
  const credit = new Map<string, bigint>();
  /** What jobs that wait for money do when there is some. */
  const wanted = new Map<string, () => void>();
  let seq = 0;
  let now_ms = 1_800_000_000_000;

  const held = (id: string): Held => {
    let job = jobs.get(id);
    if (job === undefined) {
      job = { record: jobRecord(1, { id, phase: 'waiting' }), stored: [], streams: new Set() };
      jobs.set(id, job);
    }
    return job;
  };
  const frame = (event: NostrEvent, at: number | null) =>
    new TextEncoder().encode(
      `${at === null ? '' : `id: ${at}\n`}event: x\ndata: ${JSON.stringify(event)}\n\n`,
    );
  const scripted = (id: string, agent: KeyedAgent, request: NostrEvent): ScriptedJob => ({
    id,
    tell(...reports) {
      const keys = agentKeys(config.masterSecret, agent.slug);
      const opened = openRequest(request, keys, config.kinds);
      if (opened === null) throw new Error('a request that cannot be read');
      for (const report of reports) {
        for (const template of agentNip(config.kinds).render(report, opened, Math.floor(now_ms / 1_000))) {
          const event = seal(template, opened, keys);
          const at = isEphemeral(event.kind) ? null : ++seq;
          if (at !== null) held(id).stored.push({ seq: at, event });
          for (const stream of held(id).streams) stream.enqueue(frame(event, at));
        }
        if (report.type === 'result') this.phase('delivered');
        if (report.type === 'error') this.phase('failed');
      }
    },
    phase(phase) {
      held(id).record = { ...held(id).record, phase };
    },
    whenPaid(work) {
      wanted.set(id, work);
    },
    breakOff() {
      for (const stream of held(id).streams) stream.error(new Error('the relay restarts'));
      held(id).streams.clear();
    },
  });

  const ports: DoorPorts = {
    now: () => now_ms,
    kinds: config.kinds,
    relay: 'wss://market.example/',
    agents,
    purseKeys: (id) => purseKeys(config.masterSecret, id),
    // Two thousand times as fast: whoever only waits is served soon, and after what is ready.
    after: (delay_ms, work) => {
      const timer = setTimeout(work, delay_ms / 2_000);
      return () => clearTimeout(timer);
    },
    log: () => undefined,
    quote: (agent) => msats(agent.prices.perJob_msats),
    credit: async (client) => msats(credit.get(client) ?? 0n),
    async take(event) {
      const agent = agents.find(({ pubkey }) => pubkey === tagValue(event, 'p'));
      if (agent === undefined || asked.some(({ id }) => id === event.id)) return;
      const keys = agentKeys(config.masterSecret, agent.slug);
      const envelope = agentNip(config.kinds).envelope(event);
      const body = agentNip(config.kinds).body(event, envelope, openerFor(keys, event.pubkey));
      asked.push({ id: event.id, slug: agent.slug, body });
      const job = held(event.id);
      job.record = { ...job.record, agent: agent.slug, client: event.pubkey };
      const script = scripts[agent.slug] ?? ((_body, job) => job.tell(RESULT('hello')));
      script(body, scripted(event.id, agent, event));
    },
    async publish(event) {
      published.push(event);
      const jobId = tagValue(event, 'e');
      if (event.kind !== KIND.deletion || jobId === undefined) return;
      held(jobId).record = { ...held(jobId).record, phase: 'cancelled' };
      for (const stream of held(jobId).streams) stream.close();
      held(jobId).streams.clear();
    },
    async credited(id) {
      wanted.get(id)?.();
    },
    async jobEvents(id, cursor, live) {
      const job = held(id);
      let own: ReadableStreamDefaultController<Uint8Array>;
      return new ReadableStream({
        start(controller) {
          own = controller;
          for (const { seq: at, event } of job.stored) if (at > cursor) controller.enqueue(frame(event, at));
          if (live) job.streams.add(controller);
          else controller.close();
        },
        cancel: () => void job.streams.delete(own),
      });
    },
    job: async (id) => jobs.get(id)?.record,
    async remember(client, key, request, instead) {
      const known = remembered.get(`${client} ${key}`);
      if (known === undefined || known.event.id === instead) remembered.set(`${client} ${key}`, request);
      return remembered.get(`${client} ${key}`) ?? request;
    },
    recall: async (client, key) => remembered.get(`${client} ${key}`)?.event.id ?? null,
  };
  return {
    door: new Door(ports),
    ports,
    agents,
    asked,
    published,
    credit,
    purse: (id = 'one', more: Partial<Purse> = {}): Purse => ({
      kind: 'key',
      id,
      keys: ports.purseKeys(id),
      agents: null,
      ...more,
    }),
    advance: (ms: number) => {
      now_ms += ms;
    },
  };
}
