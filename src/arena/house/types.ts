/** What a house of the arena is made with, and what its turns come to. */
import type { Executor, Language } from '../../checks/executor.ts';
import type { RoundRecord } from '../round.ts';
import type { Proposer, Solver } from '../seat.ts';
import type { ArenaSettings, Mode } from '../settings.ts';
import type { Task } from '../task.ts';
import type { Entry } from './entries.ts';
import type { ModelAgent } from './model-seat.ts';

export interface HouseOptions {
  readonly language: Language;
  /** Of the whole season; used when it begins. */
  readonly seed: number;
  /** Tasks it begins with. */
  readonly seeds: readonly Task[];
  readonly settings: ArenaSettings;
  /** Attempts after which a task may be given up; null makes all of them. */
  readonly probe: number | null;
  /** Seats without a model. */
  readonly proposers: readonly Proposer[];
  readonly solvers: readonly Solver[];
  /** Agents that take both seats by their models. */
  readonly agents: readonly ModelAgent[];
  readonly roundsPerDay: number;
  /** Of models, questions and answers together. */
  readonly tokensPerDay: number;
}

export interface HousePorts {
  readonly executor: Executor;
  /** Unix ms. */
  now(): number;
  /** Has questions put to models by whoever may wait; the answers come by `answered`. May be asked twice for one. */
  order(keys: readonly string[]): Promise<void>;
}

/** What a turn came to. */
export type Turn =
  | { readonly type: 'round'; readonly record: RoundRecord; readonly entries: readonly Entry[] }
  | { readonly type: 'examination'; readonly agent: string; readonly mode: Mode; readonly qualified: boolean }
  /** Models are being asked. */
  | { readonly type: 'waiting' }
  /** The day's rounds are played. */
  | { readonly type: 'spent'; readonly until_ms: number };
