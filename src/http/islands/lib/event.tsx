/** @jsxImportSource preact */
/** One signed event, with all of it for who wants to see. Its signature was checked in this browser before it came here. */
import type { VerifiedEvent } from '../../../nostr/event.ts';
import { Copy } from './parts.tsx';

export function ShowEvent({ event }: { readonly event: VerifiedEvent }) {
  const { id, pubkey, created_at, kind, tags, content, sig } = event;
  const text = JSON.stringify({ id, pubkey, created_at, kind, tags, content, sig }, null, 2);
  return (
    <details class="event">
      <summary>Show the event</summary>
      <p class="row small">
        <span class="badge good">signature checked here</span> <Copy text={text} label="Copy the event" />
      </p>
      <pre class="wrap">{text}</pre>
    </details>
  );
}
