/** What of a listing's parts does not go together: a runtime without its part, a price nobody could be paid. */
import { AGENT_MAX_TIME_S, EXTERNAL_MAX_TIME_S, REMOTE_MAX_TIME_S } from '../../limits.ts';

export interface SpecProblem {
  readonly path: readonly string[];
  readonly message: string;
}

/** What is looked at here. */
interface Sections {
  readonly runtime: 'chat' | 'team' | 'code' | 'remote' | 'external';
  readonly chat?: unknown;
  readonly team?: unknown;
  readonly remote?: { readonly protocol: string } | undefined;
  readonly external?:
    | {
        readonly dialect?: string | undefined;
        readonly kind?: number | undefined;
        readonly max_sats: number;
      }
    | undefined;
  readonly price: {
    readonly per_job_sats: number;
    readonly per_1k_input_tokens_sats: number;
    readonly per_1k_output_tokens_sats: number;
    readonly per_1m_fuel_sats: number;
  };
  readonly payment?: readonly string[] | undefined;
  readonly lud16?: string | undefined;
  readonly limits: { readonly time_s?: number | undefined };
}

const PARTS = ['chat', 'team', 'remote', 'external'] as const;

/** Work of hours, and money passed on to others, is no case for an escrow or for trust (defined-team.ts). */
const PAID_FIRST = new Set(['bolt11_prepaid', 'zap', 'credit']);

export function problemOfSections(spec: Sections): SpecProblem[] {
  return [...partProblems(spec), ...moneyProblems(spec), ...externalProblems(spec), ...timeProblems(spec)];
}

function partProblems(spec: Sections): SpecProblem[] {
  return PARTS.flatMap((part): SpecProblem[] => {
    const given = spec[part] !== undefined;
    if (part === spec.runtime && !given) return [{ path: [part], message: `is needed for ${part} agents` }];
    if (part !== spec.runtime && given)
      return [{ path: [part], message: `has no place in a listing of the runtime ${spec.runtime}` }];
    return [];
  });
}

function moneyProblems({ price, payment, lud16, runtime }: Sections): SpecProblem[] {
  const free = Object.values(price).every((amount) => amount === 0);
  if (free) {
    return payment === undefined ? [] : [{ path: ['payment'], message: 'is of no use without a price' }];
  }
  const problems: SpecProblem[] = [];
  if (lud16 === undefined)
    problems.push({ path: ['lud16'], message: 'is needed for a priced agent: where is its owner paid?' });
  const late = payment?.find((way) => !PAID_FIRST.has(way));
  if (late !== undefined && (runtime === 'team' || runtime === 'external'))
    problems.push({ path: ['payment'], message: `${late} is not for ${runtime} agents` });
  if (runtime !== 'code' && price.per_1m_fuel_sats > 0)
    problems.push({ path: ['price', 'per_1m_fuel_sats'], message: 'is for code agents' });
  if (runtime === 'team' && price.per_job_sats > 0)
    problems.push({ path: ['price', 'per_job_sats'], message: 'teams are paid by tokens' });
  return problems;
}

/** An external agent is paid by the operator's wallet, out of a price that is known beforehand. */
function externalProblems({ external, price, runtime }: Sections): SpecProblem[] {
  if (runtime !== 'external' || external === undefined) return [];
  const problems: SpecProblem[] = [];
  const metered = price.per_1k_input_tokens_sats + price.per_1k_output_tokens_sats;
  if (metered > 0) problems.push({ path: ['price'], message: 'external agents have a price per job only' });
  if (external.max_sats > price.per_job_sats)
    problems.push({ path: ['external', 'max_sats'], message: 'must not be more than the price of a job' });
  if (external.dialect === 'nip90' && external.kind === undefined)
    problems.push({ path: ['external', 'kind'], message: 'is needed with the dialect nip90' });
  return problems;
}

function timeProblems({ runtime, limits: { time_s } }: Sections): SpecProblem[] {
  const most =
    runtime === 'remote'
      ? REMOTE_MAX_TIME_S
      : runtime === 'external' || runtime === 'team'
        ? EXTERNAL_MAX_TIME_S
        : AGENT_MAX_TIME_S;
  if (time_s === undefined || time_s <= most) return [];
  return [{ path: ['limits', 'time_s'], message: `must be at most ${most} for ${runtime} agents` }];
}
