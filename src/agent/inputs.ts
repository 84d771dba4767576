/**
 * Turns referenced inputs (NIP-90 `i` of type `url`, `event`, `job`) into user messages. What they hold was written
 * by strangers, so each becomes a block of data that names its source (data-block.ts).
 */
import { nip19 } from 'nostr-tools';
import { JobError } from '../errors.ts';
import { AGENT_MAX_FETCHED_BYTES } from '../limits.ts';
import type { FetchedText } from '../net/safe-fetch.ts';
import type { NostrEvent } from '../nostr/event.ts';
import { isHex32 } from '../nostr/hex.ts';
import type { ChatMessage, JobBody, ReferencedInput } from '../protocol/model.ts';
import { utf8Bytes } from '../protocol/size.ts';
import { dataMessage } from './data-block.ts';
import { htmlText } from './html-text.ts';

/** Which event is meant: by id, or the newest of an address (NIP-01 `a`). */
export type EventPointer =
  | { readonly type: 'id'; readonly id: string }
  | { readonly type: 'address'; readonly kind: number; readonly pubkey: string; readonly identifier: string };

export interface InputPorts {
  /** Fetches through the guarded door. @throws JobError as safeFetch */
  fetchUrl(url: string): Promise<FetchedText>;
  /**
   * Looks an event up where we have it, then at the relays named (not yet checked for safety); null when nobody has it.
   *
   * @param relays hints of the request, most trusted first
   */
  fetchEvent(pointer: EventPointer, relays: readonly string[]): Promise<NostrEvent | null>;
}

/** The relays one pointer may send us to. */
const MAX_HINTS = 3;

/**
 * The body with its `url` and `event` inputs as user messages behind its own messages. `job` inputs are waited for
 * by the session and stay where they are.
 *
 * @throws JobError BAD_REQUEST for an input that names nothing, NOT_FOUND for an event nobody has, CONTENT_TOO_LARGE
 *   when all of them together are too long, and what `fetchUrl` throws
 */
export async function gatherInputs(body: JobBody, ports: InputPorts): Promise<JobBody> {
  const gathered = await Promise.all(body.inputs.map((input) => messageOf(input, ports)));
  const messages = gathered.filter((message) => message !== null);
  if (messages.length === 0) return body;
  let bytes = 0;
  for (const { content } of messages) if (typeof content === 'string') bytes += utf8Bytes(content);
  if (bytes > AGENT_MAX_FETCHED_BYTES) {
    throw new JobError(
      'CONTENT_TOO_LARGE',
      `the inputs are ${bytes} bytes long, more than ${AGENT_MAX_FETCHED_BYTES}`,
      {
        limit_bytes: AGENT_MAX_FETCHED_BYTES,
        actual_bytes: bytes,
      },
    );
  }
  return {
    ...body,
    messages: [...body.messages, ...messages],
    inputs: body.inputs.filter((input) => input.type === 'job'),
  };
}

/** The content of another job's result, as a message of the job that builds on it. */
export function resultMessage(result: NostrEvent): ChatMessage {
  return dataMessage(`the result ${result.id} of another job`, result.content);
}

async function messageOf(input: ReferencedInput, ports: InputPorts): Promise<ChatMessage | null> {
  switch (input.type) {
    case 'job':
      return null;
    case 'url': {
      const page = await ports.fetchUrl(input.value);
      return dataMessage(page.finalUrl, page.contentType.includes('html') ? htmlText(page.text) : page.text);
    }
    case 'event': {
      const { pointer, relays } = readPointer(input.value);
      const hints = [...new Set([...(input.relay === undefined ? [] : [input.relay]), ...relays])];
      const event = await ports.fetchEvent(pointer, hints.slice(0, MAX_HINTS));
      if (event === null)
        throw new JobError('NOT_FOUND', 'an event named as input was not found', { input: input.value });
      return dataMessage(
        `the Nostr event ${event.id} of kind ${event.kind} by ${event.pubkey}`,
        event.content,
      );
    }
  }
}

/** Reads an id in hex, an address, or a NIP-19 entity (also as a `nostr:` URI, NIP-21). @throws JobError BAD_REQUEST */
export function readPointer(value: string): { pointer: EventPointer; relays: readonly string[] } {
  const text = value.trim().replace(/^nostr:/, '');
  if (isHex32(text.toLowerCase())) return { pointer: { type: 'id', id: text.toLowerCase() }, relays: [] };
  const address = /^(\d{1,5}):([0-9a-f]{64}):(.*)$/s.exec(text);
  if (address?.[2] !== undefined) {
    const [, kind, pubkey, identifier = ''] = address;
    return { pointer: { type: 'address', kind: Number(kind), pubkey, identifier }, relays: [] };
  }
  return readEntity(text);
}

function readEntity(text: string): { pointer: EventPointer; relays: readonly string[] } {
  const entity = decodeEntity(text);
  switch (entity?.type) {
    case 'note':
      return { pointer: { type: 'id', id: entity.data }, relays: [] };
    case 'nevent':
      return { pointer: { type: 'id', id: entity.data.id }, relays: entity.data.relays ?? [] };
    case 'naddr': {
      const { kind, pubkey, identifier, relays } = entity.data;
      return { pointer: { type: 'address', kind, pubkey, identifier }, relays: relays ?? [] };
    }
    default:
      throw new JobError(
        'BAD_REQUEST',
        'an event input must be an event id, an address, or a note, nevent or naddr',
      );
  }
}

/** The entity, or null; the library throws plain errors for what it cannot read. An nsec is refused like any other text. */
function decodeEntity(text: string): ReturnType<typeof nip19.decode> | null {
  if (!/^(note|nevent|naddr)1[02-9ac-hj-np-z]{6,2000}$/.test(text)) return null;
  try {
    return nip19.decode(text);
  } catch (cause) {
    throw new JobError('BAD_REQUEST', 'an event input cannot be read', undefined, { cause });
  }
}
