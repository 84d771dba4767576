/** The Worker: HTTP, relay upgrades, the queue, mail, the clock. It wires the parts and holds nothing itself. */
import { systemClock } from '../src/clock.ts';
import { ConfigError } from '../src/config.ts';
import { createApp } from '../src/http/app.ts';
import { linkGroups } from '../src/link/shard.ts';
import { devWallets } from '../src/payment/dev-wallet/keys.ts';
import { openDb } from '../src/store/db.ts';
import { forgetRequests } from '../src/store/door-requests.ts';
import { announceAll } from './announcer.ts';
import type { Env } from './env.ts';
import { httpPorts } from './http-ports.ts';
import { freshListings } from './listings.ts';
import { receiveMail } from './mail.ts';
import { marketplaceOf } from './marketplace.ts';
import { announceMcp } from './mcp-nostr.ts';
import { probePaused } from './remote-health.ts';
import { type QueueOrder, runSteps } from './runner.ts';
import { publishStandings } from './standings.ts';

export { AgentSession } from './agent-session.ts';
export { Arena } from './arena.ts';
export { ClientAccount } from './client-account.ts';
export { DevWallet } from './dev-wallet.ts';
export { HiredJobs } from './hired-jobs.ts';
export { ModelTraffic } from './model-traffic.ts';
export { Relay } from './relay.ts';
export { RelayLinks } from './relay-links.ts';
export { SearchIndex } from './search-index.ts';
export { WalletLink } from './wallet-link.ts';

type App = ReturnType<typeof createApp>;
const apps = new WeakMap<Env, App>();

function appOf(env: Env): App {
  let app = apps.get(env);
  if (app === undefined) {
    app = createApp(httpPorts(env));
    apps.set(env, app);
  }
  return app;
}

/** Begins, or goes on with, what runs by itself: links, the arena, announcements. Repeat-safe. */
async function keepUp(env: Env): Promise<void> {
  const { config } = marketplaceOf(env);
  const groups = linkGroups(config.relays);
  const started = await Promise.allSettled(
    groups.map(({ name, urls }) => env.LINKS.getByName(name).follow(urls)),
  );
  for (const one of started)
    if (one.status === 'rejected') console.error('a group of links did not start', one.reason);
  if (devWallets(config).length > 0) await env.DEV_WALLET.getByName('main').announce();
  await announceAll(env);
  await announceMcp(env);
  await probePaused(env);
  try {
    await forgetRequests(openDb(env.DB), systemClock());
  } catch (error) {
    // What may be forgotten is passed over by whoever reads it.
    console.error('old Idempotency-Keys could not be forgotten', error);
  }
  try {
    await env.ARENA.getByName('main').keepPlaying();
    await publishStandings(env);
  } catch (error) {
    // Nothing else waits for the arena; the next minute tries again.
    console.error('the arena could not be kept up', error);
  }
}

export default {
  async fetch(request, env, ctx) {
    try {
      if (request.headers.get('upgrade')?.toLowerCase() === 'websocket') {
        return await env.RELAY.getByName('main').fetch(request);
      }
      await freshListings(env);
      return await appOf(env).fetch(request, env, ctx);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      // The operator reads this at the first request after a deploy; it names a variable and never its value.
      return new Response(`errand is not configured: ${error.message}\n`, { status: 503 });
    }
  },

  async queue(batch, env, ctx) {
    await freshListings(env);
    const work = runSteps(batch, env);
    // The local queue hands out one batch at a time, so waiting here would have every model call wait for the one
    // before it. The platform runs up to 250 batches side by side, and gives the work its 15 minutes only while it is awaited.
    if (marketplaceOf(env).config.local) ctx.waitUntil(work);
    else await work;
  },

  async email(message, env) {
    await freshListings(env);
    await receiveMail(message, env);
  },

  async scheduled(_controller, env) {
    await freshListings(env);
    await keepUp(env);
  },
} satisfies ExportedHandler<Env, QueueOrder>;
