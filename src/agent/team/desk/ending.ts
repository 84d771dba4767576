/** How a run's end is handed in: its best version with what proves it, and what it cost by role. */
import type { WorkEnding } from '../../../job/long-work.ts';
import { AGENT_MAX_OUTPUT_BYTES } from '../../../limits.ts';
import type { JobOutput } from '../../../protocol/model.ts';
import { cutToBytes, utf8Bytes } from '../../../protocol/size.ts';
import { costsByRole } from '../export/jsonl.ts';
import { END_WORDS } from '../report/describe.ts';
import type { TraceEntry } from '../trace.ts';
import type { Outcome } from '../types.ts';
import type { Spent } from './state.ts';

export interface Ended {
  readonly outcome: Outcome;
  /** The best version; null when there is none. */
  readonly best: { readonly text: string; readonly sha256: string } | null;
  readonly used: Spent;
  /** Called off by a deletion. */
  readonly silent: boolean;
  /** Its record; texts do not matter. */
  readonly entries: readonly TraceEntry[];
}

/** @param urlOf where a version's text can be fetched by its hash */
export function endingOf(ended: Ended, urlOf: (sha256: string) => string): WorkEnding {
  const { outcome, best, silent } = ended;
  if (silent) return { type: 'calledOff', spent_msats: outcome.spent.msats };
  const isUsers = outcome.reason === 'cancelled' || outcome.reason === 'finished';
  if (best === null && !isUsers) return { type: 'failed', failure: failureOf(outcome) };
  return { type: 'output', output: outputOf(ended, urlOf) };
}

/** Nothing was made, so nothing is charged. */
function failureOf({ reason }: Outcome) {
  const code = reason === 'budget' || reason === 'tokens' ? 'INSUFFICIENT_FUNDS' : 'AGENT_ERROR';
  return { code, message: `The team made no version: ${END_WORDS[reason]}` } as const;
}

function outputOf({ outcome, best, used, entries }: Ended, urlOf: (sha256: string) => string): JobOutput {
  const { prompt_tokens, completion_tokens } = used;
  return {
    content: best === null ? 'The run was ended before there was a version.' : shown(best, urlOf),
    finishReason: isCut(outcome) ? 'length' : 'stop',
    model: 'team',
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
    metered: {
      msats: outcome.spent.msats,
      breakdown: costsByRole(entries).map(({ role, usage }) => ({ item: role, cost_msats: usage.msats })),
    },
    trace: { sha256: outcome.traceHash, entries: entries.length },
    ...(best === null
      ? {}
      : { artifact: { sha256: best.sha256, bytes: utf8Bytes(best.text), url: urlOf(best.sha256) } }),
  };
}

/** Room for the line that says where the rest is, bytes. */
const POINTER_BYTES = 400;

/** A result has to fit an event; what is longer stands at its URL in full. */
function shown({ text, sha256 }: NonNullable<Ended['best']>, urlOf: (sha256: string) => string): string {
  if (utf8Bytes(text) <= AGENT_MAX_OUTPUT_BYTES) return text;
  const beginning = cutToBytes(text, AGENT_MAX_OUTPUT_BYTES - POINTER_BYTES);
  return `${beginning}\n\n[The rest of ${utf8Bytes(text)} bytes is at ${urlOf(sha256)}]`;
}

/** Whether a limit ended it. */
function isCut({ reason }: Outcome): boolean {
  return reason === 'budget' || reason === 'tokens' || reason === 'wallClock' || reason === 'abandoned';
}
