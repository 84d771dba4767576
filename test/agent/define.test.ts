/** Agents as files: their mistakes are named when they are defined, and only what can work here is announced. */
import { describe, expect, test } from 'vitest';
import { AGENTS } from '../../agents/index.ts';
import { type AgentSpec, defineAgent } from '../../src/agent/define.ts';
import { DefinitionError } from '../../src/agent/define-shape.ts';
import { embeddedAgents } from '../../src/agent/embedded.ts';
import { defineLoop } from '../../src/agent/loop/definition.ts';
import { ConfigError, readConfig } from '../../src/config.ts';
import { AGENT_STEPS, AGENT_TOKENS } from '../../src/limits.ts';

const SPEC: AgentSpec = {
  slug: 'reader',
  name: 'Reader',
  description: 'Reads.',
  prompt: 'You read.',
  example: 'Read this.',
};
const MODEL = { MODEL_BASE_URL: 'http://127.0.0.1:1/v1', MODEL: 'small' };

/** The agents of a deployment that were defined in files. */
function announced(specs: readonly AgentSpec[], raw: Record<string, string> = {}) {
  const config = readConfig({ LOCAL: '1', ...MODEL, ...raw });
  return embeddedAgents(config, { agents: specs.map(defineAgent) }).filter(({ loop }) => loop !== undefined);
}

describe('a definition', () => {
  test('of five members is an agent, with a default for everything else', () => {
    expect(announced([SPEC])).toMatchObject([
      {
        slug: 'reader',
        runtime: 'chat',
        models: ['small'],
        jobKinds: [5050],
        description: 'Reads.',
        paymentMethods: [],
        loop: { instructions: 'You read.', tools: [], maxSteps: AGENT_STEPS, maxTokens: AGENT_TOKENS },
      },
    ]);
  });

  test.each<[string, Partial<AgentSpec>, RegExp]>([
    ['a slug with capitals', { slug: 'Reader' }, /^the agent "Reader": slug: must be lower-case/],
    ['a slug that is too long for a name in DNS', { slug: 'a'.repeat(64) }, /: slug: /],
    ['no name', { name: ' ' }, /^the agent "reader": name: must not be empty/],
    ['a description of two lines', { description: 'a\nb' }, /: description: must be one line/],
    ['no prompt', { prompt: '' }, /: prompt: must not be empty/],
    ['a tool nobody has', { tools: ['visit_page', 'web_serch'] }, /: tools\.1: there is no tool web_serch;/],
    ['a tool with capitals', { tools: ['Web'] }, /: tools\.0: must be lower-case/],
    ['a tool with one word', { tools: ['wiki'] }, /: tools\.0: there is no tool wiki/],
    ['the tool every agent has', { tools: ['final_answer'] }, /: tools\.0: there is no tool final_answer/],
    ['a tool twice', { tools: ['visit_page', 'visit_page'] }, /: tools: names one tool twice/],
    ['no steps', { steps: 0 }, /: steps: /],
    ['half a step', { planEvery: 1.5 }, /: planEvery: /],
    [
      'an answer longer than its context',
      { limits: { outputTokens: 9_000, contextTokens: 16_000 } },
      /: limits\.outputTokens: must leave half/,
    ],
    ['more time than a step has', { limits: { time_s: 10_000 } }, /: limits\.time_s: /],
    ['a price below nothing', { price: { perJob_sats: -1 } }, /: price\.perJob_sats: /],
    ['a price below a msat', { price: { perJob_sats: 0.0001 } }, /: price\.perJob_sats: must have at most/],
    ['a way to pay nothing', { payment: ['zap'] }, /: payment: is of no use without a price/],
    ['a kind that is no request', { jobKinds: [7001] }, /: jobKinds\.0: /],
  ])('with %s is refused by the name of its field', (_, change, message) => {
    const define = () => defineAgent({ ...SPEC, ...change });
    expect(define).toThrow(DefinitionError);
    expect(define).toThrow(message);
  });

  test('that leaves the context to the deployment has its model’s, and answers that leave half of it', () => {
    const contexts = (raw: Record<string, string>, limits: AgentSpec['limits'] = {}) =>
      announced([{ ...SPEC, limits }], raw).map(({ maxContextTokens, loop }) => [
        maxContextTokens,
        loop?.maxAnswerTokens,
      ]);
    expect(contexts({})).toEqual([[16_384, 4_096]]);
    expect(contexts({ MODEL_CONTEXT_TOKENS: '128000' })).toEqual([[128_000, 4_096]]);
    expect(contexts({ MODEL_CONTEXT_TOKENS: '3000' })).toEqual([[3_000, 1_500]]);
    const own = { contextTokens: 32_000, outputTokens: 9_000 };
    expect(contexts({ MODEL_CONTEXT_TOKENS: '3000' }, own)).toEqual([[32_000, 9_000]]);
  });

  test('with a member nobody knows is refused by its name', () => {
    // As a JavaScript file would have it.
    const misspelt = { ...SPEC, limits: { tokens: 5_000, time: 5 } };
    expect(() => defineAgent(misspelt)).toThrow(/limits\.time: is no field of an agent/);
  });

  test('with the slug of another agent stops the start', () => {
    expect(() => announced([SPEC, SPEC])).toThrow('two agents are called reader');
    expect(() => announced([{ ...SPEC, slug: 'discover' }])).toThrow('two agents are called discover');
  });
});

describe('a deployment', () => {
  const searching = { ...SPEC, tools: ['web_search', 'visit_page', 'wiki_get', 'ask_user'] };
  const servers = (tools?: string[]) => ({
    MCP_SERVERS: JSON.stringify([{ name: 'wiki', url: 'http://127.0.0.1:1/mcp', tools }]),
  });

  test('without a model announces no agent that needs one', () => {
    const agents = embeddedAgents(readConfig({ LOCAL: '1' }), { agents: [defineAgent(SPEC)] });
    expect(agents.map(({ slug }) => slug)).not.toContain('reader');
    const workersAi = embeddedAgents(readConfig({ LOCAL: '1' }), {
      agents: [defineAgent(SPEC)],
      workersAi: true,
    });
    expect(workersAi.map(({ slug }) => slug)).toContain('reader');
  });

  test.each<[string, Record<string, string>, string[]]>([
    ['nothing', {}, ['visit_page']],
    ['SearXNG', { SEARXNG_URL: 'http://127.0.0.1:1' }, ['web_search', 'visit_page']],
    ['Brave', { BRAVE_API_KEY: 'key' }, ['web_search', 'visit_page']],
    ['a tool server', servers(), ['visit_page', 'wiki_get']],
    ['a tool server that may be asked for something else', servers(['put']), ['visit_page']],
    ['a tool server that may be asked for it', servers(['GET']), ['visit_page', 'wiki_get']],
  ])('with %s grants and describes the tools that stand on it', (_, raw, tools) => {
    const [agent] = announced([searching], raw);
    expect(agent?.loop?.tools).toEqual(tools);
    expect(agent?.description).toBe(`Reads. Tools: ${tools.join(', ')}.`);
  });

  test('that has none of an agent’s tools does not announce it', () => {
    expect(announced([{ ...SPEC, tools: ['web_search', 'wiki_get'] }])).toEqual([]);
  });

  test('without a wallet does not announce what it could not be paid for', () => {
    const priced = { ...SPEC, price: { perJob_sats: 0.5, per1kOutputTokens_sats: 2 } };
    const deployed = { LOCAL: '0', PUBLIC_URL: 'https://errand.test', MASTER_SECRET: 'a'.repeat(64) };
    expect(announced([priced], deployed)).toEqual([]);
    const wallet = `nostr+walletconnect://${'a'.repeat(64)}?relay=wss://r.net&secret=${'b'.repeat(64)}`;
    expect(announced([priced], { ...deployed, NWC_URI: wallet })).toMatchObject([
      {
        prices: { perJob_msats: 500, per1kInputTokens_msats: 0, per1kOutputTokens_msats: 2_000 },
        paymentMethods: ['bolt11_prepaid', 'zap', 'credit'],
      },
    ]);
  });

  test('announces every agent in agents/, and their loops can keep their limits', () => {
    const config = readConfig({ LOCAL: '1', ...MODEL, SEARXNG_URL: 'http://127.0.0.1:1' });
    const agents = embeddedAgents(config, { agents: AGENTS });
    for (const { type, spec } of AGENTS) {
      const agent = agents.find(({ slug }) => slug === spec.slug);
      if (agent === undefined) throw new Error(`${spec.slug} is not announced`);
      expect(agent.loop === undefined).toBe(type === 'team');
      if (agent.loop === undefined) continue;
      const { maxContextTokens } = agent;
      const { instructions, maxAnswerTokens } = agent.loop;
      const options = { model: 'small', instructions, tools: [], maxContextTokens, maxAnswerTokens };
      expect(defineLoop(options).offers.map(({ name }) => name)).toEqual(['final_answer']);
    }
  });

  test('says of a team what it takes where the client says nothing, what it may cost at most, and who is in it', () => {
    const config = readConfig({ LOCAL: '1', ...MODEL });
    const team = embeddedAgents(config, { agents: AGENTS }).find(({ slug }) => slug === 'duel');
    const order = expect.objectContaining({ description: expect.stringMatching(/plain.*ranker/) });
    expect(team?.parametersSchema).toMatchObject({
      properties: {
        budget_sats: { minimum: 1, maximum: 10_000, default: 300 },
        iterations: { default: 3 },
        order,
      },
    });
  });
});

describe('the configuration of tools', () => {
  const SECRET = 'Bearer 5ecret';
  const list = (...servers: unknown[]) => ({ MCP_SERVERS: JSON.stringify(servers) });
  const wiki = { name: 'wiki', url: 'http://127.0.0.1:1/mcp', headers: { authorization: SECRET } };

  test('is read into engines in their order, and servers', () => {
    const { tools } = readConfig({
      LOCAL: '1',
      SEARXNG_URL: 'http://127.0.0.1:1/',
      BRAVE_API_KEY: 'key',
      SEARCH_ORDER: 'brave, searxng',
      SEARCH_PER_DAY: '60',
      ...list(wiki),
    });
    expect(tools).toEqual({
      search: [
        { name: 'brave', apiKey: 'key' },
        { name: 'searxng', url: 'http://127.0.0.1:1' },
      ],
      searchLimits: { requestsPerDay: 60 },
      servers: [{ ...wiki, tools: null }],
    });
  });

  test.each<[string, Record<string, string>]>([
    ['MCP_SERVERS', { MCP_SERVERS: SECRET }],
    ['MCP_SERVERS', { MCP_SERVERS: `{"headers":"${SECRET}"}` }],
    ['MCP_SERVERS', list({ ...wiki, name: SECRET })],
    ['MCP_SERVERS', list({ ...wiki, url: SECRET })],
    ['MCP_SERVERS', list({ ...wiki, url: 'https://user:5ecret@a.net' })],
    ['MCP_SERVERS', list({ ...wiki, [SECRET]: 1 })],
    ['MCP_SERVERS', list({ ...wiki, headers: { authorization: `${SECRET}\n` } })],
    ['MCP_SERVERS', list(wiki, wiki)],
    ['MCP_SERVERS', list({ ...wiki, name: 'web' })],
    ['SEARXNG_URL', { SEARXNG_URL: SECRET }],
    ['BRAVE_API_KEY', { BRAVE_API_KEY: SECRET }],
    ['SEARCH_ORDER', { SEARCH_ORDER: `brave,${SECRET}` }],
    ['SEARCH_PER_MINUTE', { SEARCH_PER_MINUTE: '0' }],
    ['SEARCH_PER_DAY', { SEARCH_PER_DAY: SECRET }],
  ])('a wrong %s is named and not shown', (name, raw) => {
    const read = () => readConfig({ LOCAL: '1', ...raw });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(new RegExp(`^${name} (?!.*5ecret)`, 's'));
  });

  test('names https only where it is deployed', () => {
    const deployed = { PUBLIC_URL: 'https://errand.test', MASTER_SECRET: 'a'.repeat(64) };
    const read = (raw: Record<string, string>) => () => readConfig({ ...deployed, ...raw });
    expect(read({ SEARXNG_URL: 'http://a.net' })).toThrow('SEARXNG_URL must name https only');
    expect(read(list(wiki))).toThrow('MCP_SERVERS must name https only');
    expect(read({ SEARXNG_URL: 'https://a.net' })).not.toThrow();
  });
});
