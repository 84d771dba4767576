/** The memory of NIP-98 tokens, by which each counts once, whichever isolate sees it. */
import { lt } from 'drizzle-orm';
import type { ReplayMemory } from '../nostr/nip98.ts';
import type { Db } from './db.ts';
import { spentTokens } from './schema.ts';

/**
 * The memory at a time (Unix s). A token's end of validity is part of what its author signed, so (end, id) is as
 * unique as the id.
 */
export function tokenMemory(db: Db, now_s: number): ReplayMemory {
  return {
    async note(id, until_s) {
      const [, noted] = await db.batch([
        db.delete(spentTokens).where(lt(spentTokens.until_s, now_s)),
        db
          .insert(spentTokens)
          .values({ id, until_s })
          .onConflictDoNothing()
          .returning({ id: spentTokens.id }),
      ]);
      return noted.length > 0;
    },
  };
}
