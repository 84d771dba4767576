/** An agent's card, fetched from where it is announced, and held against the hash that was signed. */
import * as z from 'zod';
import { CLIENT_CARD_MAX_BYTES, CLIENT_HTTP_TIMEOUT_MS } from '../limits.ts';
import { sha256Hex } from '../nostr/event.ts';
import { parseJson } from '../protocol/json.ts';
import type { FoundAgent } from './agents.ts';
import { ClientError } from './failure.ts';

/** What a client reads of a card; cards of other marketplaces may say more, and may leave out all but the key. */
export const clientCard = z.looseObject({
  name: z.string().optional(),
  pubkey: z.string(),
  description: z.string().optional(),
  pricing: z
    .looseObject({
      models: z
        .array(
          z.looseObject({
            id: z.string(),
            fixed_cost: z.number().optional(),
            input_cost_per_1k_tokens: z.number().optional(),
            output_cost_per_1k_tokens: z.number().optional(),
            cost_per_1m_fuel: z.number().optional(),
          }),
        )
        .optional(),
      payment_methods_accepted: z.array(z.string()).optional(),
    })
    .optional(),
  reputation: z
    .looseObject({
      jobs: z.number().optional(),
      success_rate: z.number().nullable().optional(),
      median_latency_ms: z.number().nullable().optional(),
      arena_rating: z.number().optional(),
    })
    .optional(),
  llm_parameters_schema: z.looseObject({ $ref: z.string() }).optional(),
  example_request: z.json().optional(),
});
export type ClientCard = z.output<typeof clientCard>;

/**
 * Fetches the card of an agent.
 *
 * @param fetcher `fetch`, or a guarded one where URLs of strangers must not reach everywhere
 * @throws ClientError NOT_FOUND without one; HTTP when it cannot be fetched, is not what was signed, or another agent's
 */
export async function fetchCard(agent: FoundAgent, fetcher: typeof fetch = fetch): Promise<ClientCard> {
  if (agent.card === null) throw new ClientError('NOT_FOUND', `${agent.slug} announces no card`);
  const { url, sha256 } = agent.card;
  if (!/^https?:\/\//.test(url))
    throw new ClientError('HTTP', `the card's address is no http(s) URL: ${url}`);
  const bytes = await bytesOf(url, fetcher);
  if (sha256Hex(bytes) !== sha256)
    throw new ClientError('HTTP', `the card at ${url} is not the one that was signed`);
  const card = clientCard.safeParse(parseJson(new TextDecoder().decode(bytes)));
  if (!card.success) throw new ClientError('HTTP', `what is at ${url} is no agent card`);
  if (card.data.pubkey !== agent.pubkey)
    throw new ClientError('HTTP', `the card at ${url} is another agent's`);
  return card.data;
}

async function bytesOf(url: string, fetcher: typeof fetch): Promise<Uint8Array> {
  try {
    const response = await fetcher(url, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(CLIENT_HTTP_TIMEOUT_MS),
    });
    if (!response.ok) throw new ClientError('HTTP', `${url} answered ${response.status}`);
    const length = Number(response.headers.get('content-length') ?? 0);
    const bytes = length > CLIENT_CARD_MAX_BYTES ? null : new Uint8Array(await response.arrayBuffer());
    if (bytes === null || bytes.length > CLIENT_CARD_MAX_BYTES)
      throw new ClientError('HTTP', `the card at ${url} is larger than ${CLIENT_CARD_MAX_BYTES} bytes`);
    return bytes;
  } catch (cause) {
    if (cause instanceof ClientError) throw cause;
    throw new ClientError('HTTP', `${url} cannot be fetched: ${String(cause)}`, { cause });
  }
}
