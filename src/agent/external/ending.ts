/** What a hired agent's end means for the job it was hired for, and for its money. */
import type { WorkEnding } from '../../job/long-work.ts';
import type { JobOutput } from '../../protocol/model.ts';
import { clip } from '../../protocol/size.ts';

export interface HireEnd {
  /** Null where it came to nothing, or was given up. */
  readonly content: string | null;
  /** Why not, in its own words or ours; for the log and, cut, for the client. */
  readonly reason: string;
  /** What it was paid, or may have been, msats. */
  readonly paid_msats: number;
}

export interface EndedJob {
  readonly slug: string;
  /** What the job costs when it is delivered, msats; 0 for a free one. */
  readonly price_msats: number;
  /** Called off by its client. */
  readonly silent: boolean;
  readonly timedOut: boolean;
}

const MAX_REASON_CHARS = 200;

/**
 * Delivered, it costs its price, of which the hired agent's part is passed on. Not delivered, it costs what the hired agent
 * was paid and nothing else: else whoever is both the client and that agent would be paid by us.
 */
export function endingOf(job: EndedJob, { content, reason, paid_msats }: HireEnd): WorkEnding {
  const passedOn_msats = Math.min(paid_msats, job.price_msats);
  if (job.silent) return { type: 'calledOff', spent_msats: passedOn_msats, passedOn_msats };
  if (content !== null) return { type: 'output', output: outputOf(job, content, passedOn_msats) };
  const code = job.timedOut ? 'TIMEOUT' : 'AGENT_ERROR';
  const why = job.timedOut ? 'The hired agent did not deliver in time' : 'The hired agent did not deliver';
  const charged =
    passedOn_msats === 0 ? '' : `; it had been paid ${passedOn_msats / 1_000} sats, which are charged`;
  return {
    type: 'failed',
    failure: {
      code,
      message: `${why}${charged}`,
      details: { reason: clip(reason, MAX_REASON_CHARS), charged_msats: passedOn_msats },
    },
    passedOn_msats,
  };
}

function outputOf({ slug, price_msats }: EndedJob, content: string, passedOn_msats: number): JobOutput {
  const metered = {
    msats: price_msats,
    breakdown: [
      { item: 'hired agent', cost_msats: passedOn_msats },
      { item: 'listing', cost_msats: price_msats - passedOn_msats },
    ],
    passedOn_msats,
  };
  return {
    content,
    finishReason: 'stop',
    model: slug,
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    ...(price_msats === 0 ? {} : { metered }),
  };
}
