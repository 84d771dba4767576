/** A stored listing as an agent of this deployment. */
import { listedAgent, type Offer } from '../src/agent/listing/definition.ts';
import { parsed } from '../src/agent/listing/prepare.ts';
import type { TeamDefinition } from '../src/agent/team/definition.ts';
import { JobError } from '../src/errors.ts';
import type { KeyedAgent, ListedFacts } from '../src/protocol/agent.ts';
import type { ListingRow } from '../src/store/listings.ts';

export interface ListedHere {
  readonly agent: KeyedAgent;
  readonly team: TeamDefinition | null;
}

/** A row is made into an agent once, however often the list of all of them is. */
const made = new WeakMap<ListingRow, ListedHere | null>();

/** Null for one that this deployment can serve no more: its model or its wallet was taken away. */
export function listedHere(row: ListingRow, offer: Offer): ListedHere | null {
  let here = made.get(row);
  if (here === undefined) {
    here = make(row, offer);
    made.set(row, here);
  }
  return here;
}

function make(row: ListingRow, offer: Offer): ListedHere | null {
  try {
    const { agent, team } = listedAgent(parsed(JSON.parse(row.specJson)), factsOf(row), offer);
    return { agent: { ...agent, pubkey: row.pubkey }, team: team?.definition ?? null };
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    console.error('a listed agent cannot be served', row.slug, error.message);
    return null;
  }
}

function factsOf({ id, owner, version, state, reason, createdAt_ms }: ListingRow): ListedFacts {
  const closed = state === 'live' ? null : { state, reason: reason ?? '' };
  return { id, owner, version, closed, since_ms: createdAt_ms };
}
