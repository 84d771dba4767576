/** JSON Schema (2020-12) of the agent card, as strict as the type in card.ts. Served cards are tested against it. */
import type { JsonObject } from './json.ts';

const text = { type: 'string', minLength: 1 };
const texts = { type: 'array', items: text, uniqueItems: true };
const count = { type: 'integer', minimum: 0 };
const amount = { type: 'number', minimum: 0 };

/** An object that has exactly these members, apart from the ones named optional. */
function exactly(properties: JsonObject, optional: readonly string[] = []): JsonObject {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

export const AGENT_CARD_SCHEMA: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Agent card',
  ...exactly(
    {
      nip_yyy_version: { type: 'string', pattern: '^\\d{8}$' },
      agent_card_version: { type: 'string', pattern: '^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)$' },
      name: text,
      pubkey: { type: 'string', pattern: '^[0-9a-f]{64}$' },
      description: text,
      capabilities: exactly({
        tasks: { type: 'array', minItems: 1, items: exactly({ type: text, description: text }) },
        supported_models: { ...texts, minItems: 1 },
        supported_input_formats: texts,
        supported_output_formats: texts,
        max_context_tokens: count,
        context_refresh_strategy: { enum: ['none', 'sliding_window', 'summarize'] },
        max_input_bytes: count,
        time_limit_ms: count,
      }),
      interaction_protocols: {
        type: 'array',
        minItems: 1,
        items: {
          anyOf: [
            exactly({
              type: { enum: ['nostr_nip_yyy', 'nostr_nip_90'] },
              kind: { type: 'string', pattern: '^\\d{1,5}$' },
            }),
            exactly({
              type: { enum: ['http_api', 'mcp', 'a2a'] },
              endpoint_url: { type: 'string', pattern: '^https?://' },
              docs_url: { type: 'string', pattern: '^https?://' },
            }),
          ],
        },
      },
      llm_parameters_schema: exactly({ $ref: { type: 'string', pattern: '^https?://' } }),
      pricing: exactly(
        {
          default_currency: { const: 'sats' },
          models: {
            type: 'array',
            items: exactly(
              {
                id: text,
                input_cost_per_1k_tokens: amount,
                output_cost_per_1k_tokens: amount,
                fixed_cost: amount,
                cost_per_1m_fuel: amount,
              },
              ['fixed_cost', 'cost_per_1m_fuel'],
            ),
          },
          payment_methods_accepted: texts,
          escrow_details: exactly({
            mechanism: { enum: ['hold_invoice', 'prepaid_refund'] },
            minimum_sats: amount,
            hold_blocks: count,
            released_on: { const: 'delivery' },
            refunded_on: texts,
          }),
        },
        ['escrow_details'],
      ),
      authentication: exactly({ type: { enum: ['none', 'nip42'] } }),
      rate_limits: exactly({ anonymous_requests_per_hour: count, authenticated_requests_per_hour: count }),
      reputation: exactly(
        {
          jobs: count,
          success_rate: { type: ['number', 'null'], minimum: 0, maximum: 1 },
          median_latency_ms: { type: ['number', 'null'], minimum: 0 },
          arena_rating: { type: 'number' },
        },
        ['arena_rating'],
      ),
      terms_of_service_url: { type: 'string', pattern: '^https?://' },
      privacy_policy_url: { type: 'string', pattern: '^https?://' },
      example_request: { type: 'object' },
    },
    ['terms_of_service_url', 'privacy_policy_url'],
  ),
};
