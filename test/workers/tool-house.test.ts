/**
 * Goal: what agents are announced with is what their jobs then have: the house built in workerd stands on exactly what
 * the configuration says it does.
 * Does not prove: that a search engine or a tool server answers.
 */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { foundationOf } from '../../src/agent/tools/foundation.ts';
import { availableTools, grantTools, TOOL_NAMES } from '../../src/agent/tools/registry.ts';
import { readConfig } from '../../src/config.ts';
import { ModelTraffic } from '../../workers/model-traffic.ts';
import type { ModelTrafficRpc } from '../../workers/rpc.ts';
import { toolHouse } from '../../workers/tool-house.ts';

const signal = new AbortController().signal;
const servers = JSON.stringify([{ name: 'wiki', url: 'http://127.0.0.1:9/mcp', tools: ['get'] }]);
const NAMES = [...TOOL_NAMES, 'wiki_get', 'wiki_put', 'maps_get'];

test.each<[string, Record<string, string>]>([
  ['nothing', {}],
  ['a search engine', { SEARXNG_URL: 'http://127.0.0.1:9' }],
  ['another, and a tool server', { BRAVE_API_KEY: 'key', MCP_SERVERS: servers }],
])('a deployment with %s has the tools it announces', async (_, raw) => {
  const house = toolHouse({ ...env, ...raw }, signal);
  const announced = availableTools(NAMES, foundationOf(readConfig({ LOCAL: '1', ...raw })));
  expect(availableTools(NAMES, house)).toEqual(announced);
  const own = announced.filter((name) => TOOL_NAMES.includes(name));
  expect((await grantTools(own, house, signal)).tools.map(({ name }) => name)).toEqual(own);
});

test('a team’s parts are tools of its runs alone', () => {
  const user = { ask: async () => ({ type: 'none' }) as const };
  expect(availableTools(['ask_user'], toolHouse(env, signal, { user }))).toEqual(['ask_user']);
  expect(availableTools(['ask_user'], toolHouse(env, signal))).toEqual([]);
});

test('searches share their quota over all runs, under the engine’s own name', async () => {
  const raw = { LOCAL: '1', SEARXNG_URL: 'http://127.0.0.1:9', SEARCH_PER_MINUTE: '2' };
  const asked: string[] = [];
  const stub = env.MODELS.get(env.MODELS.idFromName('search:searxng'));
  await runInDurableObject(stub, async (_own, state) => {
    const limited = new ModelTraffic(state, { ...env, ...raw });
    const MODELS = {
      getByName(name: string): ModelTrafficRpc {
        asked.push(name);
        return limited;
      },
    };
    const leave = async (key: string) => {
      const house = toolHouse({ ...env, ...raw, MODELS }, signal);
      return (await house.webSearch?.traffic.reserve('searxng', key, 1))?.granted;
    };
    expect([await leave('a'), await leave('b'), await leave('c')]).toEqual([true, true, false]);
  });
  expect(new Set(asked)).toEqual(new Set(['search:searxng']));
});
