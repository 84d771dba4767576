/**
 * Goal: a step of a team that may hire spends on agents of others no more than its quote leaves beside its tokens, and
 * what they cost is told with what its tokens cost.
 * Does not prove: that a hire is paid once (test/agent/hire, test/workers/hiring.test.ts).
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Role } from '../../../src/agent/team/config.ts';
import { priced, tokenCost } from '../../../src/agent/team/definition.ts';
import type { TeamBrief } from '../../../src/agent/team/desk/brief.ts';
import { parseTeam } from '../../../src/agent/team/parse.ts';
import { sharesOf, stepBudget } from '../../../src/agent/team/work/budget.ts';
import type { WorkPorts } from '../../../src/agent/team/work/ports.ts';
import { doWork } from '../../../src/agent/team/work/work.ts';
import { type Msats, msats } from '../../../src/payment/msats.ts';
import { FREE } from '../../../src/protocol/prices.ts';
import { call, final, loopPorts, scriptedModel } from '../../support/loop.ts';
import { scriptedExecutor } from '../../support/scripted-executor.ts';
import { BARE } from './work/bench.ts';

const PRICES = { ...FREE, per1kInputTokens_msats: 100, per1kOutputTokens_msats: 400 };

/** What a role of these limits is quoted in a team of these prices. */
function quotedLimits(
  own: Partial<Role['limits']>,
  prices: typeof FREE,
  tools = ['hire_agent'],
): Role['limits'] {
  const buyer = { name: 'buyer', prompt: 'You buy.', tools, limits: own };
  const budget = { msats: 0, tokens: 0, time_ms: 1_000 };
  const team = priced(parseTeam({ roles: [buyer], order: ['buyer'], judge: null, budget }), prices);
  const limits = team.roles.buyer?.limits;
  if (limits === undefined) throw new Error('the team has its role');
  return limits;
}

test('tokens and hires of a step are together within its quote, and neither is spent on the other', async () => {
  const amount = fc.nat(1_000_000);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1_000_000 }),
      amount,
      amount,
      fc.nat(5_000),
      fc.nat(5_000),
      fc.nat(1_000),
      async (tokens, most, hires_msats, input, output, prompt) => {
        const prices = { ...FREE, per1kInputTokens_msats: input, per1kOutputTokens_msats: output };
        const limits = quotedLimits({ tokens, msats: most, hires_msats }, prices);
        const shares = sharesOf({ tokens, msats: limits.msats }, limits);
        expect(Number(shares.hires)).toBe(input + output === 0 ? 0 : hires_msats);
        const budget = stepBudget(
          shares.tokens,
          { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
          prices,
        );
        const asked = { key: 'a', model: 'm', prompt_tokens: prompt, completion_tokens: 2_000_000 };
        const granted = await budget.reserve(asked);
        const used =
          granted === 0 ? 0 : tokenCost(prices, { prompt_tokens: prompt, completion_tokens: granted });
        expect(used + Number(shares.hires)).toBeLessThanOrEqual(limits.msats);
      },
    ),
  );
});

test('money for hires is in the quote of a role that can hire, and of no other', () => {
  const own = { tokens: 10_000, msats: 50_000, hires_msats: 42_000 };
  expect(quotedLimits(own, PRICES)).toMatchObject({ msats: 4_000 + 42_000, hires_msats: 42_000 });
  expect(quotedLimits(own, PRICES, [])).toMatchObject({ msats: 4_000, hires_msats: 0 });
  expect(quotedLimits(own, FREE)).toMatchObject({ msats: 0, hires_msats: 0 });
});

const role = (tools: string[]): Role => ({
  name: 'buyer',
  makes: 'draft',
  prompt: 'You buy.',
  tools,
  helpers: [],
  limits: {
    steps: 4,
    tokens: 10_000,
    msats: 50_000,
    hires_msats: tools.length > 0 ? 46_000 : 0,
    time_ms: 60_000,
    outputTokens: 1_000,
  },
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
  const asked: { journal: string; limit: Msats; latest_ms: number }[] = [];
  let spent = 0;
  const model = scriptedModel([
    { calls: [call('a', 'hire_agent', { agent: 'npub1x', task: 'translate', max_sats: 40 })] },
    final('it was translated'),
  ]);
  const ports: WorkPorts = {
    ...loopPorts({ model }),
    prices: PRICES,
    modelName: 'small',
    maxContextTokens: 8_000,
    house: (parts) => ({ ...BARE, ...parts }),
    text: async () => null,
    notes: async () => [],
    executor: scriptedExecutor({}),
    hiring: (journal, limit, latest_ms) => {
      asked.push({ journal, limit, latest_ms });
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
  expect(used.hired_msats).toBe(21_000);
  // It has time left for what a hire brings.
  expect(asked).toEqual([{ journal: 'job/1.1', limit: 46_000n, latest_ms: 48_000 }]);
});

test('a role that does not hire has neither the tool nor the money', async () => {
  const { asked, run } = world([]);
  expect((await run()).used.msats).toBeLessThan(100);
  expect(asked).toEqual([]);
});
