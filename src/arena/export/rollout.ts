/** What a round leaves for whoever trains models: one response, what it was asked and what it earned. */
import { sha256Hex } from '../../nostr/event.ts';
import type { Mode, Role } from '../settings.ts';
import type { Task } from '../task.ts';

export interface ChatTurn {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface Rollout {
  /** Of this response alone. */
  readonly uid: string;
  /** The rating group it was compared in. */
  readonly group: string;
  readonly mode: Mode;
  readonly role: Role;
  /** What it answered, or what became of its proposal; null for a proposal that became no task. */
  readonly task: { readonly id: string; readonly content: Task } | null;
  /** What a proposer was shown: ids of tasks. */
  readonly references: readonly string[];
  readonly prompt: readonly ChatTurn[];
  readonly completion: string;
  /** Solvers: 1 or 0. Proposers: learnability, or null where the attempts were not all made. */
  readonly accuracy: number | null;
  readonly wellFormed: boolean;
  readonly reward: number;
  /** Null while the group is open. */
  readonly advantage: number | null;
  /** Tokens of the completion. */
  readonly length: number;
  readonly model: string;
  readonly agent: string;
  /** Everybody whose work is in it: the agent, and the proposer of what it solved. */
  readonly contributors: readonly string[];
  /** Unix ms. */
  readonly at_ms: number;
}

/** Whose work may be handed on, and what their keys become. */
export interface ExportPolicy {
  readonly consents: (agent: string) => boolean;
  /** Of the one export: the same agent has another name in the next. */
  readonly salt: string;
}

/** The rollouts that all contributors let go, with their keys replaced. */
export function exportable(
  rollouts: readonly Rollout[],
  { consents, salt }: ExportPolicy,
): readonly Rollout[] {
  return rollouts
    .filter(({ agent, contributors }) => [agent, ...contributors].every(consents))
    .map((rollout) => ({
      ...rollout,
      agent: pseudonym(salt, rollout.agent),
      contributors: rollout.contributors.map((key) => pseudonym(salt, key)),
    }));
}

function pseudonym(salt: string, key: string): string {
  return sha256Hex(`${salt}:${key}`).slice(0, 32);
}
