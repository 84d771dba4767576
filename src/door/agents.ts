/** What the doors tell of the agents: facts for programs that choose one. */
import type { KeyedAgent } from '../protocol/agent.ts';
import { isFree } from '../protocol/prices.ts';
import type { Reputation } from '../store/reputation.ts';

/** What is known of the agents beside their definitions. */
export interface AgentFacts {
  reputation(agent: KeyedAgent): Promise<Reputation>;
  /** The card as it is announced, JSON. */
  card(agent: KeyedAgent): Promise<string>;
  cardUrl(agent: KeyedAgent): string;
}

/** What an agent's work costs, sats; members that are 0 are left out, so that nothing says free. */
export interface PricesInSats {
  readonly per_job_sats?: number;
  readonly per_1k_input_tokens_sats?: number;
  readonly per_1k_output_tokens_sats?: number;
  readonly per_1m_fuel_sats?: number;
}

export function pricesInSats({ prices }: Pick<KeyedAgent, 'prices'>): PricesInSats {
  const named = {
    per_job_sats: prices.perJob_msats,
    per_1k_input_tokens_sats: prices.per1kInputTokens_msats,
    per_1k_output_tokens_sats: prices.per1kOutputTokens_msats,
    per_1m_fuel_sats: prices.perMillionFuel_msats,
  };
  return Object.fromEntries(
    Object.entries(named)
      .filter(([, msats]) => msats > 0)
      .map(([name, msats]) => [name, msats / 1_000]),
  );
}

/** The price in words. */
export function priceInWords(agent: Pick<KeyedAgent, 'prices'>): string {
  if (isFree(agent.prices)) return 'free';
  const units: Readonly<Record<keyof PricesInSats, string>> = {
    per_job_sats: 'a job',
    per_1k_input_tokens_sats: '1,000 tokens of input',
    per_1k_output_tokens_sats: '1,000 tokens of output',
    per_1m_fuel_sats: 'a million units of fuel',
  };
  const prices = pricesInSats(agent);
  const parts = [
    [prices.per_job_sats, units.per_job_sats],
    [prices.per_1k_input_tokens_sats, units.per_1k_input_tokens_sats],
    [prices.per_1k_output_tokens_sats, units.per_1k_output_tokens_sats],
    [prices.per_1m_fuel_sats, units.per_1m_fuel_sats],
  ] as const;
  return parts.flatMap(([sats, unit]) => (sats === undefined ? [] : [`${sats} sats for ${unit}`])).join(', ');
}

/** The agents that have all of these words in what they say of themselves, best first. */
export function agentsAbout(agents: readonly KeyedAgent[], words: string): readonly KeyedAgent[] {
  const wanted = words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return agents.filter(({ slug, name, description, tasks }) => {
    const said = [slug, name, description, ...tasks.flatMap((task) => [task.type, task.description])];
    const text = said.join(' ').toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}
