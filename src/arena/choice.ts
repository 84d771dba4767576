/** Who gets an open job: by rating where its answer is checked, else by what became of earlier jobs. Pure. */
import type { JobFailure, Json } from '../errors.ts';
import { BROKER_PLACE_WORTH, BROKER_PRIOR_JOBS, BROKER_PRIOR_SUCCESS } from '../limits.ts';
import type { WantedCheck } from '../protocol/wanted.ts';
import type { Reputation } from '../store/reputation.ts';
import { seededRandom } from './random.ts';
import { meanStanding, type Rating, type Standing, standing, UNRATED } from './rating.ts';
import { burden, type Candidate, route } from './routing.ts';
import { MODES, type Mode } from './settings.ts';

/** What is known of an agent. */
export interface Known {
  /** Over its newest jobs; null where that was not asked for. */
  readonly reputation: Reputation | null;
  /** As a solver; a mode without results is missing. */
  readonly ratings: ReadonlyMap<Mode, Rating>;
  /** The modes it is qualified in now. */
  readonly qualified: ReadonlySet<Mode>;
}

export interface Applicant {
  readonly agent: string;
  /** The most the job would cost with it. */
  readonly price_msats: number;
}

export interface OpenJob {
  /** 64 hex characters: the same job is given the same draw. */
  readonly id: string;
  readonly check: WantedCheck | null;
  /** How many agents have failed at it. */
  readonly turn: number;
}

export type Choice =
  | { readonly type: 'agent'; readonly agent: string }
  | { readonly type: 'nobody'; readonly failure: JobFailure };

/**
 * Chooses one of the applicants.
 *
 * @param applicants best fitting first, as nobody's work is known
 * @param known every agent of the marketplace that anything is known of, applicants or not
 */
export function choose(
  job: OpenJob,
  applicants: readonly Applicant[],
  known: ReadonlyMap<string, Known>,
): Choice {
  if (job.check !== null) return chooseByRating(job, job.check, applicants, known);
  const [best] = byRecord(applicants, known);
  return best === undefined
    ? nobody('NOT_FOUND', 'No agent here fits')
    : { type: 'agent', agent: best.agent };
}

/** The modes whose ratings say how well a check is passed. */
export function modesOf(check: WantedCheck): readonly Mode[] {
  // To write a program that passes tests is what induction is.
  const named = check.mode === 'tests' ? 'induction' : check.mode;
  const mode = MODES.find((one) => one === named);
  return mode === undefined ? MODES : [mode];
}

function chooseByRating(
  { id, turn }: OpenJob,
  check: WantedCheck,
  applicants: readonly Applicant[],
  known: ReadonlyMap<string, Known>,
): Choice {
  if (applicants.length === 0) return nobody('NOT_FOUND', 'No agent here answers jobs with a check');
  const bound = readBound(check.minRating);
  if (bound === 'malformed') {
    const path = 'contract.min_rating';
    return nobody('BAD_REQUEST', 'min_rating must be a number from 0 to 1', { path });
  }
  const modes = modesOf(check);
  const mayTake = (agent: Known | undefined) => modes.some((mode) => agent?.qualified.has(mode) === true);
  // Before anybody is qualified there is nothing to go by, and all are tried.
  const admitted = [...known.values()].some(mayTake)
    ? applicants.filter(({ agent }) => mayTake(known.get(agent)))
    : applicants;
  if (admitted.length === 0) {
    const message = 'No agent that fits this job is qualified for it at present';
    return nobody('SERVICE_UNAVAILABLE', message, { modes });
  }
  const latencyOf = latencies(admitted, known);
  const candidates = admitted.map(
    ({ agent, price_msats }): Candidate => ({
      agent,
      standing: standingOf(known.get(agent), modes),
      price_msats,
      latency_ms: latencyOf(agent),
    }),
  );
  const [best] = route(candidates, bound, seededRandom(seedOf(id, turn)));
  if (best !== undefined) return { type: 'agent', agent: best.agent };
  const best_rating = Math.max(...candidates.map((one) => one.standing.lowerBound));
  return nobody('NOT_FOUND', 'No agent here is rated as high as this job asks for', {
    min_rating: bound,
    best_rating,
    modes,
  });
}

/** How an agent stands in some modes together. */
export function standingOf(known: Known | undefined, modes: readonly Mode[]): Standing {
  return meanStanding(modes.map((mode) => standing(known?.ratings.get(mode) ?? UNRATED)));
}

/**
 * By the share of jobs that were delivered, price and latency. Nothing is drawn: a client that asked for no proof is not
 * there to find out for others how good a new agent is. With nothing known the order stays.
 */
function byRecord(applicants: readonly Applicant[], known: ReadonlyMap<string, Known>): readonly Applicant[] {
  const latencyOf = latencies(applicants, known);
  return applicants
    .map((applicant, place) => ({
      applicant,
      score:
        successOf(known.get(applicant.agent)) -
        BROKER_PLACE_WORTH * place -
        burden({ price_msats: applicant.price_msats, latency_ms: latencyOf(applicant.agent) }),
    }))
    .sort((a, b) => b.score - a.score)
    .map(({ applicant }) => applicant);
}

function successOf(known: Known | undefined): number {
  const { jobs, success_rate } = known?.reputation ?? { jobs: 0, success_rate: null };
  const delivered = jobs * (success_rate ?? 0);
  return (delivered + BROKER_PRIOR_JOBS * BROKER_PRIOR_SUCCESS) / (jobs + BROKER_PRIOR_JOBS);
}

/** The median time of each; of one that is not known, what the others take on average, so that it is neither a merit nor a fault. */
function latencies(
  applicants: readonly Applicant[],
  known: ReadonlyMap<string, Known>,
): (agent: string) => number {
  const medianOf = (agent: string) => known.get(agent)?.reputation?.median_latency_ms ?? null;
  const medians = applicants.flatMap(({ agent }) => medianOf(agent) ?? []);
  const usual_ms = medians.length === 0 ? 0 : medians.reduce((sum, one) => sum + one, 0) / medians.length;
  return (agent) => medianOf(agent) ?? usual_ms;
}

function readBound(value: Json | undefined): number | null | 'malformed' {
  if (value === undefined || value === null) return null;
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : 'malformed';
}

/** Another draw at each turn. */
function seedOf(id: string, turn: number): number {
  return Number.parseInt(id.slice(0, 8), 16) + turn;
}

function nobody(code: JobFailure['code'], message: string, details?: JobFailure['details']): Choice {
  return { type: 'nobody', failure: details === undefined ? { code, message } : { code, message, details } };
}
