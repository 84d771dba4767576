/**
 * What owners do with their listings: list, edit, roll back, delete. Every description is a version that stays, with who
 * wrote it and when. (Pausing, transfer and takedown are in changes.ts.)
 */
import * as z from 'zod';
import { mayList } from '../../config/listing.ts';
import { JobError, type Json } from '../../errors.ts';
import { LISTINGS_PER_OWNER } from '../../limits.ts';
import { toHex } from '../../nostr/hex.ts';
import { listingKeys } from '../../nostr/keys.ts';
import {
  changeListing,
  insertListing,
  type ListingRow,
  type ListingVersionRow,
  listingById,
  listingBySlug,
  putVersion,
  versionOf,
  versionsOf,
} from '../../store/listings.ts';
import type { ListingPorts } from './ports.ts';
import { checkSecret, endpointOf, mergePatch, parsed, prepared, secretShape } from './prepare.ts';
import { type OwnerVault, ownerVault } from './secrets.ts';
import { skeletonOf, slugProblem } from './slug.ts';
import type { ListingSpec } from './spec.ts';

const LIVE = { state: 'live', pausedBy: null, reason: null } as const;
/** Its name is kept for it until its owner has the credit, and resumes it. */
const UNPAID = {
  state: 'paused',
  pausedBy: 'fee',
  reason: 'its fee is not paid yet: top up your credit and resume it',
} as const;

const bodyShape = z.looseObject({ secret: secretShape.optional() });
const patchShape = z.looseObject({
  secret: secretShape.nullable().optional(),
  slug: z.undefined('cannot be changed: its key and its address hang on it').optional(),
  runtime: z.undefined('cannot be changed: list another agent').optional(),
});

export class ListingDesk {
  readonly #ports: ListingPorts;
  readonly #vault: OwnerVault;

  constructor(ports: ListingPorts) {
    this.#ports = ports;
    this.#vault = ownerVault(ports.config.masterSecret);
  }

  /**
   * Lists an agent.
   *
   * @throws JobError FORBIDDEN, BAD_REQUEST naming the field, RATE_LIMIT_EXCEEDED where there are too many
   */
  async list(owner: string, body: unknown): Promise<ListingRow> {
    const { config, clock, random } = this.#ports;
    if (!mayList(config.listing.leave, owner))
      throw new JobError('FORBIDDEN', 'this marketplace does not list agents of yours (LISTING)');
    const { secret, ...given } = readShape(bodyShape, body);
    const spec = await prepared(this.#ports, given);
    const problem = slugProblem(spec.slug, this.#ports.ours);
    if (problem !== null) throw slugError(problem);
    const id = toHex(random(16));
    const now_ms = clock();
    const row = {
      id,
      slug: spec.slug,
      skeleton: skeletonOf(spec.slug),
      owner,
      pubkey: listingKeys(config.masterSecret, id).publicKey,
      ...(config.listing.fee_msats === 0 ? LIVE : UNPAID),
      version: 1,
      specJson: JSON.stringify(spec),
      sealed: secret === undefined ? null : this.#seal(id, spec, secret),
      offeredTo: null,
      failures: 0,
      probeAt_ms: null,
      createdAt_ms: now_ms,
      updatedAt_ms: now_ms,
    } as const;
    if (spec.remote?.protocol === 'webhook' && secret === undefined)
      throw new JobError('BAD_REQUEST', 'body secret: is needed to sign what the webhook gets', {
        path: 'secret',
      });
    const stored = await this.#stored(row, owner);
    // Stored first, so that whatever breaks off here is paid once and for this listing, when it is resumed.
    if (stored.pausedBy !== 'fee' || !(await this.#ports.charge(stored))) return stored;
    await changeListing(this.#ports.db, id, LIVE, ['paused'], now_ms);
    return await this.#changed(id);
  }

  async #stored(row: Omit<ListingRow, 'changed'>, owner: string): Promise<ListingRow> {
    const { db } = this.#ports;
    let stored: boolean;
    try {
      stored = await insertListing(db, row, { author: owner, note: 'listed' });
    } catch (error) {
      if (isTaken(error)) throw slugError('is taken, or looks like one that is');
      throw error;
    }
    if (!stored)
      throw new JobError('RATE_LIMIT_EXCEEDED', `an owner may list ${LISTINGS_PER_OWNER} agents`, {
        limit: LISTINGS_PER_OWNER,
      });
    return await this.#changed(row.id);
  }

  /** The listing of that name, for its owner. @throws JobError NOT_FOUND, FORBIDDEN */
  async own(slug: string, owner: string): Promise<ListingRow> {
    const row = await this.find(slug);
    if (row.owner !== owner) throw new JobError('FORBIDDEN', 'this agent is listed by somebody else');
    return row;
  }

  /** @throws JobError NOT_FOUND */
  async find(slug: string): Promise<ListingRow> {
    const row = await listingBySlug(this.#ports.db, slug);
    if (row === undefined) throw new JobError('NOT_FOUND', 'no agent of this name is listed');
    return row;
  }

  /** Changes a description by a merge patch (RFC 7396); a secret that is given takes the place of the former one. */
  async edit(slug: string, owner: string, body: unknown): Promise<ListingRow> {
    const row = await this.own(slug, owner);
    const { secret, ...patch } = readShape(patchShape, body);
    const before = z.json().parse(JSON.parse(row.specJson));
    const spec = await prepared(this.#ports, mergePatch(before, asJson(patch)));
    return await this.#put(row, spec, owner, 'edited', secret);
  }

  /** Makes an older version the newest. @throws JobError NOT_FOUND */
  async rollBack(slug: string, owner: string, version: number): Promise<ListingRow> {
    const row = await this.own(slug, owner);
    const older = await versionOf(this.#ports.db, row.id, version);
    if (older === undefined) throw new JobError('NOT_FOUND', 'this listing has no such version');
    const spec = await prepared(this.#ports, JSON.parse(older.specJson));
    return await this.#put(row, spec, owner, `rolled back to version ${version}`, undefined);
  }

  async versions(row: ListingRow): Promise<readonly ListingVersionRow[]> {
    return await versionsOf(this.#ports.db, row.id);
  }

  /** Whether a secret is kept that its endpoint, as it is described now, will be shown. */
  hasSecret(row: ListingRow): boolean {
    return this.secretOf(row) !== null;
  }

  /** The owner's secret for the endpoint as it is described now; null where there is none. */
  secretOf(row: Pick<ListingRow, 'id' | 'specJson' | 'sealed'>): string | null {
    const endpoint = endpointOf(parsed(JSON.parse(row.specJson)));
    if (row.sealed === null || endpoint === null) return null;
    return this.#vault.open(row.sealed, { listing: row.id, origin: new URL(endpoint).origin });
  }

  async #put(
    row: ListingRow,
    spec: ListingSpec,
    author: string,
    note: string,
    secret: string | null | undefined,
  ): Promise<ListingRow> {
    const sealed =
      secret === undefined ? row.sealed : secret === null ? null : this.#seal(row.id, spec, secret);
    const next = { ...row, specJson: JSON.stringify(spec), sealed };
    // A secret is for one endpoint: whoever names another one has to give it again, and with it says that they know it.
    if (row.sealed !== null && sealed !== null && this.secretOf(next) === null)
      throw new JobError('BAD_REQUEST', 'body secret: is needed again for another endpoint', {
        path: 'secret',
      });
    const { id, version } = row;
    const stored = await putVersion(
      this.#ports.db,
      { id, version, specJson: next.specJson, sealed },
      { author, note },
      this.#ports.clock(),
    );
    if (!stored)
      throw new JobError('BAD_REQUEST', 'the listing was changed meanwhile: look at it again', {
        reason: 'version',
      });
    return await this.#changed(id);
  }

  #seal(listing: string, spec: ListingSpec, secret: string): string {
    checkSecret(spec, secret);
    const endpoint = endpointOf(spec);
    if (endpoint === null) throw new Error('a secret without an endpoint');
    return this.#vault.seal(secret, { listing, origin: new URL(endpoint).origin });
  }

  async #changed(id: string): Promise<ListingRow> {
    const row = await listingById(this.#ports.db, id);
    if (row === undefined) throw new Error(`the listing ${id} is gone`);
    await this.#ports.changed(row);
    return row;
  }
}

/** @throws JobError BAD_REQUEST; what was sent is never quoted, because it may be a secret */
function readShape<Shape extends z.ZodType>(shape: Shape, body: unknown): z.infer<Shape> {
  const read = shape.safeParse(body);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  throw new JobError('BAD_REQUEST', `body${path === '' ? '' : ` ${path}`}: ${issue?.message ?? 'is wrong'}`, {
    path,
  });
}

function asJson(value: unknown): Json {
  return z.json().parse(value);
}

function slugError(problem: string): JobError {
  return new JobError('BAD_REQUEST', `body slug: ${problem}`, { path: 'slug', reason: 'slug' });
}

/** D1 and drizzle wrap SQLite's message differently. */
function isTaken(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if (/UNIQUE constraint failed/.test(at.message)) return true;
  return false;
}
