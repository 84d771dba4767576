/**
 * What a job costs: a quote before it, which is the most it can cost, and a charge after it, which is what it used and
 * never more than the quote. What was paid and not used goes back to the client's credit (ledger-entries.ts).
 */
import type { JobFailure } from '../errors.ts';
import { AGENT_MAX_FETCHED_BYTES } from '../limits.ts';
import type { ContentPart, Cost, CostItem, JobBody, JobOutput, Usage } from '../protocol/model.ts';
import type { AgentPrices } from '../protocol/prices.ts';
import { utf8Bytes } from '../protocol/size.ts';
import { add, ceilDivide, type Msats, msats, msatsFromSats, subtract, toNumber } from './msats.ts';

/** What of an agent its prices depend on. */
export interface PricedAgent {
  readonly prices: AgentPrices;
  /** A prompt never has more tokens. */
  readonly maxContextTokens: number;
  /** An answer never has more tokens. */
  readonly maxOutputTokens: number;
  /** An agent that asks its model many times: what all questions and answers of a job may be, tokens. */
  readonly loop?: { readonly maxTokens: number };
}

/** The most a job can cost. */
export interface Quote {
  readonly max: Msats;
  /** Whether it costs exactly that. */
  readonly fixed: boolean;
  readonly prices: AgentPrices;
}

/** What a job used. */
export interface Used extends Usage {
  /** Work of programs, units of fuel. */
  readonly fuel: number;
}

/** What a job costs in the end. */
export interface Charge {
  readonly total: Msats;
  /** What of the quote is left. */
  readonly rest: Msats;
  readonly cost: Cost;
}

/**
 * Bytes of UTF-8 per token at the least, over a whole text: about four in English, three in Chinese or Japanese. A
 * text that needs more tokens costs the agent and not the client, who was promised a maximum.
 */
const BYTES_PER_TOKEN = 3;
/** What models add around each message. */
const TOKENS_PER_MESSAGE = 8;
/** An image counts as so many tokens at the most, in the models of today. */
const TOKENS_PER_IMAGE = 1_600;
const FUEL_PER_PRICE = 1_000_000n;

/**
 * The price of a job before it starts.
 *
 * @param history_bytes UTF-8 of the earlier turns that go along in a session
 * @param fuel the most its programs may use, units
 */
export function quote(agent: PricedAgent, body: JobBody, history_bytes = 0, fuel = 0): Quote {
  const { prices } = agent;
  const most = total(prices, { ...mostTokens(agent, body, history_bytes), fuel });
  const max = roundsTwice(agent) ? add(most, msats(1)) : most;
  return { max, fixed: max === msats(prices.perJob_msats), prices };
}

/** Whether a mix of tokens may cost a msat more than the dearest one: both kinds are rounded up, each by itself. */
function roundsTwice({ loop, prices }: PricedAgent): boolean {
  return (
    loop !== undefined &&
    prices.per1kInputTokens_msats % 1_000 > 0 &&
    prices.per1kOutputTokens_msats % 1_000 > 0
  );
}

/**
 * Why a quote is not acceptable to the client, who said what it will pay at most: NIP-90's `bid`, or the contract's
 * `payment_amount_sats`. Null when it is.
 */
export function refuseQuote({ max }: Quote, body: JobBody): JobFailure | null {
  if (body.bid_msats !== null && max > BigInt(Math.floor(body.bid_msats))) {
    return tooDear(max, 'bid_msats', body.bid_msats);
  }
  const agreed = contractAmount(body);
  if (agreed === 'malformed') {
    return {
      code: 'BAD_REQUEST',
      message: 'payment_amount_sats must be a whole number of sats',
      details: { path: 'contract.payment_amount_sats' },
    };
  }
  return agreed !== null && max > agreed ? tooDear(max, 'contract_msats', toNumber(agreed)) : null;
}

/** The price of a job after it: each item rounded up to a msat, and together never more than the quote. */
export function charge({ max, prices }: Quote, used: Used): Charge {
  const items = itemsOf(prices, used);
  const sum = items.reduce((all, { amount }) => all + amount, 0n);
  const capped = sum < max ? msats(sum) : max;
  const breakdown: CostItem[] = [];
  let left = capped;
  for (const { item, amount, units } of items) {
    const part = amount < left ? msats(amount) : left;
    left = subtract(left, part);
    const cost_msats = toNumber(part);
    if (units !== undefined) breakdown.push({ item, units, cost_msats });
    else if (amount > 0n) breakdown.push({ item, cost_msats });
  }
  return {
    total: capped,
    rest: subtract(max, capped),
    cost: {
      input_tokens: used.prompt_tokens,
      output_tokens: used.completion_tokens,
      price_msats: toNumber(capped),
      breakdown,
    },
  };
}

/** The price of a job whose agent metered it step by step, each item as it was metered, and together never more than the quote. */
export function chargeMetered(max: Msats, usage: Usage, metered: NonNullable<JobOutput['metered']>): Cost {
  const price_msats = Math.min(metered.msats, toNumber(max));
  const passedOn_msats = Math.min(metered.passedOn_msats ?? 0, price_msats);
  let left = price_msats;
  const breakdown = metered.breakdown.map((item) => {
    const part = Math.min(item.cost_msats, left);
    left -= part;
    return { ...item, cost_msats: part };
  });
  return {
    input_tokens: usage.prompt_tokens,
    output_tokens: usage.completion_tokens,
    price_msats,
    breakdown,
    ...(passedOn_msats === 0 ? {} : { passedOn_msats }),
  };
}

function mostTokens(
  { prices, loop, maxContextTokens, maxOutputTokens }: PricedAgent,
  body: JobBody,
  history_bytes: number,
): Pick<Used, 'prompt_tokens' | 'completion_tokens'> {
  if (loop === undefined) {
    return {
      prompt_tokens: Math.min(promptTokens(body, history_bytes), maxContextTokens),
      completion_tokens: Math.min(wantedTokens(body) ?? maxOutputTokens, maxOutputTokens),
    };
  }
  // One sum for both: the dearest mix is as much as can be of the dearer kind.
  const dearAnswers = prices.per1kOutputTokens_msats >= prices.per1kInputTokens_msats;
  const completion_tokens = dearAnswers ? Math.min(maxOutputTokens, loop.maxTokens) : 0;
  return { prompt_tokens: loop.maxTokens - completion_tokens, completion_tokens };
}

type Metered = Pick<Used, 'prompt_tokens' | 'completion_tokens' | 'fuel'>;

function itemsOf(
  prices: AgentPrices,
  used: Metered,
): readonly { readonly item: string; readonly amount: bigint; readonly units?: number }[] {
  const per = (price_msats: number, count: number, unit: bigint): bigint =>
    ceilDivide(BigInt(price_msats) * BigInt(Math.max(0, Math.ceil(count))), unit);
  return [
    { item: 'job', amount: BigInt(prices.perJob_msats) },
    { item: 'input_tokens', amount: per(prices.per1kInputTokens_msats, used.prompt_tokens, 1_000n) },
    { item: 'output_tokens', amount: per(prices.per1kOutputTokens_msats, used.completion_tokens, 1_000n) },
    {
      item: 'fuel',
      // A quote that was stored before there was a price for fuel names none.
      amount: per(prices.perMillionFuel_msats ?? 0, used.fuel, FUEL_PER_PRICE),
      // Told even where it costs nothing: it is what the next job's budget is chosen by.
      ...(used.fuel === 0 ? {} : { units: used.fuel }),
    },
  ];
}

function total(prices: AgentPrices, used: Metered): Msats {
  return add(...itemsOf(prices, used).map(({ amount }) => msats(amount)));
}

function promptTokens({ messages, parameters, tools, inputs }: JobBody, history_bytes: number): number {
  const parts = messages.flatMap(({ content }): readonly ContentPart[] =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : content,
  );
  const text_bytes = parts.reduce((sum, part) => sum + (part.type === 'text' ? utf8Bytes(part.text) : 0), 0);
  const images = parts.filter((part) => part.type === 'image_url').length;
  const calls = messages.flatMap(({ tool_calls = [] }) => tool_calls);
  const rest_bytes =
    utf8Bytes(JSON.stringify(parameters)) +
    (tools === null ? 0 : utf8Bytes(JSON.stringify(tools))) +
    (calls.length === 0 ? 0 : utf8Bytes(JSON.stringify(calls)));
  // What inputs refer to is fetched later, when the price stands already.
  const fetched_bytes = inputs.length === 0 ? 0 : AGENT_MAX_FETCHED_BYTES;
  const bytes = text_bytes + rest_bytes + history_bytes + fetched_bytes;
  return (
    Math.ceil(bytes / BYTES_PER_TOKEN) + messages.length * TOKENS_PER_MESSAGE + images * TOKENS_PER_IMAGE
  );
}

/** `max_tokens` of the request, in either of its OpenAI spellings, where it is a whole number. */
function wantedTokens({ parameters }: JobBody): number | null {
  const wanted = parameters.max_completion_tokens ?? parameters.max_tokens;
  return typeof wanted === 'number' && Number.isSafeInteger(wanted) && wanted >= 0 ? wanted : null;
}

function contractAmount({ contract }: JobBody): Msats | null | 'malformed' {
  if (typeof contract !== 'object' || contract === null || !('payment_amount_sats' in contract)) return null;
  const sats: unknown = contract.payment_amount_sats;
  return sats === null ? null : (msatsFromSats(sats) ?? 'malformed');
}

function tooDear(max: Msats, name: string, offered: number): JobFailure {
  return {
    code: 'INSUFFICIENT_FUNDS',
    message: 'This job may cost more than the request offers',
    details: { price_msats: toNumber(max), [name]: offered },
  };
}
