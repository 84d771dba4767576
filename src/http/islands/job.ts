/** The page of a job: everything in it comes from signed events, checked here. */
import type { JobFacts } from '../pages/job.tsx';
import { dataBlock } from './lib/facts.ts';

const root = document.querySelector('#job-live');
const facts: JobFacts | null = dataBlock('job-facts');
// Reading signed events takes a curve and schemas; the server's own words are there before them.
if (root !== null && facts !== null)
  import('./job/live.tsx').then(
    ({ showJob }) => showJob(root, facts),
    () => {
      root.textContent =
        'The connection is lost: reload the page when it is back. The job goes on without it.';
    },
  );
