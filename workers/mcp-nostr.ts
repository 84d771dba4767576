/** MCP over Nostr in this Worker: messages go through the queue, because tools wait for jobs; answers to the relays. */

import { mcpAnnouncements } from '../src/door/mcp/announcements.ts';
import { McpNostr } from '../src/door/mcp/nostr.ts';
import { readLetter } from '../src/door/mcp/nostr-message.ts';
import { toolHouse } from '../src/http/programs.ts';
import { alreadyVerified, type NostrEvent, sha256Hex, signAs } from '../src/nostr/event.ts';
import { secureRandom } from '../src/nostr/random.ts';
import { findAnnouncements, putAnnouncement } from '../src/store/announcements.ts';
import { openDb } from '../src/store/db.ts';
import { VERSION } from '../src/version.ts';
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

/** Announces the server: on start, and when what it is made of has changed. Repeat-safe. */
export async function announceMcp(env: Env): Promise<void> {
  const { config, agents, ownKeys } = marketplaceOf(env);
  const db = openDb(env.DB);
  const published = await findAnnouncements(db, NAME);
  const now_ms = Date.now();
  // Asking the server for what it says of itself loads the SDK, which nothing else may need here.
  const fingerprint = sha256Hex(JSON.stringify([VERSION, config.publicUrl, config.relays, agents]));
  if (published.length > 0 && published.every((one) => one.fingerprint === fingerprint))
    return await publishMissing(
      env,
      published.map(({ event }) => event),
      now_ms,
    );
  const events: NostrEvent[] = [];
  for (const template of await mcpAnnouncements(serverOf(env), config, Math.floor(now_ms / 1_000))) {
    const event = signAs(template, ownKeys);
    const { kind } = template;
    await putAnnouncement(db, { agent: NAME, kind, fingerprint, event, publishedAt_ms: now_ms });
    events.push(event);
  }
  await publishMissing(env, events, now_ms);
}
