/**
 * Waits where models are only busy and it is known for how long. A worker that waits costs nothing, and a job that is
 * given up for a limit of ours that lasts a minute would cost its client the job.
 */
import { JobError } from '../../errors.ts';
import { MODEL_PATIENCE_MS } from '../../limits.ts';
import { stopped } from '../chat/failures.ts';
import type { LoopClock } from '../loop/clock.ts';
import type { AskClient } from './router.ts';

export interface Patience extends LoopClock {
  /** Uniform in [0, 1). */
  random(): number;
}

/** Those who wait for one minute to be over do not all come back in the same moment, ms. */
const SPREAD_MS = 1_000;

/** The client, asked again while its refusals name a time that is over within MODEL_PATIENCE_MS. */
export function patientClient<Request, Chunk>(
  client: AskClient<Request, Chunk>,
  patience: Patience,
): AskClient<Request, Chunk> {
  return { ask: (request, signal) => ask(client, patience, request, signal) };
}

async function* ask<Request, Chunk>(
  client: AskClient<Request, Chunk>,
  { now, sleep, random }: Patience,
  request: Request,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  const until_ms = now() + MODEL_PATIENCE_MS;
  for (;;) {
    let said = false;
    try {
      for await (const chunk of client.ask(request, signal)) {
        said = true;
        yield chunk;
      }
      return;
    } catch (error) {
      const wait_ms = said ? null : waitOf(error);
      if (wait_ms === null || now() + wait_ms > until_ms) throw error;
      await sleep(wait_ms + random() * SPREAD_MS, signal);
      if (signal.aborted) throw stopped(signal);
    }
  }
}

/** How long a refusal says to wait, ms; null where it is none, or says nothing. */
function waitOf(error: unknown): number | null {
  if (!(error instanceof JobError) || error.code !== 'RATE_LIMIT_EXCEEDED') return null;
  const seconds = error.details?.retry_after_s;
  return typeof seconds === 'number' ? seconds * 1_000 : null;
}
