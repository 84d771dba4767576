/** What a team's file becomes in this deployment. */
import type { Config } from '../config.ts';
import { AGENT_MAX_OUTPUT_BYTES, JOB_MAX_INPUT_BYTES } from '../limits.ts';
import { JOB_KIND } from '../nostr/kinds.ts';
import { operatorWallet } from '../payment/operator-wallet.ts';
import { isFree } from '../protocol/prices.ts';
import type { DefinedTeam } from './define-team.ts';
import type { AgentDefinition } from './definition.ts';
import { teamParameters } from './team/parameters.ts';
import { parseTeam } from './team/parse.ts';

const MSATS_PER_SAT = 1_000;

/** The definition of a team as an agent; null where it has a price and there is no wallet: it must not be announced. */
export function teamAgent(
  { spec, definition }: DefinedTeam,
  config: Config,
  model: string,
): Omit<AgentDefinition, 'rateLimits'> | null {
  const { price, limits } = spec;
  const prices = {
    perJob_msats: 0,
    per1kInputTokens_msats: Math.round(price.per1kInputTokens_sats * MSATS_PER_SAT),
    per1kOutputTokens_msats: Math.round(price.per1kOutputTokens_sats * MSATS_PER_SAT),
    perMillionFuel_msats: 0,
  };
  if (!isFree(prices) && operatorWallet(config) === null) return null;
  return {
    slug: spec.slug,
    name: spec.name,
    description: spec.description,
    runtime: 'team',
    jobKinds: [JOB_KIND.textGeneration],
    tasks: [{ type: spec.slug, description: spec.description }],
    models: [model],
    inputFormats: ['text/plain'],
    outputFormats: ['text/markdown', 'text/plain'],
    // Older work of a run stands in its prompts by summary.
    contextStrategy: 'summarize',
    maxContextTokens: config.models.contextTokens,
    maxOutputTokens: AGENT_MAX_OUTPUT_BYTES / 4,
    maxInputBytes: JOB_MAX_INPUT_BYTES,
    timeLimit_ms: limits.time_s * 1_000,
    parametersSchema: teamParameters({
      budget: isFree(prices) ? null : spec.budget,
      iterations: spec.iterations,
      time_s: limits.time_s,
      roles: Object.keys(
        parseTeam({ ...definition.team, budget: { ...definition.team.budget, msats: 0 } }).roles,
      ),
    }),
    authentication: config.agentAuth,
    prices,
    // Work of hours is no case for an escrow, whose money must be settled within minutes (NIP-47).
    paymentMethods: isFree(prices) ? [] : ['bolt11_prepaid', 'zap', 'credit'],
    owners: config.owners.get(spec.slug) ?? [],
    exampleRequest: { messages: [{ role: 'user', content: spec.example }] },
  };
}
