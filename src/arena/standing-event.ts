/** The standings as an event: addressable, so that there is one, signed by the marketplace. */
import type { EventTemplate, Tag } from '../nostr/event.ts';
import { sha256Hex } from '../nostr/event.ts';
import type { StandingRow } from './report.ts';

export interface StandingFacts {
  readonly kind: number;
  readonly publicUrl: string;
  readonly rows: readonly StandingRow[];
  /** Public key of an agent of this marketplace; undefined for a baseline. */
  readonly pubkeyOf: (agent: string) => string | undefined;
}

export interface StandingEvent {
  readonly template: EventTemplate;
  /** SHA-256 over everything but `created_at`, hex. */
  readonly fingerprint: string;
}

/** @param now_s Unix seconds */
export function standingEvent(
  { kind, publicUrl, rows, pubkeyOf }: StandingFacts,
  now_s: number,
): StandingEvent {
  const rated = [...new Set(rows.map(({ agent }) => agent))].sort();
  const tags: Tag[] = [
    ['d', 'arena'],
    ['url', `${publicUrl}/arena`],
    ...rated.flatMap((agent): Tag[] => {
      const pubkey = pubkeyOf(agent);
      return pubkey === undefined ? [] : [['p', pubkey]];
    }),
  ];
  const content = JSON.stringify({
    v: 1,
    standings: rows.map(({ agent, mode, role, rating, deviation, results, passed, qualified }) => ({
      agent,
      pubkey: pubkeyOf(agent) ?? null,
      ...{ mode, role, rating, deviation, results, passed },
      qualified: qualified?.passed ?? null,
    })),
  });
  return {
    template: { kind, created_at: now_s, tags, content },
    fingerprint: sha256Hex(JSON.stringify([kind, tags, content])),
  };
}
