/** Doubles for the agent loop: a scripted model, a journal in memory that can die, and a clock of its own. */
import type { LoopClock } from '../../src/agent/loop/clock.ts';
import type { Entry } from '../../src/agent/loop/entry.ts';
import type { LoopChunk, LoopRequest, ModelCall, ToolModelClient } from '../../src/agent/loop/model.ts';
import type { LoopPorts } from '../../src/agent/loop/ports.ts';
import type { StepStore } from '../../src/agent/loop/step-store.ts';
import { noBudget } from '../../src/agent/loop/token-budget.ts';
import type { Tool } from '../../src/agent/loop/tool.ts';
import type { Json } from '../../src/errors.ts';
import type { Usage } from '../../src/protocol/model.ts';

/** What a scripted model says; a function fails or waits in its place. */
export interface Say {
  readonly text?: string;
  readonly calls?: readonly ModelCall[];
  readonly usage?: Usage | null;
  readonly finishReason?: 'stop' | 'length' | 'tool_calls';
}
export type Line = Say | Error | ((request: LoopRequest, signal: AbortSignal) => Say | Promise<Say>);

export const TEN_FIVE: Usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

export function call(id: string, name: string, args: Json | { readonly raw: string }): ModelCall {
  const raw = typeof args === 'object' && args !== null && 'raw' in args && typeof args.raw === 'string';
  return { id, name, arguments: raw ? String(args.raw) : JSON.stringify(args) };
}

export const final = (answer: Json, id = 'f'): Say => ({ calls: [call(id, 'final_answer', { answer })] });

/** Says its lines one after another, or what a function makes of the request. */
export function scriptedModel(
  lines: readonly Line[] | ((request: LoopRequest) => Line),
): ToolModelClient & { readonly asked: LoopRequest[] } {
  const asked: LoopRequest[] = [];
  return {
    asked,
    async *ask(request, signal): AsyncGenerator<LoopChunk> {
      asked.push(structuredClone(request));
      const line = typeof lines === 'function' ? lines(request) : lines[asked.length - 1];
      if (line === undefined) throw new Error(`the script ends before question ${asked.length}`);
      if (line instanceof Error) throw line;
      const say = typeof line === 'function' ? await line(request, signal) : line;
      // In pieces, as models do.
      for (const text of say.text?.match(/[\s\S]{1,7}/g) ?? []) yield { type: 'text', text };
      for (const one of say.calls ?? []) yield { type: 'call', call: one };
      const finishReason = say.finishReason ?? (say.calls === undefined ? 'stop' : 'tool_calls');
      yield { type: 'end', finishReason, usage: say.usage === undefined ? TEN_FIVE : say.usage };
    },
  };
}

/** Time that moves only when nothing else does. */
export function ownClock(start_ms = 1_000_000): LoopClock & { readonly sleeps: number[] } {
  let now = start_ms;
  let turning = false;
  const timers: { readonly at: number; readonly end: () => void }[] = [];
  const sleeps: number[] = [];
  const turn = (): void => {
    timers.sort((a, b) => a.at - b.at);
    const next = timers[0];
    turning = next !== undefined;
    if (next === undefined) return;
    now = Math.max(now, next.at);
    next.end();
    setImmediate(turn);
  };
  return {
    sleeps,
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        sleeps.push(ms);
        const end = (): void => {
          const at = timers.indexOf(timer);
          if (at >= 0) timers.splice(at, 1);
          resolve();
        };
        const timer = { at: now + ms, end };
        if (signal.aborted) return resolve();
        timers.push(timer);
        signal.addEventListener('abort', end, { once: true });
        if (!turning) {
          turning = true;
          setImmediate(turn);
        }
      }),
  };
}

/** The journals of all runs, as a database would keep them. */
export class Journals {
  readonly runs = new Map<string, Entry[]>();
  /** Entries written in all, whatever their run. */
  writes = 0;

  of(run: string): readonly Entry[] {
    return this.runs.get(run) ?? [];
  }

  /**
   * The store as one process sees it.
   *
   * @param diesAt this write, counting all writes from 0, is the last thing the process does
   * @param written whether that write got through before it died
   */
  process(diesAt = Number.POSITIVE_INFINITY, written = false): StepStore {
    let dead = false;
    return {
      load: async (run) => {
        if (dead) throw new Killed();
        return structuredClone(this.of(run));
      },
      append: async (run, seq, entry) => {
        if (dead) throw new Killed();
        dead = this.writes === diesAt;
        if (!dead || written) {
          const entries = this.runs.get(run) ?? [];
          if (seq !== entries.length) throw new Error(`entry ${seq} of ${run} is there already`);
          this.runs.set(run, [...entries, structuredClone(entry)]);
          this.writes++;
        }
        if (dead) throw new Killed();
      },
    };
  }
}

export class Killed extends Error {
  override readonly name = 'Killed';
}

export function loopPorts(ports: Partial<LoopPorts> & Pick<LoopPorts, 'model'>): LoopPorts {
  return {
    store: new Journals().process(),
    clock: ownClock(),
    budget: noBudget,
    count: (text) => Math.ceil(text.length / 4),
    random: () => 0.5,
    log: (error) => {
      throw new Error('a fault of ours', { cause: error });
    },
    ...ports,
  };
}

/** `add` of two numbers, as the recorded runs of smolagents have it. */
export const add: Tool = {
  name: 'add',
  description: 'Adds two whole numbers.',
  input: {
    type: 'object',
    properties: { a: { type: 'integer' }, b: { type: 'integer' } },
    required: ['a', 'b'],
  },
  parallel: true,
  run: async ({ a, b }) => String(Number(a) + Number(b)),
};

export const LOOP_TASK = { from: 'the client', text: 'the task', history: [] };
export const LOOP_LIMITS = {
  model: 'small',
  instructions: '',
  maxContextTokens: 32_000,
  maxAnswerTokens: 1_000,
};
