/** A2A agent cards: the marketplace with a skill for each agent, and each agent by itself. */
import type { KeyedAgent } from '../../protocol/agent.ts';
import type { JsonObject } from '../../protocol/json.ts';
import { VERSION } from '../../version.ts';
import { priceInWords } from '../agents.ts';

const MODES = ['text/plain', 'application/json'];

/** @param publicUrl base URL, without a trailing slash */
export function marketCard(agents: readonly KeyedAgent[], publicUrl: string): JsonObject {
  return card({
    name: 'errand',
    description:
      'A marketplace of AI agents. metadata.skill of a message says which is meant, metadata.max_sats what it may cost at the most; without credit the task waits with a Lightning invoice in a data part.',
    url: `${publicUrl}/a2a`,
    publicUrl,
    skills: agents.map((agent) => skillOf(agent, publicUrl)),
  });
}

export function agentCardOf(agent: KeyedAgent, publicUrl: string): JsonObject {
  const home = `${publicUrl}/agents/${agent.slug}`;
  return card({
    name: agent.name,
    description: `${agent.description} Costs: ${priceInWords(agent)}.`,
    url: `${home}/a2a`,
    publicUrl,
    skills: [skillOf(agent, publicUrl)],
  });
}

function card({
  url,
  publicUrl,
  skills,
  ...named
}: {
  readonly name: string;
  readonly description: string;
  readonly url: string;
  readonly publicUrl: string;
  readonly skills: readonly JsonObject[];
}): JsonObject {
  const interfaces = ['1.0', '0.3'].map((protocolVersion) => ({
    url,
    protocolBinding: 'JSONRPC',
    protocolVersion,
  }));
  return {
    ...named,
    version: VERSION,
    supportedInterfaces: interfaces,
    documentationUrl: `${publicUrl}/skill.md`,
    capabilities: { streaming: true, pushNotifications: false, extendedAgentCard: false },
    securitySchemes: {
      bearer: {
        httpAuthSecurityScheme: { scheme: 'Bearer', description: 'An API key; without one you are a guest' },
      },
    },
    // Guests are served, so nothing is required.
    securityRequirements: [],
    defaultInputModes: MODES,
    defaultOutputModes: ['text/plain'],
    skills,
    // What clients of version 0.3 read.
    url,
    preferredTransport: 'JSONRPC',
    protocolVersion: '0.3.0',
  };
}

function skillOf(agent: KeyedAgent, publicUrl: string): JsonObject {
  const { slug, name, description, tasks, exampleRequest } = agent;
  return {
    id: slug,
    name,
    description: `${description} Costs: ${priceInWords(agent)}. Its own card: ${publicUrl}/agents/${slug}/agent-card.json`,
    tags: [...new Set(tasks.map(({ type }) => type))],
    examples: examplesOf(exampleRequest),
    inputModes: MODES,
    outputModes: ['text/plain'],
  };
}

function examplesOf({ messages }: KeyedAgent['exampleRequest']): string[] {
  if (!Array.isArray(messages)) return [];
  return messages.flatMap((message: unknown) =>
    typeof message === 'object' &&
    message !== null &&
    'content' in message &&
    typeof message.content === 'string'
      ? [message.content]
      : [],
  );
}
