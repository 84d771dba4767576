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
 * The team with what its steps may cost at these prices: no more than all their tokens at the dearer price. Only a role
 * that hires others pays for more than tokens; what its limits say stands.
 */
export function priced(team: TeamConfig, prices: AgentPrices): TeamConfig {
  const roles = Object.entries(team.roles).map(([name, role]) => [name, pricedRole(role, prices)] as const);
  return { ...team, roles: Object.fromEntries(roles) };
}

function pricedRole(role: Role, prices: AgentPrices): Role {
  if (role.tools.includes('hire_agent')) return role;
  const dearer = Math.max(prices.per1kInputTokens_msats, prices.per1kOutputTokens_msats);
  const most = Math.ceil((role.limits.tokens * dearer) / TOKENS_PER_PRICE);
  return { ...role, limits: { ...role.limits, msats: Math.min(role.limits.msats, most) } };
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
