/**
 * What is around a team run: a store that takes state, effects and record together, and somebody who performs the
 * effects at least once, answering by a script. It can be killed at any write and before and after any effect.
 */

import { advanceTeam, nextTeamTick, openTeam, type Transition } from '../../../src/agent/team/machine.ts';
import { parseTeam } from '../../../src/agent/team/parse.ts';
import type { Usage } from '../../../src/agent/team/records.ts';
import type { TeamReport } from '../../../src/agent/team/report/types.ts';
import type { TraceEntry } from '../../../src/agent/team/trace.ts';
import type { Result, TeamEffect, TeamInput, TeamRun } from '../../../src/agent/team/types.ts';

export type RunEffect = Extract<TeamEffect, { type: 'run' }>;
export type Script = (effect: RunEffect, quality: (id: string) => number) => Result | null;

export interface Scene {
  readonly team?: object;
  readonly funded_msats?: number;
  readonly script?: Script;
  /** Given when the step of this number is first performed, so always while it is in flight. */
  readonly news?: Readonly<Record<number, readonly TeamInput[]>>;
  /** What goes wrong at the n-th performance of an effect. */
  readonly fault?: (performance: number) => Fault;
  readonly until?: (run: TeamRun) => boolean;
}
export type Fault = 'none' | 'killedBefore' | 'killedAfter' | 'answerLost' | 'answeredTwice';

export interface Played {
  readonly run: TeamRun;
  readonly entries: readonly TraceEntry[];
  readonly reports: readonly TeamReport[];
  readonly ends: number;
  readonly orders: readonly RunEffect[];
  readonly performances: number;
  readonly now_ms: number;
  readonly effects: readonly TeamEffect[];
}

export const START_MS = 1_800_000_000_000;
const MAX_TURNS = 20_000;
export const USED: Usage = { tokens: 100, msats: 1_000 };
/** Limits under which a step's quote is what it uses. */
export const SMALL = { steps: 1, tokens: 100, msats: 1_000, time_ms: 60_000, outputTokens: 100 };

const own = (name: string, makes: string) => ({
  name,
  makes,
  prompt: `You are ${name}.`,
  tools: [],
  helpers: [],
  limits: SMALL,
});
/** A team that is small and cheap, apart from what is given. */
export function smallTeam(part: object = {}) {
  return parseTeam({
    roles: [
      own('researcher', 'notes'),
      own('writer', 'draft'),
      own('editor', 'draft'),
      own('ranker', 'judgement'),
    ],
    order: ['researcher', 'writer', 'editor'],
    iterations: 3,
    budget: { msats: 1_000_000, tokens: 1_000_000, time_ms: 86_400_000 },
    stop: { noBetterIn: null, checkPassed: false },
    ...part,
  });
}

/** Drafts whose quality is written in them, ever better; a judge who sees it. */
export const improving: Script = (effect, quality) => {
  const { work, number } = effect;
  if (work.type === 'step') return { type: 'done', text: `quality ${number}`, summary: null, usage: USED };
  if (work.type === 'check') return { type: 'checked', passed: false, score: null, note: '', usage: USED };
  const place = quality(work.first) >= quality(work.second) ? 'first' : 'second';
  return { type: 'judged', place, rationale: 'longer', usage: USED };
};

export function failed(retry: boolean): Result {
  const failure = { code: 'MODEL_ERROR', message: 'busy' } as const;
  return { type: 'failed', failure, retry, retryAfter_ms: null, usage: { tokens: 1, msats: 1 } };
}

/** Plays until nothing moves any more, or until `until`. */
export function play(scene: Scene): Played {
  const script = scene.script ?? improving;
  let now_ms = START_MS;
  let outbox: TeamEffect[] = [];
  let entries: TraceEntry[] = [];
  let run!: TeamRun;
  const reports = new Map<string, TeamReport>();
  const orders = new Map<string, RunEffect>();
  const all: TeamEffect[] = [];
  let ends = 0;
  let performances = 0;

  const store = (next: Transition) => {
    // One transaction, and only JSON.
    const stored: Transition = JSON.parse(JSON.stringify(next));
    run = stored.run;
    outbox.push(...stored.effects);
    all.push(...stored.effects);
    entries = [...entries, ...stored.entries];
    ends += stored.effects.filter(({ type }) => type === 'end').length;
  };
  const give = (input: TeamInput) => store(advanceTeam(run, input, now_ms));
  const quality = (id: string): number => {
    const entry = entries.find(({ fact }) => fact.type === 'version' && fact.version.id === id);
    return entry?.fact.type === 'version' ? Number(/\d+/.exec(entry.fact.text)?.[0]) : 0;
  };
  const perform = (effect: TeamEffect): Result | null => {
    if (effect.type === 'report') reports.set(effect.key, effect.report);
    if (effect.type !== 'run') return null;
    orders.set(effect.key, effect);
    for (const input of scene.news?.[effect.number] ?? []) give(input);
    return script(effect, quality);
  };

  store(
    openTeam(
      {
        id: 'job',
        team: smallTeam(scene.team),
        task: 'Write it.',
        funded_msats: scene.funded_msats ?? 1_000_000,
      },
      now_ms,
    ),
  );
  for (let turns = 0; turns < MAX_TURNS && scene.until?.(run) !== true; turns++) {
    const effect = outbox[0];
    if (effect === undefined) {
      const at_ms = nextTeamTick(run, now_ms);
      if (at_ms === null) break;
      now_ms = Math.max(now_ms + 1, at_ms);
      give({ type: 'tick' });
      continue;
    }
    now_ms += 10;
    const fault = scene.fault?.(performances) ?? 'none';
    performances++;
    // Killed before: the outbox still has it.
    if (fault === 'killedBefore') continue;
    const result = perform(effect);
    // Killed after: what came of it is lost, and it is performed again.
    if (fault === 'killedAfter') continue;
    outbox = outbox.filter((one) => one !== effect);
    if (effect.type !== 'run' || result === null || fault === 'answerLost') continue;
    const input = { type: 'result', number: effect.number, attempt: effect.attempt, result } as const;
    give(input);
    if (fault === 'answeredTwice') give(input);
  }
  return {
    run,
    entries,
    reports: [...reports.values()],
    ends,
    orders: [...orders.values()],
    performances,
    now_ms,
    effects: all,
  };
}

/** The record without times. */
export function factsOf({ entries }: Played): readonly unknown[] {
  return entries.map(({ fact, hash }) => ({ fact, hash }));
}

export function message(source: string, text: string, sentAt_ms = START_MS): TeamInput {
  return { type: 'message', source, sentAt_ms, text };
}
