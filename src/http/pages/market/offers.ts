/** The agents as the market shows them: what they offer, with what is known of how well they do it. */

import { overallStanding } from '../../../arena/report.ts';
import type { Clock } from '../../../clock.ts';
import { MARKET_FIGURES_MAX_AGE_MS, MARKET_PAGE_AGENTS } from '../../../limits.ts';
import { allRatings } from '../../../store/arena.ts';
import type { Reputation } from '../../../store/reputation.ts';
import { agentReputation } from '../../agent-reputation.ts';
import type { HttpPorts } from '../../ports.ts';
import type { MarketQuery } from '../../schemas-pages.ts';
import { type AgentView, agentView } from '../../views.ts';

/** What the arena says of an agent as a solver, over all modes. */
export interface OfferRating {
  readonly rating: number;
  /** Half of the 95 % interval. */
  readonly margin: number;
  readonly results: number;
}

/** One agent in the market. */
export interface Offer {
  readonly agent: AgentView;
  readonly reputation: Reputation;
  /** Null: it has no result in the arena. */
  readonly rating: OfferRating | null;
  /** Whether it takes jobs at this moment. */
  readonly live: boolean;
}

/** The offers, read anew when what was read is older than {@link MARKET_FIGURES_MAX_AGE_MS}: every visitor sees the same. */
export class Offers {
  readonly #ports: HttpPorts;
  readonly #clock: Clock;
  #read: { readonly at_ms: number; readonly offers: Promise<readonly Offer[]> } | undefined;

  constructor(ports: HttpPorts) {
    this.#ports = ports;
    this.#clock = ports.clock;
  }

  all(): Promise<readonly Offer[]> {
    const now_ms = this.#clock();
    if (this.#read === undefined || now_ms - this.#read.at_ms > MARKET_FIGURES_MAX_AGE_MS) {
      const offers = readOffers(this.#ports);
      const read = { at_ms: now_ms, offers };
      this.#read = read;
      // What failed is not kept: the next visitor asks again, and this one is told by the promise itself.
      offers.catch(() => {
        if (this.#read === read) this.#read = undefined;
      });
    }
    return this.#read.offers;
  }
}

async function readOffers(ports: HttpPorts): Promise<readonly Offer[]> {
  const ratings = await allRatings(ports.db);
  return Promise.all(
    ports.agents.map(async (agent) => {
      const standing = overallStanding(ratings.filter((one) => one.agent === agent.slug));
      return {
        agent: agentView(ports, agent),
        reputation: await agentReputation(ports.db, agent),
        rating: standing,
        live: !ports.draining && (agent.listed?.closed ?? null) === null,
      };
    }),
  );
}

/** A page of what was looked for. */
export interface Found {
  readonly offers: readonly Offer[];
  /** How many there are on all pages. */
  readonly total: number;
  readonly pages: number;
}

/** Filters, sorts and cuts as the query asks. */
export function findOffers(offers: readonly Offer[], query: MarketQuery): Found {
  const words = query.q
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const found = offers
    .filter((offer) => words.every((word) => textOf(offer).includes(word)))
    .filter(({ agent }) => query.pay === 'any' || (query.pay === 'free') === (dearness(agent) === 0))
    .toSorted(ORDERS[query.sort]);
  const from = (query.page - 1) * MARKET_PAGE_AGENTS;
  return {
    offers: found.slice(from, from + MARKET_PAGE_AGENTS),
    total: found.length,
    pages: Math.max(1, Math.ceil(found.length / MARKET_PAGE_AGENTS)),
  };
}

function textOf({ agent }: Offer): string {
  const tasks = agent.tasks.map(({ type, description }) => `${type} ${description}`);
  return [agent.slug, agent.name, agent.description, ...tasks, ...agent.models].join(' ').toLowerCase();
}

/** One number to put prices of different kinds in an order: a job of a thousand tokens in and a thousand out. */
function dearness({ prices }: AgentView): number {
  return Object.values(prices).reduce((sum, price) => sum + price, 0);
}

type Order = (a: Offer, b: Offer) => number;

const byName: Order = (a, b) => a.agent.name.localeCompare(b.agent.name, 'en');
/** Lower bounds, so that who was tried twice is not above who was tried a thousand times. */
const byRating: Order = (a, b) => lowest(b) - lowest(a) || bySuccess(a, b);
const bySuccess: Order = (a, b) =>
  (b.reputation.success_rate ?? -1) - (a.reputation.success_rate ?? -1) || byName(a, b);
const bySpeed: Order = (a, b) =>
  (a.reputation.median_latency_ms ?? Number.MAX_VALUE) -
    (b.reputation.median_latency_ms ?? Number.MAX_VALUE) || byName(a, b);
const byPrice: Order = (a, b) => dearness(a.agent) - dearness(b.agent) || byName(a, b);

const ORDERS: { readonly [sort in MarketQuery['sort']]: Order } = {
  rating: byRating,
  success: bySuccess,
  speed: bySpeed,
  price: byPrice,
  name: byName,
};

function lowest({ rating }: Offer): number {
  return rating === null ? -1_000 : rating.rating - rating.margin;
}
