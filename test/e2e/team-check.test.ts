/**
 * Goal: a check is the stop condition of a team: each version is judged by it in the sandbox, the judge is overruled by it,
 * and the run ends with the version that passes; a role runs programs by its tool on the way (issue 5). Method: the started
 * service with its sandbox, development money and a scripted model; the client is nostr-tools. Does not prove: that real
 * models learn from being refused.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tag } from '../support/client.ts';
import { agentKey, asking } from '../support/jobs.ts';
import { type Service, startService } from '../support/service.ts';
import { signedText } from '../support/signed-call.ts';
import { deliveredBy, reportsOf, TeamClient } from '../support/team-client.ts';
import { type TeamModel, teamModel } from '../support/team-model.ts';
import { calling, finalAnswer } from '../support/tool-script.ts';

let model: TeamModel;
let service: Service;
let client: TeamClient;

beforeAll(async () => {
  model = await teamModel();
  service = await startService({
    sandbox: true,
    env: { MODEL_BASE_URL: model.server.baseUrl, MODEL: 'small' },
  });
  client = await TeamClient.connect(service, 'desk');
});

afterAll(async () => {
  client?.close();
  await service?.stop();
  await model?.close();
});

const WRONG = 'Everybody knows that it is\n```output\n143\n```';
const RIGHT = 'I ran it:\n```output\n144\n```';
const verify = {
  language: 'python',
  mode: 'deduction',
  program: 'def f(n):\n    return n ** 2',
  input: '12',
};

test('the version that passes wins over the one the judge loves, and ends the run', async () => {
  model.says('writer', () => finalAnswer(WRONG));
  model.says('programmer', ({ before, asked }) => {
    // Wrong in its first round; in its second it runs the program first.
    if (before === 0) return finalAnswer('It is\n```output\n142\n```');
    const seen = JSON.stringify(asked.body).includes('value: 144');
    return seen
      ? finalAnswer(RIGHT)
      : calling({ name: 'run_code', args: { language: 'python', code: 'n = 12\nn ** 2' } });
  });
  // Whatever it is shown, the judge takes the writer's.
  model.says('ranker', ({ prompt }) => {
    const [, first = ''] = prompt.split(/from the first version\n/);
    const isFirst = first.split(/from the second version\n/)[0]?.includes('143') === true;
    return finalAnswer(`${isFirst ? 'FIRST' : 'SECOND'}\nit is so well written`);
  });

  const request = client.client.sign(7001, [
    ['p', agentKey(service, 'desk')],
    ['t', 'checked'],
    asking('What comes out of it?', {
      parameters: { budget_sats: 700, iterations: 5, order: [{ parallel: ['writer', 'programmer'] }] },
    }),
    ['contract', JSON.stringify({ verify })],
  ]);
  const run = await client.order(request);
  const result = await deliveredBy(run);
  expect(result.content).toBe(RIGHT);
  expect(result.tags.find(([name]) => name === 'verified')?.slice(0, 2)).toEqual(['verified', 'true']);
  expect(reportsOf(run).at(-1)?.events).toContain('done');

  const record = await signedText(service.url, client.client.secretKey, 'GET', `/jobs/${request.id}/trace`);
  const lines: Record<string, unknown>[] = record.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const only = (type: string) => lines.filter((line) => line.type === type);
  expect(only('check').map(({ version, passed }) => [version, passed])).toEqual([
    ['v1', false],
    ['v2', false],
    ['v3', false],
    ['v4', true],
  ]);
  const comparisons = only('comparison').map(
    ({ newcomer, other, verdict, by }) => `${newcomer} ${verdict} than ${other} by ${by}`,
  );
  // Among those that fail the judge has its way; against the one that passes it is not even asked.
  expect(comparisons).toContain('v2 worse than v1 by judge');
  expect(comparisons).toContain('v4 better than v1 by check');
  expect(only('end')).toMatchObject([{ reason: 'checkPassed', best: 'v4' }]);
  // Who works on is told that the version before was refused.
  expect(model.of('writer').at(-1)?.prompt).toContain('which the check of this job refused');
  expect(tag(result, 'trace')).toBeDefined();
});
