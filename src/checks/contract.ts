/** From a job's contract to the check in it, opened, and how often it may be tried (PROTOCOL §6). */
import * as z from 'zod';
import { JobError, type Json } from '../errors.ts';
import { CHECK_MAX_AGENTS, CHECK_MAX_ANSWERS } from '../limits.ts';
import type { OpenCheck } from './check.ts';
import { openCheck, type Revealed } from './hidden.ts';
import { parseCheck, wrong } from './parse.ts';

/** A job whose answer has to pass a check. */
export interface VerifiedTerms {
  readonly open: OpenCheck;
  /** The check as the client wrote it, without its hidden part: what anybody may see. */
  readonly verify: Json;
  /** The hidden part, as it is revealed when the job has ended; null where nothing is hidden. */
  readonly revealed: Revealed | null;
  /** Answers one agent may give. */
  readonly answers: number;
  /** Agents that may try, one after the other; more than one only for requests that name none. */
  readonly agents: number;
}

/** The hidden part of a check, as it is brought and revealed. */
export const revealedSchema = z.strictObject({ salt: z.string(), content: z.json() });

/** Members of `verify` that are about the job, and none of the check. */
const terms = z.object({
  attempts: z.int().min(1).max(CHECK_MAX_ANSWERS).default(1),
  agents: z.int().min(1).max(CHECK_MAX_AGENTS).default(1),
  /** Encrypted to the marketplace's key, or plain, which is for requests that are encrypted themselves. */
  hidden: z.union([z.string(), revealedSchema]).nullable().default(null),
});

/**
 * The check a contract asks for; null for a contract without one.
 *
 * @param unseal decrypts what the client encrypted to the marketplace (NIP-44). @throws JobError when it cannot
 * @throws JobError BAD_REQUEST with the JSON path of what is wrong in `details`
 */
export function readVerifiedTerms(
  contract: Json,
  unseal: (ciphertext: string) => string,
): VerifiedTerms | null {
  if (typeof contract !== 'object' || contract === null || !('verify' in contract)) return null;
  const { verify } = contract;
  if (verify === undefined || verify === null) return null;
  const parsed = terms.safeParse(verify);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw wrong(issue?.path ?? [], issue?.message ?? 'is no check');
  }
  const { attempts: answers, agents, hidden } = parsed.data;
  const { hidden: _, ...shown } = Object(verify);
  const revealed = typeof hidden === 'string' ? unsealed(hidden, unseal) : hidden;
  return {
    open: reopened(shown, revealed),
    verify: z.json().parse(shown),
    revealed,
    answers,
    agents,
  };
}

/** A check as it is shown, opened by its hidden part: of a contract, or of a verdict that was published. @throws JobError BAD_REQUEST */
export function reopened(verify: Json, revealed: Revealed | null): OpenCheck {
  const { attempts: _, agents: __, ...check } = Object(verify);
  return openCheck(parseCheck(check), revealed);
}

function unsealed(ciphertext: string, unseal: (ciphertext: string) => string): Revealed {
  let text: string;
  try {
    text = unseal(ciphertext);
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    throw wrong(['hidden'], 'cannot be decrypted by NIP-44 with the marketplace’s key');
  }
  const parsed = revealedSchema.safeParse(jsonOf(text));
  if (!parsed.success) throw wrong(['hidden'], 'must hold {salt, content} as JSON');
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}
