/** A dialect: one wire format that carries jobs. Implementations are registered in dialects.ts. */
import type { EventTemplate, Rumor } from '../nostr/event.ts';
import type { DialectName, Envelope, JobBody, Report, Request, Sealing } from './model.ts';

/** Version of the agent NIP's draft that is spoken here. */
export const NIP_VERSION = '20250520';

/**
 * Decrypts what a client encrypted to the agent. Made by `openerFor` (sealing.ts); it holds the keys, so that a
 * dialect never does.
 *
 * @throws JobError BAD_REQUEST when the text cannot be decrypted
 */
export type Opener = (cipher: 'nip44' | 'nip04', ciphertext: string) => string;

export interface Dialect {
  readonly name: DialectName;
  /** Whether requests of this kind are written in this dialect. */
  takes(kind: number): boolean;
  /**
   * Reads what is needed to route the request and to refuse it. Never throws, whatever the tags hold.
   *
   * @param sealing how the event reached us when that is not visible on the event itself (a gift wrap)
   */
  envelope(event: Rumor, sealing?: Sealing): Envelope;
  /**
   * Reads what is asked for.
   *
   * @throws JobError BAD_REQUEST, the only error of this step; an agent's own limits are checked by `checkBody`
   */
  body(event: Rumor, envelope: Envelope, open: Opener): JobBody;
  /** The events that tell the client, unsigned and unsealed. Usually one. */
  render(report: Report, request: Request, now_s: number): EventTemplate[];
}
