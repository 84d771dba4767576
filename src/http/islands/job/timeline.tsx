/** @jsxImportSource preact */
/** The signed events of a job, in order. Deltas of a stream are counted, not listed. */
import type { Heard, JobView } from '../../../client/job-view.ts';
import { tagValue, type VerifiedEvent } from '../../../nostr/event.ts';
import { KIND } from '../../../nostr/kinds.ts';
import { isoText, shortId } from '../../pages/format.ts';
import { ShowEvent } from '../lib/event.tsx';
import { pageFacts } from '../lib/facts.ts';

export function Timeline({
  view,
  request,
}: {
  readonly view: JobView;
  readonly request: VerifiedEvent | null;
}) {
  const { kinds } = pageFacts();
  const listed = view.events.filter(({ event }) => event.kind !== kinds.delta);
  const deltas = view.events.length - listed.length;
  return (
    <section aria-labelledby="timeline">
      <h2 id="timeline">Signed events</h2>
      <p class="soft small">
        Everything above was read from these. Each signature was checked in your browser; what does not belong
        here was left out.
      </p>
      <ol class="timeline">
        {request === null ? null : <Entry event={request} text="The request" by="client" />}
        {listed.map((heard) => (
          <Entry
            key={heard.event.id}
            event={heard.event}
            text={textOf(heard)}
            by={byOf(heard.event, view, request)}
          />
        ))}
      </ol>
      {deltas === 0 ? null : <p class="soft small">And {deltas} pieces of the streamed text.</p>}
    </section>
  );
}

function Entry({
  event,
  text,
  by,
}: {
  readonly event: VerifiedEvent;
  readonly text: string;
  readonly by: string;
}) {
  const at_ms = event.created_at * 1_000;
  return (
    <li>
      <p class="row">
        <time dateTime={isoText(at_ms)} class="soft small figure">
          {new Date(at_ms).toLocaleTimeString()}
        </time>
        <span>{text}</span>
        <span class="soft small">
          by {by}, kind {event.kind}, <code>{shortId(event.id)}</code>
        </span>
      </p>
      <ShowEvent event={event} />
    </li>
  );
}

function byOf(event: VerifiedEvent, view: JobView, request: VerifiedEvent | null): string {
  const { agents, marketplace } = pageFacts();
  if (event.pubkey === request?.pubkey) return 'the client';
  if (event.pubkey === marketplace) return 'the marketplace';
  return (
    agents.find(({ pubkey }) => pubkey === event.pubkey)?.name ??
    (event.pubkey === view.agent ? 'the agent' : 'somebody')
  );
}

/** What an event is, in a few words. */
function textOf({ event, said }: Heard): string {
  const { kinds } = pageFacts();
  if (event.kind === KIND.deletion) return 'Called off or erased';
  if (event.kind === kinds.verdict) return 'The verdict on its check';
  if (said === null) return 'Encrypted, for somebody else';
  const tag = (name: string) => tagValue(said, name);
  if (event.kind === KIND.jobFeedback) {
    const status = said.tags.find(([name]) => name === 'status');
    const note = status?.[2] ?? '';
    return note === '' ? (status?.[1] ?? 'Feedback') : note;
  }
  if (tag('error') !== undefined)
    return tag('error')?.includes('PAYMENT_REQUIRED') ? 'Payment asked for' : 'The error';
  return 'The result';
}
