/** Least privilege: an agent has the tools its definition names, whatever there is besides; and the small tools. */
import { Validator } from '@cfworker/json-schema';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { askUser } from '../../../src/agent/tools/ask-user.ts';
import { type ArtifactStore, loadOutput } from '../../../src/agent/tools/earlier-output.ts';
import type { McpServer } from '../../../src/agent/tools/mcp.ts';
import { availableTools, grantTools, TOOL_NAMES, type ToolHouse } from '../../../src/agent/tools/registry.ts';
import { TOOL_NAME } from '../../../src/agent/tools/tool.ts';
import { loadTokenizer } from '../../../src/agent/window/tokenizer.ts';
import { OWN_TOOL_WORDS } from '../../../src/config/tools.ts';
import { JobError } from '../../../src/errors.ts';
import { LOOP_TOOL_OUTPUT_MAX_BYTES } from '../../../src/limits.ts';
import { ZERO_MSATS } from '../../../src/payment/msats.ts';
import { blocksOf, failureOf, toolContext } from '../../support/tools.ts';

const never = () => {
  throw new Error('not to be called');
};
const signal = new AbortController().signal;

function house(change: Partial<ToolHouse> = {}) {
  const events: string[] = [];
  const made: ToolHouse = {
    webSearch: {
      providers: [{ name: 'x', search: never }],
      traffic: { reserve: never, succeeded: never, failed: never },
    },
    webPage: { fetchUrl: never, tokenizer: loadTokenizer },
    papers: { fetch: never, allowPrivate: false },
    nostr: { events: { search: never, query: never }, fetchEvent: never },
    sandbox: { run: never },
    artifacts: { list: never, read: never },
    user: { ask: never },
    hire: {
      port: { hire: never },
      budget: { setAside: never, settle: never, remaining: async () => ZERO_MSATS },
    },
    mcp: [
      { name: 'wiki', url: 'https://wiki.net/mcp' },
      { name: 'maps', url: 'https://maps.net/mcp' },
    ],
    connect: (server: McpServer) => ({
      async listTools() {
        events.push(`list ${server.name}`);
        return [
          { name: 'get', description: 'd', input: { type: 'object' }, readOnly: true },
          { name: 'erase', description: 'd', input: { type: 'object' }, readOnly: false },
        ];
      },
      callTool: never,
      async close() {
        events.push(`close ${server.name}`);
      },
    }),
    ...change,
  };
  return { made, events };
}

test('exactly the tools named, in their order, and no server is called that is not needed', () =>
  fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...TOOL_NAMES, 'wiki_get', 'wiki_erase', 'maps_get']),
      async (names) => {
        const { made, events } = house();
        const { tools, close } = await grantTools([...names, ...names.slice(0, 1)], made, signal);
        expect(tools.map(({ name }) => name)).toEqual(names);
        await close();
        const servers = new Set(names.flatMap((name) => /^(wiki|maps)_/.exec(name)?.[1] ?? []));
        expect(events.toSorted()).toEqual(
          [...servers].flatMap((one) => [`list ${one}`, `close ${one}`]).toSorted(),
        );
      },
    ),
  ));

test.each([
  ['sign_event', 'NOT_FOUND'],
  ['pay_invoice', 'NOT_FOUND'],
  ['toString', 'NOT_FOUND'],
  ['__proto__', 'NOT_FOUND'],
  ['wiki_other', 'NOT_FOUND'],
  ['evil_get', 'NOT_FOUND'],
  ['hire_agent', 'SERVICE_UNAVAILABLE'],
])('%s is not granted, and nothing stays open', async (name, code) => {
  const { made, events } = house({ hire: null });
  const granted = grantTools(['wiki_get', name], made, signal);
  await expect(granted).rejects.toBeInstanceOf(JobError);
  await expect(granted).rejects.toMatchObject({ code });
  expect(events).toEqual(['list wiki', 'close wiki']);
});

test('what a house can stand on is what it then grants, for any house and any names', () =>
  fc.assert(
    fc.asyncProperty(
      fc.subarray(['webSearch', 'webPage', 'papers', 'nostr', 'artifacts', 'user', 'hire'] as const),
      fc.constantFrom(null, ['get'], []),
      fc.array(fc.constantFrom(...TOOL_NAMES, 'wiki_get', 'maps_erase', 'none_get', 'toString')),
      async (lacking, tools, names) => {
        const without = Object.fromEntries(lacking.map((ground) => [ground, null]));
        const { made } = house({ ...without, mcp: [{ name: 'wiki', url: 'https://wiki.net/mcp', tools }] });
        const available = availableTools(names, made);
        const granted = await grantTools(available, made, signal);
        expect(granted.tools.map(({ name }) => name)).toEqual(available);
        for (const name of names.filter((one) => !available.includes(one))) {
          await expect(grantTools([name], made, signal)).rejects.toBeInstanceOf(JobError);
        }
      },
    ),
  ));

test('no server can be called like the first word of a tool of ours', () => {
  const words = TOOL_NAMES.map((name) => name.split('_')[0]);
  expect(words.filter((word) => !OWN_TOOL_WORDS.includes(word ?? ''))).toEqual([]);
});

test('no tool of ours is about money, keys or publishing, except hiring, which has its budget', () => {
  expect(TOOL_NAMES.filter((name) => /pay|sign|key|publish|zap|wallet|send|post/.test(name))).toEqual([]);
});

test('every tool has a name and a schema that providers and our validator take', async () => {
  const { tools } = await grantTools(TOOL_NAMES, house().made, signal);
  for (const tool of tools) {
    expect(tool.name).toMatch(TOOL_NAME);
    expect(tool.input).toMatchObject({ type: 'object' });
    expect(new Validator({ ...tool.input }, '2020-12').validate('text').valid).toBe(false);
    expect(await failureOf(tool, { query: 5, url: 5, name: 5, task: 5, question: 5, id: 5 })).toMatchObject({
      code: 'INVALID_PARAMETER',
    });
  }
});

test('earlier output is listed, read in parts by version, and only of this session', async () => {
  const text = '漢字'.repeat(9_000);
  const info = { id: 'report', version: 2, title: 'A\nreport', bytes: 54_000 };
  const store: ArtifactStore = {
    list: async () => [info],
    read: async (id, version) => (id === 'report' && (version ?? 2) === 2 ? { info, text } : null),
  };
  const tool = loadOutput(store);
  expect(blocksOf(await tool.run({}, toolContext()))).toEqual(['report version 2, 54000 bytes: A report']);
  let read = '';
  for (let from: number | null = 0; from !== null; ) {
    const output = await tool.run({ id: 'report', from }, toolContext());
    expect(Buffer.byteLength(output)).toBeLessThanOrEqual(LOOP_TOOL_OUTPUT_MAX_BYTES);
    read += blocksOf(output)[0] ?? '';
    const next = /load again with from=(\d+)/.exec(output)?.[1];
    from = next === undefined ? null : Number(next);
  }
  expect(read).toBe(text);
  expect(await failureOf(tool, { id: 'report', version: 1 })).toMatchObject({ code: 'NOT_FOUND' });
  expect(await loadOutput({ ...store, list: async () => [] }).run({}, toolContext())).toContain('no output');
});

test('a question to the user goes out under the key of its call; without an answer the work goes on', async () => {
  const asked: unknown[] = [];
  const tool = (answer: string | null) =>
    askUser({
      async ask(...question) {
        asked.push(question);
        return answer === null ? { type: 'none' } : { type: 'answer', text: answer };
      },
    });
  const input = { question: 'Which city?', options: ['Rome', 'Bonn'] };
  expect(await tool('Bonn').run({ ...input, assumption: 'Rome' }, toolContext())).toBe(
    'The user answers: Bonn',
  );
  expect(await tool(null).run(input, toolContext())).toContain('the likeliest assumption');
  expect(await tool(null).run({ ...input, assumption: 'Rome' }, toolContext())).toContain('your assumption');
  expect(asked).toEqual(
    ['Rome', null, 'Rome'].map((taken) => ['run/1/1', 'Which city?', ['Rome', 'Bonn'], taken]),
  );
});
