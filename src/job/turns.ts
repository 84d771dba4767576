/** The conversation in a session's journal: how its oldest turns give way to what tells them in short. */
import * as z from 'zod';
import { sha256Hex } from '../nostr/event.ts';
import type { ChatMessage, Condensed } from '../protocol/model.ts';
import type { Sql } from '../store/sql.ts';

const messageSchema: z.ZodType<ChatMessage> = z.custom<ChatMessage>(
  (value) => typeof value === 'object' && value !== null && 'role' in value,
);
const turnSchema = z.array(messageSchema);

/** The messages of a stored turn. */
export function messagesOf(stored: unknown): ChatMessage[] {
  return turnSchema.parse(JSON.parse(String(stored)));
}

/**
 * Puts the condensed messages in the place of those they were made of; does nothing where these are others by now (one
 * was erased, or has grown too old, while the step ran). To be called within a transaction.
 *
 * The new row is as old as the newest it tells of, and names every job it tells of: erasing one takes it away.
 */
export function condenseTurns(sql: Sql, { covers, of, messages }: Condensed): void {
  const rows = sql.all('SELECT seq, job, at, messages, about FROM turns ORDER BY seq');
  const told: ChatMessage[] = [];
  const about = new Set<string>();
  let at_ms = 0;
  let rest: { readonly seq: number; readonly messages: readonly ChatMessage[] } | null = null;
  let last = 0;
  for (const row of rows) {
    if (told.length >= covers) break;
    const turn = messagesOf(row.messages);
    const taken = Math.min(turn.length, covers - told.length);
    told.push(...turn.slice(0, taken));
    for (const job of [String(row.job), ...String(row.about ?? '').split(' ')])
      if (job !== '') about.add(job);
    at_ms = Number(row.at);
    last = Number(row.seq);
    if (taken < turn.length) rest = { seq: last, messages: turn.slice(taken) };
  }
  const [oldest] = rows;
  if (oldest === undefined || told.length !== covers || sha256Hex(JSON.stringify(told)) !== of) return;
  sql.run('DELETE FROM turns WHERE seq <= ? AND seq <> ?', last, rest?.seq ?? last + 1);
  if (rest !== null) {
    sql.run('UPDATE turns SET messages = ? WHERE seq = ?', JSON.stringify(rest.messages), rest.seq);
  }
  sql.run(
    "INSERT INTO turns (seq, job, at, messages, about) VALUES (?, '', ?, ?, ?)",
    Number(oldest.seq) - 1,
    at_ms,
    JSON.stringify(messages),
    [...about].join(' '),
  );
}
