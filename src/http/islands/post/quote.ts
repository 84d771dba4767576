/** The price before the click: what the marketplace would ask, or what it would refuse. */
import * as z from 'zod/mini';
import { pageFacts } from '../lib/facts.ts';
import { type Asked, fieldAt, type Wrongs } from './order.ts';

const quote = z.object({
  max_msats: z.number(),
  fixed: z.boolean(),
  checked: z.boolean(),
  payment_methods: z.array(z.string()),
});
export type Quoted = z.output<typeof quote>;

const problem = z.object({
  detail: z.string(),
  details: z.optional(z.looseObject({ path: z.optional(z.string()) })),
});

/** A price, what is wrong by field, or why nobody knows now. */
export type QuoteAnswer =
  | { readonly type: 'quote'; readonly quote: Quoted }
  | { readonly type: 'wrong'; readonly wrongs: Wrongs }
  | { readonly type: 'away'; readonly reason: string };

export async function askQuote(
  slug: string,
  asked: Asked,
  client: string | null,
  signal: AbortSignal,
): Promise<QuoteAnswer> {
  const { text, parameters, contract } = asked;
  const request = { messages: [{ role: 'user', content: text }], parameters };
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`${pageFacts().url}/agents/${slug}/quote`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ request, contract, client }),
      signal,
    });
    body = await response.json();
  } catch (error) {
    if (signal.aborted) throw error;
    return { type: 'away', reason: 'The marketplace does not answer. What you typed is kept.' };
  }
  if (response.ok) {
    const read = quote.safeParse(body);
    if (read.success) return { type: 'quote', quote: read.data };
  }
  const told = problem.safeParse(body);
  if (!told.success || response.status >= 500)
    return { type: 'away', reason: 'The marketplace cannot tell the price at the moment.' };
  return { type: 'wrong', wrongs: { [fieldAt(told.data.details?.path ?? '')]: told.data.detail } };
}
