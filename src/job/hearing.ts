/**
 * Which run a client's message is for: a direct message (NIP-17) to a team, or a comment (NIP-22) under a job of one.
 * Both resolve when somebody has stored the words, or when there is nobody to hear them; then nothing is answered. They
 * reject when the words have to come again, because what they are about may not be known yet.
 */
import { WORDS_EARLY_MS, WORDS_MAX_NAMED, WORDS_PATIENCE_MS } from '../limits.ts';
import { type NostrEvent, type Rumor, tagValue, tagValues } from '../nostr/event.ts';
import { isHex32 } from '../nostr/hex.ts';
import type { KeyedAgent } from '../protocol/agent.ts';
import { partiesOf } from '../protocol/route.ts';
import type { RunUnderWay } from '../store/runs.ts';
import type { Heard, Words } from './words.ts';

export interface HearingPorts {
  /** Unix ms. */
  readonly now_ms: number;
  agentByPubkey(pubkey: string): KeyedAgent | undefined;
  /** A stored event of the embedded relay. */
  find(id: string): Promise<NostrEvent | null>;
  /** The session that holds a job; null when no such job is known. */
  sessionOf(jobId: string): Promise<string | null>;
  /** Unfinished jobs of a client with an agent, newest first. */
  runs(slug: string, client: string): Promise<readonly RunUnderWay[]>;
  /** Whether where the words come from there is a request to a team of this id, which may still be on its way to us. */
  isExpected(id: string): Promise<boolean>;
  steer(session: string, jobId: string, author: string, words: Words): Promise<Heard>;
}

/** What a message says; null when it says nothing. @param now_ms Unix ms: nobody writes later than that */
export function wordsOf({ id, created_at, content }: Rumor, now_ms: number): Words | null {
  if (content.trim() === '') return null;
  // The newest order of a kind holds, so a time in the future would be the last word for ever.
  return { source: id, sentAt_ms: Math.min(created_at * 1_000, now_ms), text: content };
}

/**
 * A direct message: for the job it names, else for the client's newest run that is under way.
 *
 * @param message kind 14; that its author wrote it was checked
 * @param team the agent whose key opened it
 */
export async function hearMessage(message: Rumor, team: KeyedAgent, ports: HearingPorts): Promise<void> {
  const client = message.pubkey;
  const words = wordsOf(message, ports.now_ms);
  if (words === null) return;
  const heard = async (session: string, jobId: string) =>
    (await ports.steer(session, jobId, client, words)) === 'taken';
  let isNamed = false;
  for (const jobId of named(message, ['e'])) {
    const session = await ports.sessionOf(jobId);
    const parties = session === null ? null : partiesOf(session);
    if (session === null || parties?.client !== client || parties.agent !== team.pubkey) continue;
    if (await heard(session, jobId)) return;
    isNamed = true;
  }
  // What is said of one run is not said of another. (An `e` may also name a message that is replied to.)
  if (!isNamed) {
    for (const { id, session, openedAt_ms } of await ports.runs(team.slug, client)) {
      if (words.sentAt_ms < openedAt_ms - WORDS_EARLY_MS) continue;
      if (await heard(session, id)) return;
    }
  }
  comeAgainIfYoung(message, ports.now_ms);
}

/** A comment by the client under the request, or under what a team told of it. @param comment kind 1111, verified */
export async function hearComment(comment: NostrEvent, ports: HearingPorts): Promise<void> {
  const words = wordsOf(comment, ports.now_ms);
  if (words === null) return;
  const ids = named(comment, ['E', 'e']);
  for (const id of ids) {
    const job = await jobOf(id, ports);
    if (job === null) continue;
    const parties = partiesOf(job.session);
    const team = parties === null ? undefined : ports.agentByPubkey(parties.agent);
    // Anybody may comment; only the client steers.
    if (parties?.client !== comment.pubkey || team?.runtime !== 'team') return;
    if ((await ports.steer(job.session, job.id, comment.pubkey, words)) === 'taken') return;
    return comeAgainIfYoung(comment, ports.now_ms);
  }
  for (const id of ids)
    if (await ports.isExpected(id)) throw new Error('a comment came before the job it names is known');
}

/** The job an event is of: the request itself, or an answer of ours to it. */
async function jobOf(id: string, ports: HearingPorts): Promise<{ id: string; session: string } | null> {
  const event = await ports.find(id);
  const isOurs = event !== null && ports.agentByPubkey(event.pubkey) !== undefined;
  const jobId = isOurs ? (tagValue(event, 'e') ?? '') : id;
  const session = await ports.sessionOf(jobId);
  return session === null ? null : { id: jobId, session };
}

function named(event: Rumor, tags: readonly string[]): string[] {
  const ids = tags.flatMap((tag) => tagValues(event, tag)).filter(isHex32);
  return [...new Set(ids)].slice(0, WORDS_MAX_NAMED);
}

/**
 * By what the message says itself of its time, however far ahead: nobody checks that of a gift-wrapped one, and taken for
 * the present it would be young for ever, and hold its place among what is handed on.
 *
 * @throws Error while it is so young that who is to hear it may not be known yet
 */
function comeAgainIfYoung({ created_at }: Rumor, now_ms: number): void {
  if (Math.abs(now_ms - created_at * 1_000) < WORDS_PATIENCE_MS)
    throw new Error('a message came before the run it is for');
}
