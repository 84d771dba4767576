/**
 * Who calls at the doors that speak of jobs by name (MCP, A2A), and the names themselves. A guest has nothing to prove
 * itself with, so the name of its job carries the secret of its purse: whoever has the name may follow, answer, pay and
 * call off the job. For everybody else the name is the job's id, which is no secret.
 */
import { JobError } from '../errors.ts';
import type { KeyPair } from '../nostr/event.ts';
import { isHex32 } from '../nostr/hex.ts';
import type { Purse } from './purse.ts';

/** How long the secret of a guest is, hex digits. */
export const GUEST_SECRET_CHARS = 32;
const SECRET = new RegExp(`^[0-9a-f]{${GUEST_SECRET_CHARS}}$`);
/** Ids of guests' purses begin with it, so that no secret a guest sends can name the purse of somebody else. */
const GUEST_PREFIX = 'guest:';
/** The same for those who come over Nostr and have proved their key. */
const NOSTR_PREFIX = 'nostr:';

/** A job as one of the callers names it. */
export interface NamedJob {
  readonly purse: Purse;
  readonly jobId: string;
}

export class Callers {
  readonly #keys: (purseId: string) => KeyPair;
  readonly #newSecret: () => string;

  /**
   * @param keys of the purse with an id
   * @param newSecret {@link GUEST_SECRET_CHARS} random hex digits
   */
  constructor(keys: (purseId: string) => KeyPair, newSecret: () => string) {
    this.#keys = keys;
    this.#newSecret = newSecret;
  }

  newSecret(): string {
    return this.#newSecret();
  }

  /** A guest, by its secret or new. */
  guest(secret: string = this.#newSecret()): Purse {
    const id = `${GUEST_PREFIX}${secret}`;
    return { kind: 'guest', id, keys: this.#keys(id), agents: null };
  }

  /** The purse of a Nostr key that has signed what it asks. @param pubkey hex */
  nostr(pubkey: string): Purse {
    const id = `${NOSTR_PREFIX}${pubkey}`;
    return { kind: 'nostr', id, keys: this.#keys(id), agents: null };
  }

  /** The name of a purse's job, or of its conversation. */
  nameOf({ kind, id }: Purse, name: string): string {
    return kind === 'guest' ? `${name}.${id.slice(GUEST_PREFIX.length)}` : name;
  }

  /**
   * The job with a name.
   *
   * @param caller whose job it is where the name says nothing else
   * @throws JobError NOT_FOUND
   */
  job(caller: Purse, name: string): NamedJob {
    const { purse, own } = this.#split(caller, name);
    if (!isHex32(own)) throw new JobError('NOT_FOUND', 'no job has this name');
    return { purse, jobId: own };
  }

  /** The conversation with a name, and whose it is. */
  conversation(caller: Purse, name: string): { readonly purse: Purse; readonly session: string } {
    const { purse, own } = this.#split(caller, name);
    return { purse, session: own };
  }

  #split(caller: Purse, name: string): { readonly purse: Purse; readonly own: string } {
    const at = name.lastIndexOf('.');
    const secret = name.slice(at + 1);
    return at > 0 && SECRET.test(secret)
      ? { purse: this.guest(secret), own: name.slice(0, at) }
      : { purse: caller, own: name };
  }
}

/** Whether a text is the secret of a guest. */
export function isGuestSecret(text: string): boolean {
  return SECRET.test(text);
}
