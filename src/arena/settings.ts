/** What can be set about the arena. The defaults are what Absolute Zero Reasoner's code does, not always its paper. */
import type { ArenaConfig } from '../config/arena.ts';
import { ARENA_ATTEMPTS, ARENA_BUFFER_TASKS, ARENA_INDUCTION_INPUTS, ARENA_REFERENCES } from '../limits.ts';

export const MODES = ['deduction', 'abduction', 'induction'] as const;
export type Mode = (typeof MODES)[number];

export const ROLES = ['propose', 'solve'] as const;
export type Role = (typeof ROLES)[number];

export interface RewardSettings {
  /** For a text that is not of the form asked for, and for a proposal that is no task. */
  readonly malformed: number;
  /** For what is well formed and earns nothing: a wrong answer, a task that all or none solved. The paper says 0. */
  readonly worthless: number;
  /** How extra rewards join learnability; they count only where a task can be learnt from. */
  readonly combine: 'sum' | 'multiply' | 'sum_multiply' | 'multiply_sum';
}

export interface ArenaSettings {
  readonly references: number;
  readonly inductionInputs: number;
  readonly attempts: number;
  readonly bufferTasks: number;
  /** `think`: texts are `<think>…</think> <answer>…</answer>`. `bare`: the text is the answer, as chat agents write. */
  readonly wrapper: 'think' | 'bare';
  /** Modules a proposed program may not import, whole or in part. */
  readonly bannedModules: readonly string[];
  readonly rewards: RewardSettings;
}

/** AZR's words, whose dotted ones it can never match, and the modules those were meant to keep out. */
export const BANNED_MODULES: readonly string[] = [
  ...['logging', 'random', 'multiprocessing', 'pebble', 'subprocess', 'threading', 'datetime', 'time'],
  ...[
    'hashlib',
    'hmac',
    'bcrypt',
    'calendar',
    'os',
    'sys',
    'secrets',
    'uuid',
    'socket',
    'ctypes',
    'importlib',
  ],
];

export const DEFAULT_REWARDS: RewardSettings = { malformed: -1, worthless: -0.5, combine: 'sum' };

export const DEFAULT_SETTINGS: ArenaSettings = {
  references: ARENA_REFERENCES,
  inductionInputs: ARENA_INDUCTION_INPUTS,
  attempts: ARENA_ATTEMPTS,
  bufferTasks: ARENA_BUFFER_TASKS,
  wrapper: 'think',
  bannedModules: BANNED_MODULES,
  rewards: DEFAULT_REWARDS,
};

/** The settings of a deployment. */
export function settingsOf(config: ArenaConfig): ArenaSettings {
  return {
    references: config.references,
    inductionInputs: config.inductionInputs,
    attempts: config.attempts,
    bufferTasks: config.bufferTasks,
    wrapper: config.wrapper,
    bannedModules: BANNED_MODULES,
    rewards: { ...DEFAULT_REWARDS, malformed: config.malformed, worthless: config.worthless },
  };
}
