/** Reading an answer that was sealed as its request was (PROTOCOL §5): the client's side of sealing.ts. */
import * as z from 'zod';
import type { AnswerEvent } from './answers.ts';
import { parseJson } from './json.ts';

const tagList = z.array(z.array(z.string()));

/**
 * An encrypted answer with what its content said. That is the list of its private tags, or of a NIP-90 result and a delta
 * the text itself, which may be a list of tags as well: of events, people or addresses that were found.
 *
 * @param plaintext its decrypted content
 */
export function openedAnswer({ kind, tags }: AnswerEvent, plaintext: string): AnswerEvent {
  const hidden = tagList.safeParse(parseJson(plaintext));
  if (!hidden.success || hidden.data.every(([name]) => name === 'e' || name === 'p' || name === 'a')) {
    return { kind, tags, content: plaintext };
  }
  const said = (name: string) => hidden.data.find(([key]) => key === name)?.[1];
  // Where a tag stands in both places, the private one is meant.
  return {
    kind,
    tags: [...hidden.data, ...tags],
    // A result of the agent NIP says its text in its JSON.
    content: said('content') ?? '',
  };
}
