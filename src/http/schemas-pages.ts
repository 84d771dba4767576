/** Shapes that came with the pages: what the market is asked, the price before the click, what was proved of an answer. */
import * as z from 'zod';
import { MARKET_QUERY_MAX_CHARS } from '../limits.ts';

const json = z.record(z.string(), z.unknown());
const hex32 = z.string().regex(/^[0-9a-f]{64}$/);

/** What would be asked for, in the words of a request (PROTOCOL §2). */
export const QuoteRequest = z.strictObject({
  request: json.describe('As in the `request` tag: messages, parameters, model, …'),
  contract: json.nullable().default(null).describe('As in the `contract` tag'),
  client: hex32
    .nullable()
    .default(null)
    .describe('Who would ask; needed where a part of a check is encrypted to the marketplace'),
});

export const Quote = z.object({
  max_msats: z.int().nonnegative().describe('The most it can cost; earlier turns of a session may add to it'),
  fixed: z.boolean().describe('Whether it costs exactly that; else what is not used goes back'),
  checked: z.boolean().describe('Whether the answer has to pass a check'),
  payment_methods: z.array(z.string()).describe('In the words of the agent card'),
});

/** Of a job with a check: what the marketplace has signed. */
export const Verified = z
  .object({
    passed: z.boolean(),
    verdict_event_id: hex32.describe('The signed verdict, by which anybody can judge again'),
  })
  .nullable()
  .describe('Null for a job without a check, one that is not judged yet, and one that is encrypted');

/** Query of the market as a page. Unknown names are left alone here: links that people share carry all sorts. */
export const MarketQuery = z.object({
  q: z.string().max(MARKET_QUERY_MAX_CHARS).default(''),
  pay: z.enum(['any', 'free', 'priced']).default('any'),
  sort: z.enum(['rating', 'success', 'speed', 'price', 'name']).default('rating'),
  page: z
    .string()
    .regex(/^[1-9]\d{0,4}$/, 'must be a number')
    .transform(Number)
    .default(1),
});
export type MarketQuery = z.output<typeof MarketQuery>;
