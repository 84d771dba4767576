/** The tools about agents: finding them, reading of them, and each of them as a tool of its own. */
import * as z from 'zod';
import { MCP_AGENTS_DEFAULT, MCP_AGENTS_MAX } from '../../limits.ts';
import type { KeyedAgent } from '../../protocol/agent.ts';
import { isList, isObject, type JsonObject } from '../../protocol/json.ts';
import { isFree } from '../../protocol/prices.ts';
import { agentsAbout, priceInWords, pricesInSats } from '../agents.ts';
import { JOB_OUTPUT, max_sats, postAndWait, session, wait_s } from './job-tools.ts';
import { failureShape, jsonSchemaOf, type McpTool, plain, readArguments, type ToolHouse } from './tool.ts';

const prices = z.record(z.string(), z.number()).describe('Sats; empty for a free agent');
const agentShape = z.object({
  slug: z.string(),
  tool: z.string().describe('The tool that asks this agent'),
  name: z.string(),
  description: z.string(),
  tasks: z.array(z.object({ type: z.string(), description: z.string() })),
  prices,
  price: z.string().describe('The same in words'),
});
const listShape = z.object({ agents: z.array(agentShape).optional(), error: failureShape.optional() });
const profileShape = z.object({
  agent: agentShape
    .extend({
      pubkey: z.string().describe('Nostr public key, hex'),
      runtime: z.string(),
      payment_methods: z.array(z.string()),
      parameters: z.record(z.string(), z.unknown()).describe('JSON Schema of its parameters'),
      example_request: z.record(z.string(), z.unknown()),
      reputation: z.object({
        jobs: z.int(),
        success_rate: z.number().nullable(),
        median_latency_ms: z.number().nullable(),
      }),
      card_url: z.string(),
    })
    .optional(),
  error: failureShape.optional(),
});

const FindArguments = z.strictObject({
  query: z.string().default('').describe('Words that all have to be in what the agent says of itself'),
  free: z.boolean().default(false).describe('Only agents that cost nothing'),
  limit: z.int().min(1).max(MCP_AGENTS_MAX).default(MCP_AGENTS_DEFAULT),
});
const GetArguments = z.strictObject({ agent: z.string().describe('Slug of the agent') });

const READ = { readOnly: true, destructive: false, idempotent: true };

export function agentTools(house: ToolHouse): readonly McpTool[] {
  const { desk, agents } = house;
  return [
    {
      name: 'find_agents',
      title: 'Find agents',
      description: 'Lists the agents of this marketplace, best first: what they do and what they cost.',
      input: jsonSchemaOf(FindArguments, 'input'),
      output: jsonSchemaOf(listShape, 'output'),
      hints: READ,
      run: async (args) => {
        const { query, free, limit } = readArguments(FindArguments, args);
        const found = agentsAbout(desk.door.agents, query)
          .filter((agent) => !free || isFree(agent.prices))
          .slice(0, limit);
        const lines = found.map(
          ({ slug, description, ...agent }) => `${slug} (${priceInWords(agent)}): ${description}`,
        );
        return {
          text: lines.length === 0 ? 'No agent fits.' : lines.join('\n'),
          data: plain({ agents: found.map(listed) }),
        };
      },
    },
    {
      name: 'get_agent',
      title: 'Read of an agent',
      description: 'What one agent does, takes, costs, and how its work went so far.',
      input: jsonSchemaOf(GetArguments, 'input'),
      output: jsonSchemaOf(profileShape, 'output'),
      hints: READ,
      run: async (args) => {
        const agent = desk.door.agent(readArguments(GetArguments, args).agent);
        const data = plain({
          agent: {
            ...listed(agent),
            pubkey: agent.pubkey,
            runtime: agent.runtime,
            payment_methods: agent.paymentMethods,
            parameters: agent.parametersSchema,
            example_request: agent.exampleRequest,
            reputation: await agents.reputation(agent),
            card_url: agents.cardUrl(agent),
          },
        });
        return { text: JSON.stringify(data.agent, null, 2), data };
      },
    },
  ];
}

function listed(agent: KeyedAgent): z.infer<typeof agentShape> {
  const { slug, name, description, tasks } = agent;
  return {
    slug,
    tool: toolNameOf(slug),
    name,
    description,
    tasks: tasks.map((task) => ({ ...task })),
    prices: { ...pricesInSats(agent) },
    price: priceInWords(agent),
  };
}

/** Name of the tool that asks an agent. Slugs have letters, digits and hyphens, which every host takes. */
export function toolNameOf(slug: string): string {
  return `ask_${slug}`;
}

/** What a tool of an agent takes beside the agent's own parameters. */
const OwnArguments = z.object({
  text: z.string().min(1).describe('What is asked for'),
  max_sats: max_sats.exactOptional(),
  session: session.exactOptional(),
  wait_s,
});
const OWN = jsonSchemaOf(OwnArguments, 'input');
const OWN_NAMES = Object.keys(OwnArguments.shape);

/** An agent as a tool of its own: its parameters stand beside what is asked. */
export function askTool(house: ToolHouse, agent: KeyedAgent): McpTool {
  const { input, nested } = askInput(agent);
  return {
    name: toolNameOf(agent.slug),
    title: agent.name,
    description: `${agent.description} Costs: ${priceInWords(agent)}.`,
    input,
    output: JOB_OUTPUT,
    hints: { readOnly: false, destructive: false, idempotent: false },
    run: async (args, call) => {
      const {
        text,
        max_sats: most,
        session: talk,
        wait_s: patience_s,
        ...rest
      } = readArguments(AskArguments, args);
      const parameters = nested ? readArguments(Nested, rest).parameters : rest;
      const wish = {
        agent,
        text,
        ...(parameters === undefined ? {} : { parameters }),
        ...(most === undefined ? {} : { max_sats: most }),
        ...(talk === undefined ? {} : { session: talk }),
      };
      return await postAndWait(house, wish, patience_s, call);
    },
  };
}

const AskArguments = OwnArguments.catchall(z.json());
const Nested = z.strictObject({ parameters: z.record(z.string(), z.json()).exactOptional() });

/** The schema of such a tool. Parameters that have a name of ours, or are no members of an object, stand by themselves. */
export function askInput({
  parametersSchema,
  prices: costs,
}: Pick<KeyedAgent, 'parametersSchema' | 'prices'>): {
  readonly input: JsonObject;
  readonly nested: boolean;
} {
  const { $schema: _dialect, $id: _id, properties = {}, required = [], ...rest } = parametersSchema;
  const needed = ['text', ...(isFree(costs) ? [] : ['max_sats'])];
  const own = isObject(OWN.properties) ? OWN.properties : {};
  const plainObject = parametersSchema.type === 'object' && isObject(properties) && isList(required);
  if (plainObject && !OWN_NAMES.some((name) => name in properties)) {
    const input = {
      ...rest,
      type: 'object',
      properties: { ...own, ...properties },
      required: [...needed, ...required],
    };
    return { input, nested: false };
  }
  const parameters = { ...rest, properties, required };
  return { input: { type: 'object', properties: { ...own, parameters }, required: needed }, nested: true };
}
