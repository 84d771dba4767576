/** The agents that run programs: one with the operator's price, and locally one to try paying by fuel with. */
import type { Config } from '../../config.ts';
import { AGENT_MAX_OUTPUT_BYTES, JOB_MAX_INPUT_BYTES, SANDBOX_FUEL, SANDBOX_MAX_FUEL } from '../../limits.ts';
import { JOB_KIND } from '../../nostr/kinds.ts';
import { operatorWallet } from '../../payment/operator-wallet.ts';
import { FREE } from '../../protocol/prices.ts';
import type { AgentDefinition } from '../definition.ts';
import { codeParameters } from '../parameters.ts';

/** With a wait for the sandbox, and tries when it breaks, ms. */
const TIME_LIMIT_MS = 60_000;
/** Of the variant to try, msats: all of the usual budget comes to 20 sats. */
const DEVELOPMENT_PRICE_MSATS = 400;

type Unlimited = Omit<AgentDefinition, 'rateLimits'>;

/** None where it has a price and nobody can be paid: who cannot work must not be announced. */
export function codeAgents(config: Config): readonly Unlimited[] {
  const wallet = operatorWallet(config);
  const { fuelPrice_msats } = config;
  const agents = fuelPrice_msats > 0 && wallet === null ? [] : [codeAgent(config, fuelPrice_msats)];
  // Something to pay for, as with `discover`.
  if (!config.local || wallet === null) return agents;
  const priced = codeAgent(config, DEVELOPMENT_PRICE_MSATS);
  const slug = 'code-prepaid';
  return [
    ...agents,
    {
      ...priced,
      slug,
      name: `${priced.name} (prepaid)`,
      description: `${priced.description} Costs 0.4 sats for a million units of fuel; what a job does not use is credit.`,
      owners: config.owners.get(slug) ?? [],
    },
  ];
}

function codeAgent(config: Config, price_msats: number): Unlimited {
  const isFree = price_msats === 0;
  return {
    slug: 'code',
    name: 'Code',
    description:
      'Runs a Python or JavaScript function on your input in a sandbox without network, files or clock, and answers with its value. The same program costs the same fuel every time.',
    runtime: 'code',
    jobKinds: [JOB_KIND.codeExecution],
    tasks: [
      {
        type: 'code-execution',
        description:
          'The value of f for an input; the message is JSON {language, program, input} (kind 5601)',
      },
    ],
    models: [],
    inputFormats: ['application/json', 'text/plain'],
    outputFormats: ['text/plain', 'application/json'],
    maxContextTokens: JOB_MAX_INPUT_BYTES / 4,
    maxOutputTokens: AGENT_MAX_OUTPUT_BYTES / 4,
    maxInputBytes: JOB_MAX_INPUT_BYTES,
    timeLimit_ms: TIME_LIMIT_MS,
    // Who pays may have more than is given away.
    parametersSchema: codeParameters(isFree ? SANDBOX_FUEL : SANDBOX_MAX_FUEL),
    authentication: config.agentAuth,
    prices: { ...FREE, perMillionFuel_msats: price_msats },
    paymentMethods: isFree ? [] : ['bolt11_prepaid', 'zap', 'credit'],
    owners: config.owners.get('code') ?? [],
    exampleRequest: {
      messages: [
        {
          role: 'user',
          content: JSON.stringify({
            language: 'python',
            program: 'def f(words):\n    return sorted(words, key=len)',
            input: "['nostr', 'zap', 'relay']",
          }),
        },
      ],
      parameters: { fuel: 10_000_000 },
    },
  };
}
