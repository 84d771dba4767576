/** Agent cards (PROTOCOL §8): what an agent says of itself, built from its definition and the enforced limits. */
import type { ContextStrategy } from '../config/models.ts';
import type { Config } from '../config.ts';
import type { Json } from '../errors.ts';
import { ESCROW_HOLD_BLOCKS, ESCROW_MIN_MSATS } from '../limits.ts';
import { sha256Hex } from '../nostr/event.ts';
import type { KeyedAgent } from './agent.ts';
import { NIP_VERSION } from './dialect.ts';

/** What the record says of an agent's work. */
export interface CardReputation {
  readonly jobs: number;
  /** 0 to 1; null before the first job. */
  readonly success_rate: number | null;
  readonly median_latency_ms: number | null;
  readonly arena_rating?: number;
}

/** A way to the agent: by Nostr, with the request kind as text, or by HTTP. */
export type CardProtocol =
  | { readonly type: 'nostr_nip_yyy' | 'nostr_nip_90'; readonly kind: string }
  | {
      readonly type: 'http_api' | 'mcp' | 'a2a';
      readonly endpoint_url: string;
      readonly docs_url: string;
    };

export interface CardPrice {
  readonly id: string;
  readonly input_cost_per_1k_tokens: number;
  readonly output_cost_per_1k_tokens: number;
  readonly fixed_cost?: number;
  /** Where programs are run: sats for a million units of fuel. */
  readonly cost_per_1m_fuel?: number;
}

/** How an agent keeps the promise of escrow: no result, no pay. */
export interface EscrowDetails {
  /**
   * `hold_invoice`: the payment is locked before the job starts, and taken with its result. `prepaid_refund`: the
   * operator's wallet cannot lock payments, so it is taken at once and given back as credit.
   */
  readonly mechanism: 'hold_invoice' | 'prepaid_refund';
  /** Smaller prices are paid as with `prepaid_refund`. */
  readonly minimum_sats: number;
  /** Blocks a payment is locked at the most. */
  readonly hold_blocks: number;
  /** When it is taken. */
  readonly released_on: 'delivery';
  /** When it is given back. */
  readonly refunded_on: readonly string[];
}

/** The card as it is served. Its JSON Schema is agent-card.schema.ts. */
export interface AgentCard {
  readonly nip_yyy_version: string;
  /** SemVer; see card-version.ts. */
  readonly agent_card_version: string;
  readonly name: string;
  readonly pubkey: string;
  readonly description: string;
  readonly capabilities: {
    readonly tasks: readonly { readonly type: string; readonly description: string }[];
    readonly supported_models: readonly string[];
    readonly supported_input_formats: readonly string[];
    readonly supported_output_formats: readonly string[];
    readonly max_context_tokens: number;
    readonly context_refresh_strategy: string;
    readonly max_input_bytes: number;
    readonly time_limit_ms: number;
  };
  readonly interaction_protocols: readonly CardProtocol[];
  readonly llm_parameters_schema: { readonly $ref: string };
  readonly pricing: {
    readonly default_currency: 'sats';
    readonly models: readonly CardPrice[];
    readonly payment_methods_accepted: readonly string[];
    readonly escrow_details?: EscrowDetails;
  };
  readonly authentication: { readonly type: string };
  readonly rate_limits: {
    readonly anonymous_requests_per_hour: number;
    readonly authenticated_requests_per_hour: number;
  };
  readonly terms_of_service_url?: string;
  readonly privacy_policy_url?: string;
  readonly reputation: CardReputation;
  readonly example_request: { readonly [key: string]: Json };
}

/** How an agent keeps a conversation within its context, in the words of the card. */
const CONTEXT_STRATEGY: { readonly [strategy in ContextStrategy]: string } = {
  truncate: 'sliding_window',
  summarize: 'summarize',
};

/** The model names an agent answers to: its own, then the models behind it. */
export function modelNames(agent: KeyedAgent): readonly string[] {
  return [agent.slug, ...agent.models];
}

/** The URL of an agent's card. */
export function cardUrl(agent: KeyedAgent, config: Config): string {
  return `${config.publicUrl}/agents/${agent.slug}/card.json`;
}

/**
 * Builds an agent's card. Only what is served is listed.
 *
 * @param version SemVer, chosen by `nextCard`
 * @param canHold whether the operator's wallet can lock payments
 */
export function agentCard(
  agent: KeyedAgent,
  config: Config,
  reputation: CardReputation,
  version: string,
  canHold = true,
): AgentCard {
  const escrow = agent.paymentMethods.includes('escrow_hodl_optional');
  const methods = agent.paymentMethods.map((method) =>
    method === 'escrow_hodl_optional' && !canHold ? 'bolt11_prepaid' : method,
  );
  return {
    nip_yyy_version: NIP_VERSION,
    agent_card_version: version,
    name: agent.name,
    pubkey: agent.pubkey,
    description: agent.description,
    capabilities: {
      tasks: agent.tasks,
      supported_models: modelNames(agent),
      supported_input_formats: agent.inputFormats,
      supported_output_formats: agent.outputFormats,
      max_context_tokens: agent.maxContextTokens,
      context_refresh_strategy:
        agent.contextStrategy === undefined ? 'none' : CONTEXT_STRATEGY[agent.contextStrategy],
      max_input_bytes: agent.maxInputBytes,
      time_limit_ms: agent.timeLimit_ms,
    },
    interaction_protocols: [
      { type: 'nostr_nip_yyy', kind: String(config.kinds.task) },
      ...agent.jobKinds.map((kind) => ({ type: 'nostr_nip_90' as const, kind: String(kind) })),
      {
        type: 'http_api',
        endpoint_url: `${config.publicUrl}/v1/chat/completions`,
        docs_url: `${config.publicUrl}/openapi.json`,
      },
    ],
    llm_parameters_schema: { $ref: parametersUrl(agent, config) },
    pricing: {
      default_currency: 'sats',
      models: modelNames(agent).map((id) => ({
        id,
        input_cost_per_1k_tokens: agent.prices.per1kInputTokens_msats / 1000,
        output_cost_per_1k_tokens: agent.prices.per1kOutputTokens_msats / 1000,
        ...(agent.prices.perJob_msats === 0 ? {} : { fixed_cost: agent.prices.perJob_msats / 1000 }),
        ...(agent.prices.perMillionFuel_msats === 0
          ? {}
          : { cost_per_1m_fuel: agent.prices.perMillionFuel_msats / 1000 }),
      })),
      payment_methods_accepted: [...new Set(methods)],
      ...(escrow ? { escrow_details: escrowDetails(canHold) } : {}),
    },
    authentication: { type: agent.authentication },
    rate_limits: {
      anonymous_requests_per_hour: agent.rateLimits.anonymousPerHour,
      authenticated_requests_per_hour: agent.rateLimits.authenticatedPerHour,
    },
    ...(agent.termsUrl === undefined ? {} : { terms_of_service_url: agent.termsUrl }),
    ...(agent.privacyUrl === undefined ? {} : { privacy_policy_url: agent.privacyUrl }),
    reputation,
    example_request: agent.exampleRequest,
  };
}

function escrowDetails(canHold: boolean): EscrowDetails {
  return {
    mechanism: canHold ? 'hold_invoice' : 'prepaid_refund',
    minimum_sats: ESCROW_MIN_MSATS / 1_000,
    hold_blocks: ESCROW_HOLD_BLOCKS,
    released_on: 'delivery',
    refunded_on: ['failure', 'timeout', 'cancellation'],
  };
}

/** The schema's hash stands in its URL, so that a changed schema is a changed card. */
function parametersUrl(agent: KeyedAgent, config: Config): string {
  const hash = sha256Hex(JSON.stringify(agent.parametersSchema)).slice(0, 16);
  return `${config.publicUrl}/agents/${agent.slug}/parameters.json?sha256=${hash}`;
}
