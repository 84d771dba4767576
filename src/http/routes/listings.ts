/** Listing one's own agent: everything here needs its owner's signature (NIP-98), the operator's part the operator's. */
import { type Context, Hono } from 'hono';
import { JobError } from '../../errors.ts';
import { publicKeyNamed } from '../../nostr/npub.ts';
import { allListings, type ListingRow, listingsOfOwner } from '../../store/listings.ts';
import { authenticate } from '../auth.ts';
import { listingSummary, listingView, versionsView } from '../listing-views.ts';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { nextLink, readBody, readQuery } from '../query.ts';
import {
  ListingPatch,
  ListingQuery,
  PauseRequest,
  RollbackRequest,
  Takedown,
  TransferAcceptance,
  TransferOffer,
} from '../schemas-listing.ts';

export function listingRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const { desk, changes } = ports.listings;
  const shown = (c: Context, row: ListingRow, status: 200 | 201 = 200) => {
    c.header('Cache-Control', 'no-store');
    return c.json(listingView(ports, row), status);
  };

  app.post('/agents', async (c) => {
    const owner = await admit(c);
    // The desk reads the description itself, part by part, so that it can name what is wrong.
    const row = await desk.list(owner, await readBody(c, ListingPatch));
    c.header('Location', `${ports.publicUrl}/agents/${row.slug}`);
    return shown(c, row, 201);
  });

  app.patch('/agents/:slug', async (c) => {
    const owner = await admit(c);
    return shown(c, await desk.edit(c.req.param('slug'), owner, await readBody(c, ListingPatch)));
  });

  app.delete('/agents/:slug', async (c) => {
    const owner = await admit(c);
    return shown(c, await changes.remove(c.req.param('slug'), owner));
  });

  app.get('/agents/:slug/listing', async (c) => shown(c, await seenBy(c, c.req.param('slug'))));

  app.get('/agents/:slug/versions', async (c) => {
    const row = await seenBy(c, c.req.param('slug'));
    c.header('Cache-Control', 'no-store');
    return c.json(versionsView(await desk.versions(row)));
  });

  app.post('/agents/:slug/rollback', async (c) => {
    const owner = await admit(c);
    const { version } = await readBody(c, RollbackRequest);
    return shown(c, await desk.rollBack(c.req.param('slug'), owner, version));
  });

  app.post('/agents/:slug/pause', async (c) => {
    const owner = await admit(c);
    const { reason } = await readBody(c, PauseRequest);
    return shown(c, await changes.pause(c.req.param('slug'), owner, reason ?? null));
  });

  app.post('/agents/:slug/resume', async (c) => {
    const owner = await admit(c);
    return shown(c, await changes.resume(c.req.param('slug'), owner));
  });

  app.post('/agents/:slug/transfer', async (c) => {
    const owner = await admit(c);
    const { to } = await readBody(c, TransferOffer);
    const pubkey = publicKeyNamed(to);
    if (pubkey === null)
      throw new JobError('BAD_REQUEST', 'body to: must be an npub or a key in hex', { path: 'to' });
    return shown(c, await changes.offer(c.req.param('slug'), owner, pubkey));
  });

  app.delete('/agents/:slug/transfer', async (c) => {
    const owner = await admit(c);
    return shown(c, await changes.offer(c.req.param('slug'), owner, null));
  });

  app.post('/agents/:slug/transfer/accept', async (c) => {
    const pubkey = await admit(c);
    const { lud16 } = await readBody(c, TransferAcceptance);
    return shown(c, await changes.accept(c.req.param('slug'), pubkey, lud16 ?? null));
  });

  app.get('/account/agents', async (c) => {
    const owner = await authenticate(ports, c);
    c.header('Cache-Control', 'no-store');
    const rows = await listingsOfOwner(ports.db, owner);
    return c.json({ listings: rows.map((row) => listingSummary(ports, row)), next: null });
  });

  app.get('/operator/agents', async (c) => {
    await operator(c);
    const { cursor = '', limit } = readQuery(c, ListingQuery);
    const rows = await allListings(ports.db, cursor, limit + 1);
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? (page.at(-1)?.slug ?? null) : null;
    c.header('Cache-Control', 'no-store');
    if (next !== null) c.header('Link', nextLink(c, next));
    return c.json({ listings: page.map((row) => listingSummary(ports, row)), next });
  });

  app.patch('/operator/agents/:slug', async (c) => {
    await operator(c);
    const { state, reason } = await readBody(c, Takedown);
    const slug = c.req.param('slug');
    if (state === 'live') return shown(c, await changes.restore(slug));
    if (reason === undefined) throw new JobError('BAD_REQUEST', 'body reason: is needed to take it down');
    return shown(c, await changes.takeDown(slug, reason));
  });

  /** Who changes something: each change is written, announced, and told to relays. */
  async function admit(c: Context): Promise<string> {
    const owner = await authenticate(ports, c);
    const again_ms = await ports.account.leave(owner, 'listings');
    if (again_ms === null) return owner;
    const retry_after_s = Math.max(1, Math.ceil((again_ms - ports.clock()) / 1_000));
    throw new JobError('RATE_LIMIT_EXCEEDED', 'Too many changes in this hour', { retry_after_s });
  }

  /** The listing, for its owner, for whom it was offered to, and for the operator. */
  async function seenBy(c: Context, slug: string): Promise<ListingRow> {
    const pubkey = await authenticate(ports, c);
    const row = await desk.find(slug);
    if ([row.owner, row.offeredTo, ports.operatorPubkey].includes(pubkey)) return row;
    throw new JobError('FORBIDDEN', 'this agent is listed by somebody else');
  }

  async function operator(c: Context): Promise<void> {
    if (ports.operatorPubkey === null)
      throw new JobError('NOT_FOUND', 'this marketplace has named no operator (OPERATOR_PUBKEY)');
    if ((await authenticate(ports, c)) !== ports.operatorPubkey)
      throw new JobError('FORBIDDEN', 'only the operator may take agents down');
  }
  return app;
}
