/** How one job is asked for and recognised on each wire; everything else about the load is the same. */
import type { EventTemplate, NostrEvent } from '../../src/nostr/event.ts';

export interface Question {
  readonly query: string;
  readonly ids: ReadonlySet<string>;
}

export interface Wire {
  /** Kinds that answers come in. */
  readonly answers: readonly number[];
  request(question: Question, job: number, agent: string, now_s: number): EventTemplate;
  /** What an answer is, or undefined for something else. */
  read(answer: NostrEvent): 'processing' | { readonly content: string } | undefined;
  /** Said once before the first job, one after the other; those that end with `true` wait for an answer. */
  readonly greetings: readonly (readonly [content: string, answered: boolean])[];
}

/** NIP-90 content discovery (kind 5300). */
const nip90: Wire = {
  answers: [7000, 6300],
  greetings: [],
  request: ({ query }, job, agent, now_s) => ({
    kind: 5300,
    created_at: now_s,
    tags: [
      ['i', query, 'text'],
      ['p', agent],
      ['job', String(job)],
    ],
    content: '',
  }),
  read(answer) {
    if (answer.kind === 6300) return { content: answer.content };
    const status = answer.tags.find(([name]) => name === 'status')?.[1];
    if (status === 'error') throw new Error(`a job failed: ${JSON.stringify(answer.tags)}`);
    return status === 'processing' ? 'processing' : undefined;
  },
};

/** ContextVM: JSON-RPC of MCP in ephemeral events; there is no progress, only the response. */
const contextvm: Wire = {
  answers: [25_910],
  greetings: [
    [
      JSON.stringify({
        jsonrpc: '2.0',
        id: 'init',
        method: 'initialize',
        params: {
          protocolVersion: '2025-06-18',
          capabilities: {},
          clientInfo: { name: 'bench', version: '1' },
        },
      }),
      true,
    ],
    [JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }), false],
  ],
  request: ({ query }, job, agent, now_s) => ({
    kind: 25_910,
    created_at: now_s,
    tags: [['p', agent]],
    content: JSON.stringify({
      jsonrpc: '2.0',
      id: job,
      method: 'tools/call',
      params: { name: 'search', arguments: { query } },
    }),
  }),
  read(answer) {
    const message: unknown = JSON.parse(answer.content);
    const text = dig(message, 'result', 'content', '0', 'text');
    if (typeof text === 'string') return { content: text };
    if (dig(message, 'error') !== undefined) throw new Error(`a call failed: ${answer.content}`);
    return undefined;
  },
};

export const WIRES: Readonly<Record<'nip90' | 'contextvm', Wire>> = { nip90, contextvm };

/** Whether the content is the JSON list of exactly these `e` tags, in any order. */
export function isRightAnswer(content: string, ids: ReadonlySet<string>): boolean {
  const tags: unknown = JSON.parse(content);
  if (!Array.isArray(tags) || tags.length !== ids.size) return false;
  return tags.every((tag: unknown) => Array.isArray(tag) && tag[0] === 'e' && ids.has(tag[1]));
}

function dig(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    value,
  );
}
