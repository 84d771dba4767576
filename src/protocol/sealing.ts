/**
 * Opening what clients sealed, and sealing what answers it in the same way (PROTOCOL §5).
 * What stays readable of an encrypted answer is written down in docs/protocol-notes.md.
 */
import { JobError } from '../errors.ts';
import {
  type EventTemplate,
  type KeyPair,
  type NostrEvent,
  type Rumor,
  signAs,
  type Tag,
  tagValues,
  type VerifiedEvent,
} from '../nostr/event.ts';
import { type AgentKinds, isEphemeral, isJobRequestKind, JOB_RESULT_OFFSET } from '../nostr/kinds.ts';
import { decryptNip04, encryptNip04 } from '../nostr/nip04.ts';
import { DecryptionError, decryptNip44, encryptNip44 } from '../nostr/nip44.ts';
import { isGiftWrap, openWrap, wrap } from '../nostr/nip59.ts';
import { type RandomBytes, secureRandom } from '../nostr/random.ts';
import type { Opener } from './dialect.ts';
import { dialectOf } from './dialects.ts';
import { readRelays, visibleSealing } from './envelope.ts';
import type { Envelope, Request } from './model.ts';
import { parsePrivateTags } from './private-tags.ts';

/** What decrypts the texts that one client encrypted to one agent. @throws JobError BAD_REQUEST */
export function openerFor(agentKeys: KeyPair, client: string): Opener {
  return (cipher, ciphertext) => {
    try {
      const decrypt = cipher === 'nip04' ? decryptNip04 : decryptNip44;
      return decrypt(ciphertext, agentKeys, client);
    } catch (cause) {
      if (!(cause instanceof DecryptionError)) throw cause;
      const name = cipher === 'nip04' ? 'NIP-04' : 'NIP-44';
      throw new JobError(
        'BAD_REQUEST',
        `the content cannot be decrypted by ${name} with this agent's key`,
        { path: 'content' },
        { cause },
      );
    }
  };
}

/**
 * The rumor inside a gift wrap to one of our agents, or null when it holds nothing for that agent: a wrap that
 * cannot be read, a forged one, or one that names only somebody else inside. Nobody can be told why, because an
 * unreadable wrap has no known author.
 */
export function unwrap(event: NostrEvent, agentKeys: KeyPair): Rumor | null {
  const rumor = openWrap(event, agentKeys);
  if (typeof rumor === 'string') return null;
  const named = tagValues(rumor, 'p');
  return named.length === 0 || named.includes(agentKeys.publicKey) ? rumor : null;
}

/**
 * Reads an event as a request to this agent, taking it out of its gift wrap if it came in one.
 *
 * @param event verified by whoever took it in
 * @returns the request, or null when it is none or not for this agent
 */
export function openRequest(event: NostrEvent, agentKeys: KeyPair, kinds: AgentKinds): Request | null {
  const wrapped = isGiftWrap(event);
  const inner = wrapped ? unwrap(event, agentKeys) : event;
  if (inner === null) return null;
  const dialect = dialectOf(inner.kind, kinds);
  if (dialect === null) return null;
  const envelope = dialect.envelope(inner, wrapped ? 'giftwrap' : undefined);
  return { envelope: { ...envelope, relays: wantedRelays(inner, envelope, agentKeys) }, event: inner };
}

/** Where answers are wanted. Some clients (NDK) hide the `relays` tag of an encrypted request with the others. */
function wantedRelays(event: Rumor, envelope: Envelope, agentKeys: KeyPair): readonly string[] {
  const cipher = visibleSealing(event);
  if (envelope.relays.length > 0 || cipher === 'none') return envelope.relays;
  try {
    const text = openerFor(agentKeys, envelope.client)(cipher, event.content);
    return readRelays(parsePrivateTags(text));
  } catch (error) {
    // The body cannot be read either, and the client is told so where its body is looked at.
    if (error instanceof JobError) return [];
    throw error;
  }
}

/**
 * Signs an answer, sealed as its request was.
 *
 * @param template what a dialect rendered for this request
 * @param agentKeys the agent that was asked
 * @param random for nonces, one-time keys and signatures; fixed in tests
 */
export function seal(
  template: EventTemplate,
  request: Request,
  agentKeys: KeyPair,
  random: RandomBytes = secureRandom,
): VerifiedEvent {
  const { sealing, client } = request.envelope;
  switch (sealing) {
    case 'none':
      return signAs(template, agentKeys, random(32));
    case 'giftwrap':
      return wrap(template, agentKeys, client, isEphemeral(template.kind), random);
    case 'nip44':
    case 'nip04': {
      const encrypt = sealing === 'nip04' ? encryptNip04 : encryptNip44;
      const hidden = hide(template, (text) => encrypt(text, agentKeys, client, random));
      return signAs(hidden, agentKeys, random(32));
    }
  }
}

/**
 * Tags that anyone may read: whom and what an answer concerns, and how far the job is. On a result of NIP-90, whose
 * encrypted content is the output and nothing else, `cost` is one of them.
 */
const OPEN_TAGS: ReadonlySet<string> = new Set([
  'e',
  'p',
  't',
  'status',
  'progress',
  'amount',
  'request',
  'seq',
  'attempt',
  'nip_version',
]);

/**
 * Moves what an answer says into its content. Results of NIP-90 and deltas: the plaintext is the content itself, as
 * NIP-90 wants it. Everything else is told by tags, so the plaintext is the JSON list of those that are hidden, as in
 * an encrypted request; a content becomes a tag of that name.
 */
function hide(template: EventTemplate, encrypt: (text: string) => string): EventTemplate {
  const open: Tag[] = [];
  const hidden: Tag[] = [];
  for (const tag of template.tags) {
    const told = OPEN_TAGS.has(tag[0] ?? '') || (tag[0] === 'cost' && toldByContent(template));
    if (!told) hidden.push(tag);
    else if (tag[0] === 'status') {
      // The state is for everyone; its text may quote the request.
      open.push(tag.slice(0, 2));
      hidden.push(tag);
    } else open.push(tag);
  }
  const plaintext = toldByContent(template)
    ? template.content
    : JSON.stringify(withContent(hidden, template));
  return {
    kind: template.kind,
    created_at: template.created_at,
    tags: [...open, ['encrypted']],
    // NIP-44 knows no empty plaintext; an empty content says nothing either.
    content: plaintext === '' ? '' : encrypt(plaintext),
  };
}

function toldByContent({ kind }: EventTemplate): boolean {
  return isEphemeral(kind) || isJobRequestKind(kind - JOB_RESULT_OFFSET);
}

/** A result of the agent NIP holds its text already; all else says by its content what no tag says. */
function withContent(hidden: readonly Tag[], { content }: EventTemplate): readonly Tag[] {
  const holds = content === '' || hidden.some(([name]) => name === 'result');
  return holds ? hidden : [...hidden, ['content', content]];
}
