/** Whom the marketplace may ask by mail whether reports are wanted: across runs, clients and sessions. */
import { eq, sql } from 'drizzle-orm';
import { MAIL_ASK_PAUSE_MS } from '../limits.ts';
import type { Db } from './db.ts';
import { mailAddresses } from './schema.ts';

/**
 * Leave to ask an address, taken at once: no when it has refused, or another run's question is not answered and not old.
 * Repeat-safe by the job.
 *
 * @param hash of the address ({@link file://../agent/team/mail/address-hash.ts})
 */
export async function takeLeaveToAsk(db: Db, hash: string, jobId: string, now_ms: number): Promise<boolean> {
  const asked = { askedFor: jobId, askedAt_ms: now_ms };
  const { refusedAt_ms, askedFor, askedAt_ms } = mailAddresses;
  const old_ms = now_ms - MAIL_ASK_PAUSE_MS;
  const taken = await db
    .insert(mailAddresses)
    .values({ hash, ...asked, refusedAt_ms: null })
    .onConflictDoUpdate({
      target: mailAddresses.hash,
      set: asked,
      setWhere: sql`${refusedAt_ms} IS NULL AND (${askedFor} = ${jobId} OR ${askedAt_ms} <= ${old_ms})`,
    })
    .returning({ hash: mailAddresses.hash });
  return taken.length > 0;
}

/** What an address said when it was asked: after a yes the next run may ask at once, after a no none may. Repeat-safe. */
export async function noteAnswer(db: Db, hash: string, answer: 'yes' | 'no', now_ms: number): Promise<void> {
  const said = answer === 'yes' ? { askedAt_ms: 0, refusedAt_ms: null } : { refusedAt_ms: now_ms };
  await db.update(mailAddresses).set(said).where(eq(mailAddresses.hash, hash));
}
