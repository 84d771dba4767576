/** What a client says to a job it has posted: words to a team, calling it off, erasing it (docs/teams.md). */
import { type EventTemplate, type NostrEvent, tagValue } from '../nostr/event.ts';
import { type AgentKinds, DEFAULT_AGENT_KINDS, KIND } from '../nostr/kinds.ts';
import { ClientError } from './failure.ts';
import { type Draft, draftRequest } from './request.ts';

/** Calls a job off, or erases it when it has ended (NIP-09). Only its own client is heard. */
export function cancellation(request: NostrEvent, reason: string, now_s: number): EventTemplate {
  return {
    kind: KIND.deletion,
    created_at: now_s,
    tags: [
      ['e', request.id],
      ['k', String(request.kind)],
    ],
    content: reason,
  };
}

/**
 * Words to the team that works on a job: a request in its conversation where it has one, sealed as it was, else a
 * comment under it (NIP-22), which everybody can read.
 *
 * @param agent who works on it: for a request that named nobody, who took it
 * @throws ClientError USAGE when the job is sealed and no conversation: a comment would show the words
 */
export function wordsTo(
  request: NostrEvent,
  agent: string,
  text: string,
  relays: readonly string[],
  now_s: number,
  kinds: AgentKinds = DEFAULT_AGENT_KINDS,
): Draft {
  const encrypted = request.tags.some(([name]) => name === 'encrypted');
  const session = tagValue(request, 't');
  if (session !== undefined)
    return draftRequest({ kind: kinds.task, agent, text, session, relays, encrypted }, now_s, kinds);
  if (encrypted)
    throw new ClientError('USAGE', 'this job is encrypted and in no session, so words to it would be public');
  const kind = String(request.kind);
  const tags = [
    ['E', request.id, relays[0] ?? '', request.pubkey],
    ['K', kind],
    ['P', request.pubkey],
    ['e', request.id, relays[0] ?? '', request.pubkey],
    ['k', kind],
    ['p', agent],
  ];
  return { template: { kind: KIND.comment, created_at: now_s, tags, content: text }, sealed: null };
}
