/** What a round is in the record: its task, its responses, and which of them count for whom. */
import { ARENA_KEPT_ANSWER_CHARS } from '../../limits.ts';
import { sha256Hex } from '../../nostr/event.ts';
import type { ArenaAttemptRecord, ArenaTaskRecord } from '../../store/arena.ts';
import type { RoundRecord } from '../round.ts';
import type { Role } from '../settings.ts';
import type { Asked } from './model-seat.ts';
import type { OpenResult } from './scores.ts';

/** One response, and what it counts for. */
export interface Entry {
  /** 0 for the proposal, from 1 for the attempts. */
  readonly at: number;
  readonly role: Role;
  readonly agent: string;
  readonly text: string;
  readonly wellFormed: boolean;
  /** Solvers: 1 or 0. Proposers: the learnability. Null where it cannot be told. */
  readonly accuracy: number | null;
  /** Null where it earns nothing and counts for nothing. */
  readonly reward: number | null;
  readonly passed: boolean;
  /** Null for agents that are not asked by a prompt. */
  readonly asked: Asked | null;
}

/**
 * The responses of a round. A task that was given up after a probe counts for nobody, nor does what a suspected pair did:
 * the solver's attempts, and the proposal, whose worth was measured by them.
 *
 * @param suspected solvers that are suspected together with this proposer
 * @param asked what models were asked, by agent and in order
 */
export function entriesOf(
  record: RoundRecord,
  suspected: ReadonlySet<string>,
  asked: ReadonlyMap<string, readonly Asked[]>,
): readonly Entry[] {
  if (record.order === null) return [];
  const { stored, attempts } = record;
  const measured = stored !== null && stored.learnability !== null;
  const tainted = attempts.some(({ agent }) => suspected.has(agent));
  const proposal: Entry = {
    at: 0,
    role: 'propose',
    agent: record.proposer,
    text: record.text,
    wellFormed: record.wellFormed,
    accuracy: stored?.learnability ?? null,
    reward: tainted ? null : record.reward,
    passed: (stored?.learnability ?? 0) > 0,
    asked: asked.get(record.proposer)?.[0] ?? null,
  };
  const counts = new Map<string, number>();
  return [
    proposal,
    ...attempts.map(({ agent, text, wellFormed, right, reward }, i): Entry => {
      const nth = counts.get(agent) ?? 0;
      counts.set(agent, nth + 1);
      return {
        at: i + 1,
        role: 'solve',
        agent,
        text,
        wellFormed,
        accuracy: right ? 1 : 0,
        reward: measured && !suspected.has(agent) ? reward : null,
        passed: right,
        asked: asked.get(agent)?.[nth] ?? null,
      };
    }),
  ];
}

export function resultsOf(round: number, role: Role, entries: readonly Entry[]): readonly OpenResult[] {
  return entries.flatMap(({ at, role: own, agent, reward, passed }) =>
    own !== role || reward === null ? [] : [{ round, at, agent, reward, passed }],
  );
}

export function taskRecord(
  { round, stored, proposer, shown, executor }: RoundRecord,
  now_ms: number,
): ArenaTaskRecord[] {
  if (stored === null) return [];
  const { id, task, programId, tally, learnability } = stored;
  const induction = task.mode === 'induction';
  return [
    {
      round,
      id,
      mode: task.mode,
      language: task.language,
      program: task.program,
      input: induction ? null : task.input,
      output: induction ? null : task.output,
      given: induction ? JSON.stringify(task.given) : null,
      hidden: induction ? JSON.stringify(task.hidden) : null,
      message: induction ? task.message : null,
      programId,
      proposer,
      refs: JSON.stringify(shown.map((one) => one.id)),
      attempts: tally.done,
      solved: tally.solved,
      learnability,
      executor,
      createdAt_ms: now_ms,
    },
  ];
}

export function attemptRecord(
  record: RoundRecord,
  entry: Entry,
  owner: string,
  group: string,
  now_ms: number,
): ArenaAttemptRecord {
  const { at, role, agent, text, asked } = entry;
  return {
    round: record.round,
    at,
    mode: record.mode,
    role,
    agent,
    owner,
    model: asked?.model ?? null,
    promptHash: asked?.promptHash ?? null,
    answerHash: sha256Hex(text),
    answer: text.length <= ARENA_KEPT_ANSWER_CHARS ? text : null,
    problem: at === 0 ? record.problem : null,
    formatOk: entry.wellFormed,
    accuracy: entry.accuracy,
    reward: entry.reward,
    group: entry.reward === null ? null : group,
    advantage: null,
    tokens: asked?.tokens ?? 0,
    took_ms: asked?.took_ms ?? 0,
    at_ms: now_ms,
  };
}
