/** Tasks and contexts for tests of runtimes. */
import type { AgentDefinition } from '../../src/agent/definition.ts';
import { embeddedAgents } from '../../src/agent/embedded.ts';
import type { RuntimeContext, SearchHit, SearchQuery, Task } from '../../src/agent/runtime.ts';
import { readConfig } from '../../src/config.ts';
import type { Envelope, JobBody } from '../../src/protocol/model.ts';

/** Unix ms of every context unless told. */
export const NOW_MS = 1_700_000_000_000;

const CONFIG = readConfig({
  LOCAL: '1',
  MODEL_BASE_URL: 'http://127.0.0.1:1/v1',
  MODEL: 'small',
  MODEL_API_KEY: 'k',
});

/** An embedded agent. */
export function agentNamed(slug: string): AgentDefinition {
  const agent = embeddedAgents(CONFIG).find((one) => one.slug === slug);
  if (agent === undefined) throw new Error(`no agent ${slug}`);
  return agent;
}

/** A task with one user message, or what is given. */
export function taskOf(
  slug: string,
  text: string,
  extra: {
    body?: Partial<JobBody>;
    envelope?: Partial<Envelope>;
    history?: Task['history'];
    agent?: Partial<AgentDefinition>;
  } = {},
): Task {
  return {
    agent: { ...agentNamed(slug), ...extra.agent },
    envelope: {
      dialect: 'agent',
      id: '1'.repeat(64),
      kind: 7001,
      client: 'c'.repeat(64),
      agents: [],
      session: null,
      createdAt_s: NOW_MS / 1000,
      expiresAt_s: null,
      relays: [],
      sealing: 'none',
      ...extra.envelope,
    },
    body: {
      messages: text === '' ? [] : [{ role: 'user', content: text }],
      parameters: {},
      inputs: [],
      model: null,
      outputFormat: null,
      tools: null,
      bid_msats: null,
      contract: null,
      bolt11: null,
      ...extra.body,
    },
    history: extra.history ?? [],
  };
}

/** A context that records what a runtime does. */
export function recordingContext(
  options: {
    signal?: AbortSignal;
    hits?: (query: SearchQuery) => readonly SearchHit[];
    onDelta?: (text: string) => void;
  } = {},
): RuntimeContext & { readonly deltas: string[]; readonly queries: SearchQuery[] } {
  const deltas: string[] = [];
  const queries: SearchQuery[] = [];
  return {
    deltas,
    queries,
    now: () => NOW_MS,
    signal: options.signal ?? new AbortController().signal,
    progress: async () => undefined,
    delta: async (text) => {
      deltas.push(text);
      options.onDelta?.(text);
    },
    events: {
      search: async (query) => {
        queries.push(query);
        return options.hits?.(query) ?? [];
      },
      query: async () => [],
    },
  };
}
