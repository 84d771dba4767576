/** MCP over Nostr in this Worker: messages go through the queue, because tools wait for jobs; answers to the relays. */

import { mcpAnnouncements } from '../src/door/mcp/announcements.ts';
import { McpNostr } from '../src/door/mcp/nostr.ts';
import { readLetter } from '../src/door/mcp/nostr-message.ts';
import { toolHouse } from '../src/http/programs.ts';
import { alreadyVerified, type NostrEvent, signAs } from '../src/nostr/event.ts';
import { secureRandom } from '../src/nostr/random.ts';
import { findAnnouncements, putAnnouncement } from '../src/store/announcements.ts';
import { openDb } from '../src/store/db.ts';
import { publishMissing } from './announcer.ts';
import type { Env } from './env.ts';
import { httpPorts } from './http-ports.ts';
import { marketplaceOf } from './marketplace.ts';
import type { McpOrder } from './mcp.ts';
import { publishTo } from './relays.ts';
import { EMBEDDED } from './rpc.ts';

/** Under which the server's announcements stand among the agents'; no slug begins with a colon. */
const NAME = ':mcp';

const servers = new WeakMap<Env, McpNostr>();

function serverOf(env: Env): McpNostr {
  let server = servers.get(env);
  if (server === undefined) {
    const { config, ownKeys } = marketplaceOf(env);
    server = new McpNostr({
      house: toolHouse(httpPorts(env)),
      keys: ownKeys,
      publicUrl: config.publicUrl,
      now_s: () => Math.floor(Date.now() / 1_000),
      random: secureRandom,
      log: (what, error) => console.warn(what, error),
    });
    servers.set(env, server);
  }
  return server;
}

/** Answers a message. Repeat-safe. */
export async function runMcpOrder(env: Env, { mcp, via }: McpOrder): Promise<void> {
  const letter = readLetter(alreadyVerified(mcp), marketplaceOf(env).ownKeys, Math.floor(Date.now() / 1_000));
  if (letter === null) return;
  const relays = [...new Set([via, EMBEDDED])];
  await serverOf(env).answer(letter, async (event) => {
    await Promise.all(relays.map((relay) => publishTo(env, relay, [event])));
  });
}

/** Announces the server: on start, and when it says something new. Repeat-safe. */
export async function announceMcp(env: Env): Promise<void> {
  const { config, ownKeys } = marketplaceOf(env);
  const db = openDb(env.DB);
  const published = await findAnnouncements(db, NAME);
  const now_ms = Date.now();
  const templates = await mcpAnnouncements(serverOf(env), config, Math.floor(now_ms / 1_000));
  const events: NostrEvent[] = [];
  for (const { template, fingerprint } of templates) {
    const { kind } = template;
    const known = published.find((one) => one.kind === kind);
    const event = known?.fingerprint === fingerprint ? known.event : signAs(template, ownKeys);
    if (event !== known?.event) {
      await putAnnouncement(db, { agent: NAME, kind, fingerprint, event, publishedAt_ms: now_ms });
    }
    events.push(event);
  }
  await publishMissing(env, events, now_ms);
}
