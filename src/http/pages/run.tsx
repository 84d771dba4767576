/** The page of a team's run: a place for the island. Whether there is such a run, only who may see it is told. */
import { shortId } from './format.ts';

export function RunPage({ id }: { readonly id: string }) {
  return (
    <>
      <h1>
        Run <code class="id">{shortId(id)}</code>
      </h1>
      <p class="lead">
        What a team of agents did for a job: its versions and how they were compared, what it was told, who
        did what, and what it spent.
      </p>
      <p>
        Only the client of the job and the operator may read it, by a signature.{' '}
        <a href={`/jobs/${id}`}>The job</a>
      </p>
      <noscript>
        <p class="notice">
          This page signs its requests by a script. Without one: the record is under /jobs/{shortId(id)}
          /trace, by NIP-98.
        </p>
      </noscript>
      <div id="run" data-job={id}></div>
    </>
  );
}
