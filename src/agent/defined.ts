/** What an agent's file becomes in this deployment: its model, the tools that are here, its price where it can be paid. */
import type { Config } from '../config.ts';
import { JOB_MAX_INPUT_BYTES } from '../limits.ts';
import { operatorWallet } from '../payment/operator-wallet.ts';
import { isFree } from '../protocol/prices.ts';
import type { DefinedAgent } from './define.ts';
import type { AgentDefinition } from './definition.ts';
import { NO_PARAMETERS } from './parameters.ts';
import { availableTools, type Foundation } from './tools/registry.ts';

const MSATS_PER_SAT = 1_000;

/**
 * The definition of an agent that can work here; null for one that could not: none of its tools is here, or it has a
 * price and there is no wallet. Whoever cannot work must not be announced.
 *
 * @param model the deployment's
 */
export function definitionOf(
  { spec }: DefinedAgent,
  config: Config,
  model: string,
  foundation: Foundation,
): Omit<AgentDefinition, 'rateLimits'> | null {
  const tools = availableTools(spec.tools, foundation);
  if (spec.tools.length > 0 && tools.length === 0) return null;
  const { price, limits } = spec;
  const contextTokens = limits.contextTokens ?? config.models.contextTokens;
  // A file that leaves the context to the deployment cannot know what its answer has to leave to the question.
  const answerTokens = Math.min(limits.outputTokens, Math.floor(contextTokens / 2));
  const prices = {
    perJob_msats: msatsOf(price.perJob_sats),
    per1kInputTokens_msats: msatsOf(price.per1kInputTokens_sats),
    per1kOutputTokens_msats: msatsOf(price.per1kOutputTokens_sats),
    perMillionFuel_msats: 0,
  };
  if (!isFree(prices) && operatorWallet(config) === null) return null;
  const { maxSteps, planEvery } = { maxSteps: spec.steps, planEvery: spec.planEvery ?? null };
  // Its steps, its plans, and the last words of one that is out of steps.
  const answers = maxSteps + (planEvery === null ? 0 : Math.ceil(maxSteps / planEvery)) + 1;
  return {
    slug: spec.slug,
    name: spec.name,
    description: tools.length === 0 ? spec.description : `${spec.description} Tools: ${tools.join(', ')}.`,
    runtime: 'chat',
    loop: {
      instructions: spec.prompt,
      tools,
      maxSteps,
      planEvery,
      maxAnswerTokens: answerTokens,
      maxTokens: limits.tokens,
    },
    arena: spec.arena,
    jobKinds: spec.jobKinds,
    tasks: [{ type: spec.slug, description: spec.description }],
    models: [spec.model ?? model],
    inputFormats: ['text/plain'],
    outputFormats: ['text/plain', 'text/markdown'],
    maxContextTokens: contextTokens,
    maxOutputTokens: Math.min(limits.tokens, answers * answerTokens),
    maxInputBytes: Math.min(JOB_MAX_INPUT_BYTES, contextTokens * 2),
    timeLimit_ms: limits.time_s * 1_000,
    parametersSchema: NO_PARAMETERS,
    authentication: config.agentAuth,
    prices,
    paymentMethods: isFree(prices) ? [] : (spec.payment ?? ['bolt11_prepaid', 'zap', 'credit']),
    owners: config.owners.get(spec.slug) ?? [],
    exampleRequest: { messages: [{ role: 'user', content: spec.example }] },
  };
}

function msatsOf(sats: number): number {
  return Math.round(sats * MSATS_PER_SAT);
}
