/**
 * The part of a check that is not shown before the end. The contract holds only its hash, so that what is judged by is
 * settled before anybody answers, and can be looked over by everybody afterwards.
 */
import * as z from 'zod';
import type { Json } from '../errors.ts';
import { CHECK_MAX_ANSWER_CHARS, CHECK_MAX_PROGRAM_CHARS } from '../limits.ts';
import { sha256Hex } from '../nostr/event.ts';
import { canonicalJson } from '../values/canonical-json.ts';
import { readJson } from '../values/json-value.ts';
import type { Check, Hidden, OpenCheck } from './check.ts';
import { parseExamples, wrong } from './parse.ts';

/** What is published when the job has ended. `salt` keeps short contents from being guessed: 32 bytes as hex. */
export interface Revealed {
  readonly salt: string;
  readonly content: Json;
}

const SALT = /^[0-9a-f]{64}$/;
const NOTHING: Hidden = { tests: [], verifier: null, reference: null };

const contentSchema = z.strictObject({
  tests: z.json().default([]),
  verifier: z.string().min(1).max(CHECK_MAX_PROGRAM_CHARS).nullable().default(null),
  reference: z.string().max(CHECK_MAX_ANSWER_CHARS).nullable().default(null),
});

/** SHA-256 over the salt's 64 hex characters and the content as canonical JSON, as hex. */
export function commitmentOf({ salt, content }: Revealed): string {
  return sha256Hex(salt + canonicalJson(content));
}

/**
 * The check with its hidden part.
 *
 * @param revealed null where the check commits to nothing
 * @throws JobError BAD_REQUEST when the part is missing, is not the one committed to, or is no hidden part
 */
export function openCheck(check: Check, revealed: Revealed | null): OpenCheck {
  if (revealed === null) {
    if (check.commitment !== null) throw wrong(['commitment'], 'its hidden part is missing');
    return { check, hidden: NOTHING };
  }
  if (!SALT.test(revealed.salt)) throw wrong(['hidden', 'salt'], 'is not 32 bytes as hex');
  // Numbers that have no text of their own would be another content than what was hashed.
  const content = readJson(JSON.stringify(revealed.content));
  if (!content.ok) throw wrong(['hidden'], content.problem);
  if (check.commitment !== commitmentOf(revealed)) throw wrong(['hidden'], 'is not what was committed to');
  const parsed = contentSchema.safeParse(revealed.content);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw wrong(['hidden', ...(issue?.path ?? [])], issue?.message ?? 'is no hidden part');
  }
  const { tests, verifier, reference } = parsed.data;
  const path = ['hidden', 'tests'];
  if (check.mode === 'schema') return { check, hidden: { tests: [], verifier: null, reference } };
  return { check, hidden: { tests: parseExamples(check.language, tests, path), verifier, reference } };
}
