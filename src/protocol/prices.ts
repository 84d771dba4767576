/** What an agent's work costs, as its definition and its card say it. Amounts are whole msats. */
export interface AgentPrices {
  /** For each job. */
  readonly perJob_msats: number;
  readonly per1kInputTokens_msats: number;
  readonly per1kOutputTokens_msats: number;
  /** For a million units of fuel: the work of programs in the sandbox (src/sandbox/fuel.ts). */
  readonly perMillionFuel_msats: number;
}

/** Whether nothing an agent does costs anything. */
export function isFree(prices: AgentPrices): boolean {
  return Object.values(prices).every((price) => price === 0);
}

export const FREE: AgentPrices = {
  perJob_msats: 0,
  per1kInputTokens_msats: 0,
  per1kOutputTokens_msats: 0,
  perMillionFuel_msats: 0,
};
