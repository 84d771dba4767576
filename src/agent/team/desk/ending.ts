/** How a run's end is handed in: its best version with what proves it, and what it cost by role. */
import type { WorkEnding } from '../../../job/long-work.ts';
import type { JobOutput } from '../../../protocol/model.ts';
import { utf8Bytes } from '../../../protocol/size.ts';
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
  const hired_msats = Math.min(ended.used.hired_msats, outcome.spent.msats);
  if (silent) return { type: 'calledOff', spent_msats: outcome.spent.msats, passedOn_msats: hired_msats };
  const isUsers = outcome.reason === 'cancelled' || outcome.reason === 'finished';
  if (best !== null || isUsers) return { type: 'output', output: outputOf(ended, hired_msats, urlOf) };
  if (hired_msats === 0) return { type: 'failed', failure: failureOf(outcome) };
  return { type: 'output', output: withoutVersion(ended, hired_msats) };
}

/**
 * Nothing was made, and of our own work nothing is charged. What others were paid is: else whoever is both the client and
 * the agent it has hired would be paid by us.
 */
function withoutVersion({ outcome, used, entries }: Ended, hired_msats: number): JobOutput {
  const { message } = failureOf(outcome);
  return {
    content: `${message}. What other agents were paid for it is charged, and nothing else.`,
    finishReason: isCut(outcome) ? 'length' : 'stop',
    model: 'team',
    usage: usageOf(used),
    metered: {
      msats: hired_msats,
      breakdown: [{ item: 'hired agents', cost_msats: hired_msats }],
      passedOn_msats: hired_msats,
    },
    trace: { sha256: outcome.traceHash, entries: entries.length },
  };
}

/** Nothing was made, so nothing is charged. */
function failureOf({ reason }: Outcome) {
  const code = reason === 'budget' || reason === 'tokens' ? 'INSUFFICIENT_FUNDS' : 'AGENT_ERROR';
  return { code, message: `The team made no version: ${END_WORDS[reason]}` } as const;
}

function outputOf(
  { outcome, best, used, entries }: Ended,
  passedOn_msats: number,
  urlOf: (sha256: string) => string,
): JobOutput {
  return {
    // A text that no event holds is cut where it is rendered, and its URL named (protocol/completion.ts).
    content: best === null ? 'The run was ended before there was a version.' : best.text,
    finishReason: isCut(outcome) ? 'length' : 'stop',
    model: 'team',
    usage: usageOf(used),
    metered: {
      msats: outcome.spent.msats,
      breakdown: costsByRole(entries).map(({ role, usage }) => ({ item: role, cost_msats: usage.msats })),
      passedOn_msats,
    },
    trace: { sha256: outcome.traceHash, entries: entries.length },
    ...(best === null
      ? {}
      : { artifact: { sha256: best.sha256, bytes: utf8Bytes(best.text), url: urlOf(best.sha256) } }),
  };
}

function usageOf({ prompt_tokens, completion_tokens }: Spent): JobOutput['usage'] {
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

/** Whether a limit ended it. */
function isCut({ reason }: Outcome): boolean {
  return reason === 'budget' || reason === 'tokens' || reason === 'wallClock' || reason === 'abandoned';
}
