/** How an event stands to what is stored: new, known already, older than what there is, or taken back by its author. */
import { type NostrEvent, tagValues } from '../nostr/event.ts';
import { isReplaceable, KIND } from '../nostr/kinds.ts';
import { first, type Sql } from '../store/sql.ts';
import { addressOf } from './event-tags.ts';

/** Anything but `new` is not stored. */
export type Standing = 'new' | 'known' | 'superseded' | 'deleted';

type VersionRow = { seq: number; id: string; created_at: number };

const STANDING = `SELECT
  EXISTS (SELECT 1 FROM event WHERE id = ?) AS known,
  EXISTS (SELECT 1 FROM event WHERE pubkey = ? AND kind = ${KIND.vanish} AND created_at >= ?) AS vanished,
  EXISTS (
    SELECT 1 FROM tag CROSS JOIN event ON event.seq = tag.seq
    WHERE tag.name_value = ? AND tag.kind = ${KIND.deletion} AND event.pubkey = ?
  ) AS deleted,
  EXISTS (SELECT 1 FROM withdrawn WHERE id = ?) AS withdrawn`;
const ADDRESS_DELETED = `SELECT 1 AS deleted FROM tag CROSS JOIN event ON event.seq = tag.seq
  WHERE tag.name_value IN (?, ?) AND tag.kind = ${KIND.deletion} AND tag.created_at >= ? AND event.pubkey = ? LIMIT 1`;

/** Whether an event would be stored now, without reading its signature: what there is to see in one or two reads. */
export function standingOf(sql: Sql, event: NostrEvent): Standing {
  const { id, pubkey, created_at } = event;
  const row = first<{ known: number; vanished: number; deleted: number; withdrawn: number }>(
    sql,
    STANDING,
    id,
    pubkey,
    created_at,
    `e${id}`,
    pubkey,
    id,
  );
  if (row?.withdrawn === 1) return 'deleted';
  if (row?.vanished === 1 && event.kind !== KIND.vanish) return 'deleted';
  // Deleting a deletion, or a request to vanish, has no effect (NIP-09, NIP-62).
  if (row?.deleted === 1 && event.kind !== KIND.deletion && event.kind !== KIND.vanish) return 'deleted';
  if (event.kind === KIND.giftWrap && recipientVanished(sql, event)) return 'deleted';
  const address = addressOf(event);
  if (address !== null && addressDeleted(sql, event, address)) return 'deleted';
  // Asked last, because a withdrawn event is still in the table until it is pruned.
  if (row?.known === 1) return 'known';
  return address === null ? 'new' : versionStanding(sql, event, address);
}

function addressDeleted(sql: Sql, event: NostrEvent, address: string): boolean {
  // Replaceable events have no `d`, and their address is written with and without its last colon.
  const other = isReplaceable(event.kind) ? address.slice(0, -1) : address;
  const { created_at, pubkey } = event;
  return first(sql, ADDRESS_DELETED, `a${address}`, `a${other}`, created_at, pubkey) !== undefined;
}

function versionStanding(sql: Sql, event: NostrEvent, address: string): Standing {
  const held = versionAt(sql, address);
  if (held === undefined || held.created_at < event.created_at) return 'new';
  // Of two versions of the same second the lower id stays (NIP-01).
  return held.created_at === event.created_at && event.id < held.id ? 'new' : 'superseded';
}

function recipientVanished(sql: Sql, event: NostrEvent): boolean {
  return tagValues(event, 'p').some(
    (pubkey) =>
      first(
        sql,
        `SELECT 1 AS vanished FROM event WHERE pubkey = ? AND kind = ${KIND.vanish} AND created_at >= ?`,
        pubkey,
        event.created_at,
      ) !== undefined,
  );
}

/** The stored version of what an address names. */
export function versionAt(sql: Sql, address: string): VersionRow | undefined {
  return first<VersionRow>(sql, 'SELECT seq, id, created_at FROM event WHERE address = ?', address);
}
