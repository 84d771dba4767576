/** What becomes of a listing beside its description: paused, handed over, taken down, deleted. Each is its own authority's. */
import { mayList } from '../../config/listing.ts';
import { JobError } from '../../errors.ts';
import { LISTINGS_PER_OWNER } from '../../limits.ts';
import {
  changeListing,
  countListings,
  type ListingChange,
  type ListingRow,
  listingById,
  putVersion,
} from '../../store/listings.ts';
import type { ListingDesk } from './desk.ts';
import type { ListingPorts } from './ports.ts';
import { mergePatch, prepared } from './prepare.ts';

export class ListingChanges {
  readonly #ports: ListingPorts;
  readonly #desk: ListingDesk;

  constructor(ports: ListingPorts, desk: ListingDesk) {
    this.#ports = ports;
    this.#desk = desk;
  }

  /** Takes no more jobs until it is resumed; those under way go on. Repeat-safe. */
  async pause(slug: string, owner: string, reason: string | null): Promise<ListingRow> {
    const row = await this.#desk.own(slug, owner);
    if (row.pausedBy === 'fee') return row;
    return await this.#change(row, { state: 'paused', pausedBy: 'owner', reason, probeAt_ms: null }, [
      'live',
      'paused',
    ]);
  }

  /**
   * Takes jobs again. One that failures had paused is asked first.
   *
   * @throws JobError FORBIDDEN where the operator took it down; SERVICE_UNAVAILABLE where its endpoint still does not answer
   */
  async resume(slug: string, owner: string): Promise<ListingRow> {
    const row = await this.#desk.own(slug, owner);
    if (row.state === 'live') return row;
    if (row.state === 'taken_down')
      throw new JobError('FORBIDDEN', 'the operator has taken this agent down', { reason: row.reason ?? '' });
    if (row.pausedBy === 'fee' && !(await this.#ports.charge(row)))
      throw new JobError('INSUFFICIENT_FUNDS', 'there is less credit than the fee of a listing', {
        fee_msats: this.#ports.config.listing.fee_msats,
      });
    if (row.pausedBy === 'failures') {
      const problem = await this.#ports.probe(row);
      if (problem !== null)
        throw new JobError('SERVICE_UNAVAILABLE', `its endpoint still fails: ${problem}`, {
          reason: 'probe',
        });
    }
    return await this.#change(row, OPENED, ['paused']);
  }

  /** Gone for good: announcements are retracted, jobs under way end as they would have, its name is free. Repeat-safe. */
  async remove(slug: string, owner: string): Promise<ListingRow> {
    const row = await this.#desk.own(slug, owner);
    const change = { state: 'deleted', pausedBy: null, offeredTo: null, probeAt_ms: null } as const;
    return await this.#change(row, change, ['live', 'paused', 'taken_down']);
  }

  /** Offers it to somebody, or takes the offer back; it stays its owner's until they accept. */
  async offer(slug: string, owner: string, to: string | null): Promise<ListingRow> {
    const row = await this.#desk.own(slug, owner);
    if (row.pausedBy === 'fee')
      throw new JobError('FORBIDDEN', 'its fee is not paid yet', { state: row.state });
    if (to === owner) throw new JobError('BAD_REQUEST', 'body to: owns it already', { path: 'to' });
    return await this.#change(row, { offeredTo: to }, ['live', 'paused']);
  }

  /**
   * Whom it was offered to takes it over. The former owner's secret and Lightning address do not go with it: where there was
   * a secret, it is paused until the new one is there.
   *
   * @param lud16 where the new owner is paid; needed with a price
   */
  async accept(slug: string, pubkey: string, lud16: string | null): Promise<ListingRow> {
    const row = await this.#desk.find(slug);
    if (row.offeredTo !== pubkey) throw new JobError('FORBIDDEN', 'this agent was not offered to you');
    const { config, db, clock } = this.#ports;
    if (!mayList(config.listing.leave, pubkey))
      throw new JobError('FORBIDDEN', 'this marketplace does not list agents of yours (LISTING)');
    if ((await countListings(db, pubkey)) >= LISTINGS_PER_OWNER)
      throw new JobError('RATE_LIMIT_EXCEEDED', `an owner may list ${LISTINGS_PER_OWNER} agents`);
    const spec = await prepared(this.#ports, mergePatch(JSON.parse(row.specJson), { lud16 }));
    const waits: ListingChange =
      row.sealed === null
        ? {}
        : { state: 'paused', pausedBy: 'transfer', reason: 'handed over: its secret is to be given again' };
    const { id, version } = row;
    const stored = await putVersion(
      db,
      { id, version, specJson: JSON.stringify(spec), owner: pubkey, sealed: null, offeredTo: null, ...waits },
      { author: pubkey, note: `handed over by ${row.owner}` },
      clock(),
    );
    if (!stored)
      throw new JobError('BAD_REQUEST', 'the listing was changed meanwhile: look at it again', {
        reason: 'version',
      });
    return await this.#again(id);
  }

  /** The operator takes it down, for good or until `restore`. */
  async takeDown(slug: string, reason: string): Promise<ListingRow> {
    const row = await this.#desk.find(slug);
    return await this.#change(row, { state: 'taken_down', pausedBy: null, reason, probeAt_ms: null }, [
      'live',
      'paused',
      'taken_down',
    ]);
  }

  async restore(slug: string): Promise<ListingRow> {
    const row = await this.#desk.find(slug);
    return await this.#change(row, OPENED, ['taken_down', 'paused', 'live']);
  }

  async #change(
    row: ListingRow,
    change: ListingChange,
    only: readonly ListingRow['state'][],
  ): Promise<ListingRow> {
    const done = await changeListing(this.#ports.db, row.id, change, only, this.#ports.clock());
    if (!done)
      throw new JobError('FORBIDDEN', `this is not possible while the agent is ${row.state}`, {
        state: row.state,
      });
    return await this.#again(row.id);
  }

  async #again(id: string): Promise<ListingRow> {
    const row = await listingById(this.#ports.db, id);
    if (row === undefined) throw new Error(`the listing ${id} is gone`);
    await this.#ports.changed(row);
    return row;
  }
}

const OPENED = { state: 'live', pausedBy: null, reason: null, failures: 0, probeAt_ms: null } as const;
