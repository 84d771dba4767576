/** Publishes the standings of the arena: when they have changed, at most once an hour, and to every relay that lacks them. */
import { standingRows } from '../src/arena/report.ts';
import { standingEvent } from '../src/arena/standing-event.ts';
import { ARENA_STANDINGS_PAUSE_MS } from '../src/limits.ts';
import { signAs } from '../src/nostr/event.ts';
import { findAnnouncements, putAnnouncement } from '../src/store/announcements.ts';
import { allQualifications, allRatings } from '../src/store/arena.ts';
import { openDb } from '../src/store/db.ts';
import { publishMissing } from './announcer.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';

/** Under which they stand among the announcements; no slug begins with a colon. */
const NAME = ':arena';

/** Repeat-safe. Publishes nothing before the first rating. */
export async function publishStandings(env: Env): Promise<void> {
  const { config, agentBySlug, ownKeys } = marketplaceOf(env);
  const db = openDb(env.DB);
  const rows = standingRows(await allRatings(db), await allQualifications(db));
  if (rows.length === 0) return;
  const now_ms = Date.now();
  const kind = config.kinds.standing;
  const { template, fingerprint } = standingEvent(
    {
      kind,
      publicUrl: config.publicUrl,
      rows,
      pubkeyOf: (agent) => agentBySlug(agent)?.pubkey,
    },
    Math.floor(now_ms / 1000),
  );
  const known = (await findAnnouncements(db, NAME)).find((one) => one.kind === kind);
  const keep =
    known !== undefined &&
    (known.fingerprint === fingerprint || now_ms - known.publishedAt_ms < ARENA_STANDINGS_PAUSE_MS);
  const event = keep ? known.event : signAs(template, ownKeys);
  if (!keep) await putAnnouncement(db, { agent: NAME, kind, fingerprint, event, publishedAt_ms: now_ms });
  await publishMissing(env, [event], now_ms);
}
