/** What a check's word on an answer makes of a job, as transitions of the machine. */
import { executorOf, type Proof } from '../checks/proof.ts';
import type { JobFailure } from '../errors.ts';
import type { VerifiedMark } from '../protocol/model.ts';
import { close, deliver } from './endings.ts';
import { order } from './orders.ts';
import { change, lastNews } from './progress.ts';
import type { Done, Job, JobEffect, JobInput, Transition } from './types.ts';

/** What is told of a verdict with an answer. */
export function markOf(proof: Proof): VerifiedMark {
  return { passed: proof.passed, executor: executorOf(proof), ms: proof.ms };
}

/** The work is done, and right as far as anybody asked. */
export function handIn(job: Job, done: Done, checkout: boolean, now_ms: number): Transition {
  if (!checkout) return deliver(job, done, null, now_ms);
  return {
    job: change(job, { phase: 'checkout', done, doneAt_ms: now_ms, leaseUntil_ms: null, held: null }),
    effects: lastNews(job),
  };
}

export function proved(job: Job, { proof, checkout }: JobInput<'proved'>, now_ms: number): Transition | null {
  if (job.done === null) return null;
  const { output: made, cost } = job.done;
  const done = { output: { ...made, verified: markOf(proof) }, cost };
  return handIn(change(job, { proof }), done, checkout, now_ms);
}

/** Another answer is asked for where the contract allows one, within the time limit of the whole job. */
export function disproved(job: Job, { proof, again }: JobInput<'disproved'>, now_ms: number): Transition {
  const { code, detail } = proof;
  const refused = [...job.refused, { code, detail }];
  const next = change(job, { proof, refused, done: null, doneAt_ms: null });
  if (!again) return unproved(next, proof, now_ms);
  const ordered = order(next, now_ms);
  const note = `answer ${refused.length} did not pass the check, another one is asked for`;
  const told: JobEffect = {
    type: 'report',
    key: `refused:${refused.length}`,
    report: { type: 'processing', note },
  };
  return { job: ordered.job, effects: [told, ...ordered.effects] };
}

/** No answer passed the check, and no other is asked for: the money goes back. */
function unproved(job: Job, proof: Proof, now_ms: number): Transition {
  const { code, detail, score } = proof;
  const failure: JobFailure = {
    code: 'VERIFICATION_FAILED',
    message: `The answer did not pass the check: ${detail}`,
    details: { verdict: code, score, answers: job.refused.length },
  };
  return close(job, 'failed', failure, now_ms, markOf(proof));
}
