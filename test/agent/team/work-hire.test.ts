/**
 * Goal: a step of a team that may hire spends on agents of others no more than its quote leaves beside its tokens, and
 * what they cost is told with what its tokens cost.
 * Does not prove: that a hire is paid once (test/agent/hire, test/workers/hiring.test.ts).
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Role } from '../../../src/agent/team/config.ts';
import { tokenCost } from '../../../src/agent/team/definition.ts';
import type { TeamBrief } from '../../../src/agent/team/desk/brief.ts';
import { hireLimit } from '../../../src/agent/team/work/budget.ts';
import type { WorkPorts } from '../../../src/agent/team/work/ports.ts';
import { doWork } from '../../../src/agent/team/work/work.ts';
import type { ToolHouse } from '../../../src/agent/tools/registry.ts';
import { type Msats, msats } from '../../../src/payment/msats.ts';
import { FREE } from '../../../src/protocol/prices.ts';
import { call, final, loopPorts, scriptedModel } from '../../support/loop.ts';

const PRICES = { ...FREE, per1kInputTokens_msats: 100, per1kOutputTokens_msats: 400 };

test('tokens and hires of a step are together within its quote, whatever it uses', () => {
  const amount = fc.nat(1_000_000);
  fc.assert(
    fc.property(
      amount,
      amount,
      fc.nat(5_000),
      fc.nat(5_000),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (...of) => {
        const [tokens, most, input, output, share] = of;
        const prices = { ...FREE, per1kInputTokens_msats: input, per1kOutputTokens_msats: output };
        const prompt_tokens = Math.floor(tokens * share);
        const used = tokenCost(prices, { prompt_tokens, completion_tokens: tokens - prompt_tokens });
        const hires = Number(hireLimit({ tokens, msats: most }, prices));
        expect(hires).toBeGreaterThanOrEqual(0);
        if (hires > 0) expect(used + hires).toBeLessThanOrEqual(most);
      },
    ),
  );
});

const role = (tools: string[]): Role => ({
  name: 'buyer',
  makes: 'draft',
  prompt: 'You buy.',
  tools,
  helpers: [],
  limits: { steps: 4, tokens: 10_000, msats: 50_000, time_ms: 60_000, outputTokens: 1_000 },
});

const brief = (tools: string[]): TeamBrief => ({
  number: 1,
  attempt: 1,
  work: { type: 'step', role: 'buyer', branch: 0, input: [] },
  team: { roles: { buyer: role(tools) }, promptTokens: 4_000, check: null },
  role: 'buyer',
  parts: { role: 'buyer', task: 'buy', directives: [], focus: null, answers: [], full: [], older: [] },
  texts: {},
  outputs: [],
  journal: 'job/1.1',
  limit: { tokens: 10_000, msats: 50_000 },
  since_ms: 0,
});

function world(tools: string[]) {
  const asked: { journal: string; limit: Msats }[] = [];
  let spent = 0;
  const model = scriptedModel([
    { calls: [call('a', 'hire_agent', { task: 'translate', max_sats: 40 })] },
    final('it was translated'),
  ]);
  const nothing: ToolHouse = {
    webSearch: null,
    webPage: null,
    papers: null,
    nostr: null,
    artifacts: null,
    user: null,
    hire: null,
    mcp: [],
    connect: () => {
      throw new Error('no servers');
    },
  };
  const ports: WorkPorts = {
    ...loopPorts({ model }),
    prices: PRICES,
    modelName: 'small',
    maxContextTokens: 8_000,
    house: (parts) => ({ ...nothing, ...parts }),
    text: async () => null,
    notes: async () => [],
    hiring: (journal, limit) => {
      asked.push({ journal, limit });
      return {
        port: {
          async hire() {
            spent += 21_000;
            return { type: 'result', by: 'f'.repeat(64), content: 'übersetzt', cost_msats: msats(21_000) };
          },
        },
        budget: {
          setAside: async (_, most) => most,
          settle: async () => undefined,
          remaining: async () => limit,
        },
        spent: async () => msats(spent),
      };
    },
  };
  return { asked, run: () => doWork(brief(tools), ports, new AbortController().signal) };
}

test('what was hired is told with the step’s cost', async () => {
  const { asked, run } = world(['hire_agent']);
  const { result, used } = await run();
  const tokens = tokenCost(PRICES, { prompt_tokens: 20, completion_tokens: 10 });
  expect(used.msats).toBe(21_000 + tokens);
  expect(result).toMatchObject({ type: 'done', usage: { msats: 21_000 + tokens } });
  expect(asked).toEqual([{ journal: 'job/1.1', limit: 46_000n }]);
});

test('a role that does not hire has neither the tool nor the money', async () => {
  const { asked, run } = world([]);
  expect((await run()).used.msats).toBeLessThan(100);
  expect(asked).toEqual([]);
});
