/** The result of another job, as an input of this one (NIP-90 job chaining). */
import { resultMessage } from '../src/agent/inputs.ts';
import type { ChainedResult } from '../src/job/ports.ts';
import { JOB_MAX_PROVIDERS } from '../src/limits.ts';
import { tagValues } from '../src/nostr/event.ts';
import { isHex32 } from '../src/nostr/hex.ts';
import { isJobRequestKind, JOB_RESULT_OFFSET, KIND } from '../src/nostr/kinds.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';

/**
 * Looks at the embedded relay for a job's result. It counts only from one of our agents or from a provider the
 * job's own request names: anybody else could put words into the next agent's mouth.
 */
export async function chainedResult(env: Env, jobId: string): Promise<ChainedResult> {
  if (!isHex32(jobId)) {
    return {
      type: 'failed',
      failure: { code: 'BAD_REQUEST', message: 'A job input must be the id of a job request' },
    };
  }
  const { known, config } = marketplaceOf(env);
  const relay = env.RELAY.getByName('main');
  const [request] = await relay.query([{ ids: [jobId] }], 1);
  if (request === undefined) return { type: 'pending' };
  const providers = tagValues(request, 'p').filter(isHex32).slice(0, JOB_MAX_PROVIDERS);
  const resultKind = isJobRequestKind(request.kind) ? request.kind + JOB_RESULT_OFFSET : config.kinds.task;
  // Asked for by author: what strangers write about the job would otherwise crowd out its result.
  const authors = [...new Set([...known.map(({ pubkey }) => pubkey), ...providers])];
  const answers = await relay.query([{ '#e': [jobId], kinds: [resultKind, KIND.jobFeedback], authors }], 50);
  for (const answer of answers) {
    const failed = answer.tags.some(
      (tag) => tag[0] === 'error' || (tag[0] === 'status' && tag[1] === 'error'),
    );
    if (failed) {
      const message = 'The job whose result is an input of this one failed';
      return { type: 'failed', failure: { code: 'BAD_REQUEST', message, details: { job: jobId } } };
    }
    if (answer.kind === resultKind) return { type: 'result', message: resultMessage(answer) };
  }
  return { type: 'pending' };
}
