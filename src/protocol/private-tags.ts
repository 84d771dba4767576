/** The private tags of an encrypted request: a JSON list of tags inside its content (PROTOCOL §5, NIP-90). */
import { JobError } from '../errors.ts';
import type { Tag } from '../nostr/event.ts';
import { isList, parseRequestJson } from './json.ts';

/**
 * Reads a decrypted tag list.
 *
 * @throws JobError BAD_REQUEST when it is not a JSON list of non-empty lists of strings
 */
export function parsePrivateTags(text: string): Tag[] {
  const value = parseRequestJson(text, 'the encrypted content');
  if (!isList(value)) throw notTags();
  return value.map((tag) => {
    if (!isList(tag) || tag.length === 0) throw notTags();
    return tag.map((item) => {
      if (typeof item !== 'string') throw notTags();
      return item;
    });
  });
}

function notTags(): JobError {
  return new JobError('BAD_REQUEST', 'the encrypted content must be a JSON list of tags', {
    path: 'the encrypted content',
  });
}
