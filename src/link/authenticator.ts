/** Our side of NIP-42 on one connection: answers challenges, and remembers who waits for the relay's word. */
import {
  LINK_MAX_AUTH_KEYS,
  LINK_MAX_CHALLENGE_CHARS,
  LINK_MAX_CHALLENGES,
  PUBLISH_OK_TIMEOUT_MS,
} from '../limits.ts';
import type { NostrEvent } from '../nostr/event.ts';
import type { After } from './ports.ts';

export interface AuthenticatorPorts {
  readonly after: After;
  readonly send: (message: readonly unknown[]) => void;
  /** Public keys to prove, those that matter most first. */
  readonly identities: () => readonly string[];
  readonly sign: (pubkey: string, challenge: string) => NostrEvent | undefined;
  /** Called each time the relay has accepted at least one key. */
  readonly accepted: () => void;
}

/** Ends a wait: `true` when it is worth asking the relay again. */
type Waiter = (proved: boolean) => void;

export class Authenticator {
  readonly #ports: AuthenticatorPorts;
  readonly #proved = new Set<string>();
  readonly #refused = new Set<string>();
  /** AUTH events without an answer, by id, with the key each proves. */
  readonly #unanswered = new Map<string, string>();
  #waiters: Waiter[] = [];
  #challenges = 0;
  #challenge: string | undefined;
  /** A key was accepted since `accepted` was last called. */
  #news = false;

  constructor(ports: AuthenticatorPorts) {
    this.#ports = ports;
  }

  /**
   * Answers a challenge, as every identity. Returns false for one that is not answered: too long, or one more
   * than an honest relay has reason to send.
   */
  challenge(text: string): boolean {
    if (text.length > LINK_MAX_CHALLENGE_CHARS || this.#challenges >= LINK_MAX_CHALLENGES) return false;
    this.#challenges++;
    this.#challenge = text;
    // A new challenge ends the old one's validity (NIP-42), so answers to the old one are not waited for.
    this.#unanswered.clear();
    this.#proved.clear();
    this.#refused.clear();
    this.#prove(text);
    return true;
  }

  /** Takes an OK if it answers one of our AUTH events. */
  answered(id: string, accepted: boolean): boolean {
    const pubkey = this.#unanswered.get(id);
    if (pubkey === undefined) return false;
    this.#unanswered.delete(id);
    if (accepted) this.#news = true;
    (accepted ? this.#proved : this.#refused).add(pubkey);
    if (this.#unanswered.size === 0) this.#settle(this.#proved.size > 0);
    return true;
  }

  /**
   * Calls back when it is worth repeating what was refused with `auth-required:`, or with `false` when no
   * challenge came or no key was accepted in time.
   */
  whenProved(waiter: Waiter): void {
    if (this.#challenge !== undefined) this.#prove(this.#challenge);
    if (this.#challenge !== undefined && this.#unanswered.size === 0) {
      // Everything was proved between the refused message and its refusal.
      waiter(this.#proved.size > 0);
      return;
    }
    this.#waiters.push(waiter);
    this.#ports.after(PUBLISH_OK_TIMEOUT_MS, () => {
      if (this.#waiters.includes(waiter)) this.#settle(this.#proved.size > 0);
    });
  }

  #prove(challenge: string): void {
    const open = new Set(this.#unanswered.values());
    for (const pubkey of this.#ports.identities().slice(0, LINK_MAX_AUTH_KEYS)) {
      if (this.#proved.has(pubkey) || this.#refused.has(pubkey) || open.has(pubkey)) continue;
      const event = this.#ports.sign(pubkey, challenge);
      if (event === undefined) continue;
      this.#unanswered.set(event.id, pubkey);
      this.#ports.send(['AUTH', event]);
    }
  }

  #settle(proved: boolean): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter(proved);
    if (!this.#news) return;
    this.#news = false;
    this.#ports.accepted();
  }
}
