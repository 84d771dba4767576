/** Opaque positions in a list that is ordered by time and id, newest first. */
import { isHex32 } from '../nostr/hex.ts';

export interface Position {
  readonly openedAt_ms: number;
  readonly id: string;
}

/** A position as clients carry it: base64url, because it is a token and not a promise about its content. */
export function encodeCursor(position: Position): string {
  return btoa(`${position.openedAt_ms}.${position.id}`)
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** The position in a cursor, or undefined when it is none of ours. */
export function decodeCursor(cursor: string): Position | undefined {
  if (!/^[\w-]{1,128}$/.test(cursor) || cursor.length % 4 === 1) return undefined;
  const text = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
  const [time = '', id, ...rest] = text.split('.');
  if (!/^\d{1,15}$/.test(time) || !isHex32(id) || rest.length > 0) return undefined;
  return { openedAt_ms: Number(time), id };
}
