/** @jsxImportSource preact */
/** A request that was signed here and that no relay has taken: it is sent again as it is, or forgotten. */
import { useState } from 'preact/hooks';
import { agoText, shortId } from '../../pages/format.ts';
import { dropJob, type KeptJob, keptJobs } from '../lib/jobs-kept.ts';

export function Unsent() {
  const [jobs, setJobs] = useState(() => keptJobs().filter(({ taken }) => !taken));
  const [said, say] = useState<string | null>(null);
  if (jobs.length === 0) return null;
  const forget = ({ event }: KeptJob) => {
    dropJob(event.id);
    setJobs(jobs.filter((one) => one.event.id !== event.id));
  };
  const again = async (job: KeptJob) => {
    say('Sending …');
    const { sendAgain } = await import('./send.ts');
    const outcome = await sendAgain(job);
    if (outcome.type === 'posted') location.assign(`/jobs/${outcome.id}`);
    else say(outcome.type === 'failed' ? outcome.reason : 'It was refused.');
  };
  return (
    <section class="notice warn" aria-label="Not sent yet">
      {jobs.map((job) => (
        <div key={job.event.id}>
          <p>
            A request to {job.agent} was signed {agoText(Date.now() - job.at_ms)} (
            <code>{shortId(job.event.id)}</code>), and no relay has taken it yet.
          </p>
          <div class="row">
            <button type="button" onClick={() => again(job)}>
              Send it again
            </button>
            <button type="button" onClick={() => forget(job)}>
              Forget it
            </button>
          </div>
        </div>
      ))}
      {said === null ? null : <p role="status">{said}</p>}
    </section>
  );
}
