/** Erasing an ended job at its client's wish (PROTOCOL §5): what is kept here, and what was told elsewhere. */
import { EMBEDDED } from '../link/outbox.ts';
import { tagValues, type VerifiedEvent } from '../nostr/event.ts';
import type { Journal } from './journal.ts';
import type { LiveJobs } from './live-jobs.ts';
import type { SessionPorts } from './ports.ts';
import type { Till } from './till.ts';

/**
 * Forgets what is kept of an ended job and has the agent take its answers back everywhere they went.
 *
 * @throws Error when the embedded relay could not be told: whoever brought the client's wish brings it again
 */
export async function eraseJob(
  ports: Pick<SessionPorts, 'withdraw' | 'retraction' | 'publish' | 'longWork' | 'log'>,
  journal: Journal,
  lives: LiveJobs,
  jobId: string,
): Promise<void> {
  const live = lives.get(jobId);
  const { targets, wraps } = live?.record ?? journal.tracesOf(jobId);
  journal.forgetTurn(jobId);
  ports.longWork?.erase(jobId);
  if (live !== undefined) lives.erase(live);
  if (wraps.length > 0) await ports.withdraw(wraps);
  // Page by page: a team may have told of its work a thousand times. A page that was told of before is the last.
  const told = new Set<string>();
  for (;;) {
    const retraction = await ports.retraction(jobId);
    const ids = retraction === null ? [] : tagValues(retraction, 'e');
    if (retraction === null || ids.every((id) => told.has(id))) return;
    for (const id of ids) told.add(id);
    await takeBack(ports, jobId, targets, retraction);
  }
}

async function takeBack(
  ports: Pick<SessionPorts, 'publish' | 'log'>,
  jobId: string,
  targets: readonly string[],
  retraction: VerifiedEvent,
): Promise<void> {
  for (const target of targets) {
    try {
      await ports.publish(target, [retraction]);
    } catch (error) {
      if (target === EMBEDDED) throw error;
      ports.log(`taking answers back from ${target} failed`, jobId, error);
    }
  }
}

/** A request is called off that has not come yet, or whose delivery died with the process; then money may be set aside for it. */
export async function refuseEarly(
  { clock }: Pick<SessionPorts, 'clock'>,
  till: Pick<Till, 'abandon'> | null,
  journal: Pick<Journal, 'refuseEarly'>,
  jobId: string,
): Promise<void> {
  await till?.abandon(jobId);
  journal.refuseEarly(jobId, clock());
}
