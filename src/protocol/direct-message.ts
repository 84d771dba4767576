/** Direct messages of agents to their clients (NIP-17), and where a client has them (kind 10050). */
import { type KeyPair, type NostrEvent, type Tag, tagValues, type VerifiedEvent } from '../nostr/event.ts';
import { KIND } from '../nostr/kinds.ts';
import { wrap } from '../nostr/nip59.ts';
import { type RandomBytes, secureRandom } from '../nostr/random.ts';
import { parseRelayUrl } from '../nostr/relay-url.ts';
import { withBeginning, withinEventLimit } from './size.ts';

export interface MessageOptions {
  /** The conversation's title, as clients show it. */
  readonly subject?: string;
  /** Id of the message (kind 14) this one answers. */
  readonly replyTo?: string;
}

/** Stands at the end of a message that was cut. */
const CUT = '\n\n(The rest did not fit into this message.)';

/**
 * A message in its gift wrap, ready to be published. The message itself has the time given; seal and wrap are dated back
 * by up to two days, as NIP-59 wants it. Each call makes another event, so whoever promises it keeps it.
 *
 * @param keys of the agent that writes
 * @param recipient x-only public key, hex
 * @param text plain text or Markdown; its end gives way when relays would not take the wrap
 * @param now_s Unix s
 * @param random for nonces, one-time keys and signatures; fixed in tests
 */
export function directMessage(
  keys: KeyPair,
  recipient: string,
  text: string,
  { subject, replyTo }: MessageOptions,
  now_s: number,
  random: RandomBytes = secureRandom,
): VerifiedEvent {
  const tags: Tag[] = [['p', recipient]];
  if (replyTo !== undefined) tags.push(['e', replyTo]);
  if (subject !== undefined) tags.push(['subject', subject]);
  const message = (content: string) => ({ kind: KIND.directMessage, created_at: now_s, tags, content });
  const fitting = withinEventLimit('giftwrap', message(text), () =>
    withBeginning('giftwrap', text, (beginning) => message(beginning + CUT)),
  );
  return wrap(fitting, keys, recipient, false, random);
}

/** The relays of a list of kind 10050, in their normal spelling and order. */
export function messageRelaysIn(list: Pick<NostrEvent, 'tags'>): string[] {
  const urls = tagValues(list, 'relay').map(parseRelayUrl);
  return [...new Set(urls.filter((url) => url !== null))];
}
