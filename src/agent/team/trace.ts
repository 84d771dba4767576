/**
 * The record of a run: what was done, in order, with the texts. Entries are stored in the same transaction as the state
 * that made them and are never changed.
 *
 * Each entry's hash covers the one before, so the last hash stands for all of it. Times are not in the hash: a run that
 * was killed and went on did the same, later.
 */
import type { JobFailure } from '../../errors.ts';
import { sha256Hex } from '../../nostr/event.ts';
import { canonicalJson } from '../../values/canonical-json.ts';
import type { TeamConfig } from './config.ts';
import type { Command } from './feedback/commands.ts';
import type { Verdict } from './insertion.ts';
import type { EndReason, Usage, Version } from './records.ts';

export type TraceFact =
  | { readonly type: 'run'; readonly run: string; readonly task: string; readonly team: TeamConfig }
  | {
      readonly type: 'step';
      readonly number: number;
      readonly attempt: number;
      readonly work: 'step' | 'judge' | 'check';
      readonly role: string;
      readonly iteration: number;
      readonly outcome: 'done' | 'asked' | 'failed' | 'aborted';
      readonly directives: readonly number[];
      /** Null when nobody told. */
      readonly usage: Usage | null;
      readonly failure: JobFailure | null;
    }
  | { readonly type: 'version'; readonly version: Version; readonly text: string }
  | {
      readonly type: 'check';
      readonly version: string;
      /** Null: it could not be judged. */
      readonly passed: boolean | null;
      readonly score: number | null;
      readonly note: string;
    }
  | {
      readonly type: 'comparison';
      readonly newcomer: string;
      readonly other: string;
      readonly verdict: Verdict;
      readonly by: 'judge' | 'check' | 'nobody';
      readonly rationale: string;
    }
  | {
      readonly type: 'message';
      readonly source: string;
      readonly text: string;
      readonly commands: readonly Command[];
    }
  | {
      readonly type: 'directive';
      readonly number: number;
      readonly scope: string;
      readonly text: string;
      readonly source: string;
    }
  | { readonly type: 'superseded'; readonly number: number; readonly by: number }
  | {
      readonly type: 'question';
      readonly number: number;
      readonly step: number;
      readonly text: string;
      readonly assumption: string;
    }
  | {
      readonly type: 'answer';
      readonly question: number;
      readonly text: string;
      readonly by: 'user' | 'assumption';
    }
  | {
      readonly type: 'iteration';
      readonly iteration: number;
      readonly best: string | null;
      readonly better: boolean;
    }
  | {
      readonly type: 'end';
      readonly reason: EndReason;
      readonly best: string | null;
      readonly spent: Usage;
      readonly unspent_msats: number;
    };

export interface TraceEntry {
  /** From 1. */
  readonly seq: number;
  readonly at_ms: number;
  readonly fact: TraceFact;
  /** SHA-256 over the hash before and the fact, hex. */
  readonly hash: string;
}

/** The hash before the first entry. */
export const TRACE_START = '0'.repeat(64);

export function nextHash(before: string, fact: TraceFact): string {
  return sha256Hex(`${before}\n${canonicalJson(fact)}`);
}

/** The place of the first entry that does not follow from those before it, or null when the record is whole. */
export function brokenAt(entries: readonly TraceEntry[]): number | null {
  let hash = TRACE_START;
  for (const [at, entry] of entries.entries()) {
    hash = nextHash(hash, entry.fact);
    if (entry.seq !== at + 1 || entry.hash !== hash) return at + 1;
  }
  return null;
}
