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
export function disproved(
  job: Job,
  { proof, next: whose }: JobInput<'disproved'>,
  now_ms: number,
): Transition {
  const { code, detail } = proof;
  const refused = [...job.refused, { code, detail }];
  const next = change(job, { proof, refused, done: null, doneAt_ms: null });
  if (whose !== 'answer') return unproved(next, proof, whose === 'agent', now_ms);
  const ordered = order(next, now_ms);
  const note = `answer ${refused.length} did not pass the check, another one is asked for`;
  const told: JobEffect = {
    type: 'report',
    key: `refused:${refused.length}`,
    report: { type: 'processing', note },
  };
  return { job: ordered.job, effects: [told, ...ordered.effects] };
}

/** No answer passed the check: the money goes back. Where another agent may try, the client hears nothing yet. */
function unproved(job: Job, proof: Proof, next: boolean, now_ms: number): Transition {
  const { code, detail, score } = proof;
  const failure: JobFailure = {
    code: 'VERIFICATION_FAILED',
    message: `The answer did not pass the check: ${detail}`,
    details: { verdict: code, score, answers: job.refused.length },
  };
  const closed = close(job, 'failed', failure, now_ms, markOf(proof));
  if (!next) return closed;
  const effects = closed.effects.filter((effect) => effect.type !== 'report' || effect.key !== 'result');
  return { job: closed.job, effects: [...effects, { type: 'passOn' }] };
}

/** What is told, and stored, once it is known who has a job now that was to be passed on. */
export function passedOn(job: Job, agent: string | null): Transition {
  const { failure, proof } = job;
  if (agent !== null) {
    const note = `no answer passed the check, ${agent} has the job now`;
    return { job, effects: [{ type: 'report', key: 'passed on', report: { type: 'processing', note } }] };
  }
  if (failure === null || proof === null) return { job, effects: [] };
  const report = { type: 'error', failure, verified: markOf(proof) } as const;
  return { job: change(job, {}), effects: [{ type: 'report', key: 'result', report }, { type: 'project' }] };
}
