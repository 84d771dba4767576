/**
 * Keeps an owner's secret out of what an endpoint answers: it knows the secret, and may be made to repeat it, by a bug or by
 * a client who asks a model for it.
 */
import { JobError } from '../../errors.ts';
import { holdsSecret } from '../loop/secrets.ts';

/** A secret shorter than this would be found in honest text, characters. */
const LEAST_CHARS = 8;

export class LeakGuard {
  readonly #secrets: readonly string[];
  /** The end of what came, which may be the beginning of a secret. */
  #held = '';

  /** @param secret the owner's; null where there is none */
  constructor(secret: string | null) {
    const forms = secret === null ? [] : [secret, secret.replace(/^whsec_/, '')];
    this.#secrets = [...new Set(forms)].filter((form) => form.length >= LEAST_CHARS);
  }

  /** A whole text, unchanged. @throws JobError MODEL_ERROR where it holds the secret */
  whole(text: string): string {
    if (this.#secrets.some((secret) => text.includes(secret))) throw leaked();
    return text;
  }

  /** Words for the client out of an error of the endpoint; null where they had better not be told. */
  words(text: string): string | null {
    const clean = !this.#secrets.some((secret) => text.includes(secret)) && !holdsSecret(text);
    return clean ? text : null;
  }

  /** The part of a stream that may go on: a secret that is cut in two is found as well. @throws JobError MODEL_ERROR */
  push(text: string): string {
    const all = this.whole(this.#held + text);
    const keep = Math.max(0, ...this.#secrets.map((secret) => overlap(all, secret)));
    this.#held = all.slice(all.length - keep);
    return all.slice(0, all.length - keep);
  }

  /** What was held back, at the end of the stream. */
  rest(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }
}

/** How many characters at the end of a text could begin the secret. */
function overlap(text: string, secret: string): number {
  for (let length = Math.min(secret.length - 1, text.length); length > 0; length--)
    if (secret.startsWith(text.slice(text.length - length))) return length;
  return 0;
}

function leaked(): JobError {
  return new JobError(
    'MODEL_ERROR',
    'the agent’s endpoint answered with a secret of its owner, which is not handed on',
  );
}
