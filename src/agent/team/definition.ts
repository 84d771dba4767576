/** A team as an agent's owner defines it: configuration, like everything about an agent. */
import type { AgentPrices } from '../../protocol/prices.ts';
import type { Role, TeamConfig, TeamInput } from './config.ts';

export interface TeamDefinition {
  readonly team: Omit<TeamInput, 'budget'> & { readonly budget: Omit<TeamInput['budget'], 'msats'> };
  /** What a run may cost, msats: where the request names nothing, and at the most. Both 0 for a free team. */
  readonly budget: { readonly usual_msats: number; readonly most_msats: number };
}

const TOKENS_PER_PRICE = 1_000;

/**
 * The team with what its steps may cost at these prices: no more than all their tokens at the dearer price, and what a role
 * that hires others may pay them. A free team has nothing to pay anybody with.
 */
export function priced(team: TeamConfig, prices: AgentPrices): TeamConfig {
  const roles = Object.entries(team.roles).map(([name, role]) => [name, pricedRole(role, prices)] as const);
  return { ...team, roles: Object.fromEntries(roles) };
}

function pricedRole(role: Role, prices: AgentPrices): Role {
  const { limits } = role;
  const dearer = Math.max(prices.per1kInputTokens_msats, prices.per1kOutputTokens_msats);
  const most = Math.ceil((limits.tokens * dearer) / TOKENS_PER_PRICE);
  const hires_msats = dearer > 0 && role.tools.includes('hire_agent') ? limits.hires_msats : 0;
  return { ...role, limits: { ...limits, msats: Math.min(limits.msats, most) + hires_msats, hires_msats } };
}

/** What tokens cost at an agent's prices, msats, rounded up. */
export function tokenCost(
  prices: AgentPrices,
  tokens: { readonly prompt_tokens: number; readonly completion_tokens: number },
): number {
  const parts =
    tokens.prompt_tokens * prices.per1kInputTokens_msats +
    tokens.completion_tokens * prices.per1kOutputTokens_msats;
  return Math.ceil(parts / TOKENS_PER_PRICE);
}

/** What has to be there before a run can make its first draft: the quotes of all steps up to it, msats. */
export function leastBudget({ order, roles }: TeamConfig): number {
  let sum = 0;
  for (const stage of order) {
    for (const branch of stage) for (const name of branch) sum += roles[name]?.limits.msats ?? 0;
    if (stage.some((branch) => branch.some((name) => roles[name]?.makes === 'draft'))) return sum;
  }
  return sum;
}
