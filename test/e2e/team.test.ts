/**
 * Goal: a client pays for a team's run, is told of it by feedback and direct message, steers it by request, message and
 * comment, pauses and resumes it, and gets a result with its proof and its change (issue 4). Method: the started service
 * with its development money and a scripted model over loopback HTTP; the client is nostr-tools, the payer Alby's SDK.
 * Does not prove: that real models work well together, runs of days, and mail (team-mail.test.ts).
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TEAM_MAX_OUTPUT_BYTES } from '../../src/limits.ts';
import { errorOf, tag } from '../support/client.ts';
import { asking, jobOverHttp, jsonTag } from '../support/jobs.ts';
import { type Service, startService } from '../support/service.ts';
import { signedText as signed, signedCall } from '../support/signed-call.ts';
import { deliveredBy, reportOf, reportsOf, TeamClient } from '../support/team-client.ts';
import { type TeamModel, teamModel } from '../support/team-model.ts';
import { calling, finalAnswer } from '../support/tool-script.ts';

let model: TeamModel;
let service: Service;
let client: TeamClient;

beforeAll(async () => {
  model = await teamModel();
  service = await startService({ env: { MODEL_BASE_URL: model.server.baseUrl, MODEL: 'small' } });
  client = await TeamClient.connect(service, 'desk');
});

afterAll(async () => {
  client?.close();
  await service?.stop();
  await model?.close();
});

/** Has a role wait with its answer until the test lets it go on. */
function holding(role: string, answer: string) {
  const gate = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  model.says(role, () => {
    reached.resolve();
    const said = finalAnswer(answer);
    if (!Array.isArray(said)) throw new Error('a final answer is a list of steps');
    return [{ hold: gate.promise }, ...said];
  });
  return { reached: reached.promise, letGo: gate.resolve };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('a run', () => {
  test('is paid, worked on, reported, delivered with its proof; what it did not use is credit', async () => {
    const run = await client.begin('Write about quokkas', 'first', { budget_sats: 700, iterations: 2 });
    expect(run.demanded).toBe(700_000);
    const result = await deliveredBy(run);
    expect(result.content).toBe('editor work 2');

    const told = reportsOf(run);
    expect(told.map(({ number, events }) => [number, ...events])).toEqual([
      [1, 'started'],
      [2, 'better', 'iteration'],
      [3, 'done', 'better', 'iteration'],
    ]);
    const progress = run.answers.events.flatMap(({ tags }) => tags.filter(([name]) => name === 'progress'));
    expect(progress.map(([, done, total]) => `${done}/${total}`)).toEqual(['0/2', '1/2', '2/2']);
    await expect.poll(() => client.messages.length, { timeout: 10_000 }).toBe(3);
    expect(client.messages.join('\n')).toContain('Best version: v7 by editor');

    const [, hash, bytes, url] = result.tags.find(([name]) => name === 'artifact') ?? [];
    expect([hash, bytes]).toEqual([sha256('editor work 2'), '13']);
    expect(await (await fetch(url ?? '')).text()).toBe('editor work 2');
    const cost = jsonTag(result, 'cost');
    expect(cost).toMatchObject({ currency: 'sats', price_sats: 0.12 });
    await expect.poll(() => client.credit(), { timeout: 10_000 }).toBe(700_000 - 120);
    await expect
      .poll(() => jobOverHttp(service, run.request.id), { timeout: 10_000 })
      .toMatchObject({ phase: 'delivered' });
  });

  test('hands in more than an event holds: cut in the event, whole under its hash', async () => {
    const line = 'She said "it smiles" — and 💥 it did.\n';
    const long = line.repeat(Math.floor(TEAM_MAX_OUTPUT_BYTES / Buffer.byteLength(line)));
    model.says('editor', () => finalAnswer(long));
    const run = await client.begin('Write about pademelons', 'long', { budget_sats: 700, iterations: 1 });
    const result = await deliveredBy(run);
    const [, hash, bytes, url = ''] = result.tags.find(([name]) => name === 'artifact') ?? [];
    expect([hash, bytes]).toEqual([sha256(long), String(Buffer.byteLength(long))]);
    expect(await (await fetch(url)).text()).toBe(long);
    const text = JSON.stringify(jsonTag(result, 'result'));
    expect(text).toContain('it smiles');
    expect(text).toContain(url);
    model.says('editor', ({ before }) => finalAnswer(`editor work ${before + 1}`));
  });

  test('leaves a record that only its client reads, whose hash the result carries', async () => {
    const run = await client.begin('Write about numbats', 'record', { budget_sats: 600, iterations: 1 });
    const result = await deliveredBy(run);
    const path = `/jobs/${run.request.id}/trace`;
    const response = await signedText(path);
    expect(response.status).toBe(200);
    const lines = response.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const [, hash, entries] = result.tags.find(([name]) => name === 'trace') ?? [];
    const record = lines.filter((line) => line.seq !== undefined);
    expect([record.at(-1).hash, String(record.length)]).toEqual([hash, entries]);
    expect(record.map(({ type }) => type)).toEqual(expect.arrayContaining(['run', 'step', 'version', 'end']));
    expect(lines.filter(({ type }) => type === 'cost').map(({ role }) => role)).toContain('writer');
    const report = await signedText(`/jobs/${run.request.id}/report.md`);
    expect(report.text).toContain('editor work');
    const stranger = await TeamClient.connect(service, 'desk');
    expect((await signedCall(service.url, stranger.client.secretKey, 'GET', path)).status).toBe(404);
    stranger.close();
  });

  test('that names what cannot be is refused before anybody is asked for money', async () => {
    const refused = async (parameters: Record<string, unknown>) => {
      const { client: plain } = client;
      const request = plain.sign(7001, [
        ['p', service.dev.agents.find(({ slug }) => slug === 'desk')?.pubkey ?? ''],
        asking('x', { parameters }),
      ]);
      const answers = plain.answers(request.id);
      await plain.publish(request);
      return errorOf(await answers.end());
    };
    expect(await refused({ budget_sats: 3 })).toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
    expect(await refused({ order: ['nobody'] })).toMatchObject({ code: 'INVALID_PARAMETER' });
    expect(await refused({ cadence: 'when the moon is full' })).toMatchObject({
      code: 'INVALID_PARAMETER',
      details: { path: '$.parameters.cadence' },
    });
    const thief = { name: 'thief', prompt: 'take it', tools: ['hire_agent'] };
    expect(await refused({ roles: [thief], order: ['thief'] })).toMatchObject({ code: 'INVALID_PARAMETER' });
  });
});

describe('words of the client', () => {
  test('by request, message and comment stand in every later prompt, and reports say where', async () => {
    const held = holding('researcher', 'researcher work 100');
    const run = await client.begin('Write about bilbies', 'words', { budget_sats: 700, iterations: 1 });
    await held.reached;
    const answer = await client.say('Write in verse.', 'words');
    expect(answer.content).toBe('Directive #1: it stands in every prompt from the next step on.');
    expect(jsonTag(answer, 'cost')).toMatchObject({ price_sats: 0 });
    await expect
      .poll(() => jobOverHttp(service, tag(answer, 'e') ?? ''), { timeout: 10_000 })
      .toMatchObject({ phase: 'delivered', started_at_ms: null });
    await client.message('@writer mention their ears');
    await reportOf(run, ({ directives }) => directives.length === 2);
    await client.comment('And no more than ten lines.', run);
    await reportOf(run, ({ directives }) => directives.length === 3);
    // A stranger's comment is nobody's.
    const stranger = await TeamClient.connect(service, 'desk');
    await stranger.comment('Write about me.', run);
    held.letGo();
    await deliveredBy(run);
    stranger.close();

    const writer = model.of('writer').at(-1)?.prompt ?? '';
    expect(writer).toContain('#1: Write in verse.');
    expect(writer).toContain('#2: mention their ears');
    expect(writer).toContain('#3: And no more than ten lines.');
    const editor = model.of('editor').at(-1)?.prompt ?? '';
    expect(editor).toContain('#3: And no more than ten lines.');
    expect(editor).not.toContain('mention their ears');
    expect(JSON.stringify(model.questions)).not.toContain('Write about me');
    const last = reportsOf(run).at(-1);
    expect(last?.directives.map(({ number, status }) => [number, status])).toEqual([
      [1, 'applied'],
      [2, 'applied'],
      [3, 'applied'],
    ]);
    expect(Object.keys(last?.directives[1]?.appliedIn ?? {})).toEqual(['writer']);
  });

  test('pause the run, which then asks nobody anything, and resume it', async () => {
    const held = holding('writer', 'writer work 200');
    const run = await client.begin('Write about dunnarts', 'pause', { budget_sats: 700, iterations: 1 });
    await held.reached;
    expect((await client.say('pause', 'pause')).content).toContain('The run is paused');
    const before = model.of('editor').length;
    held.letGo();
    await reportOf(run, ({ state, events }) => state === 'paused' && events.includes('steered'));
    // What was under way came in; nothing else was ordered.
    await expect
      .poll(async () => (await recordOf(run.request.id)).filter(({ type }) => type === 'version').length, {
        timeout: 10_000,
      })
      .toBe(2);
    expect(model.of('editor')).toHaveLength(before);
    await client.message('resume');
    const result = await deliveredBy(run);
    expect(result.content).toMatch(/^editor work/);
  });

  test('finish it with what there is; cancel it, and pay what was done', async () => {
    const first = holding('editor', 'editor work 300');
    const finished = await client.begin('Write about potoroos', 'finish', {
      budget_sats: 700,
      iterations: 9,
    });
    await first.reached;
    await client.say('finish', 'finish');
    first.letGo();
    await deliveredBy(finished);
    expect(reportsOf(finished).at(-1)).toMatchObject({ ended: 'finished', iteration: 1 });

    const second = holding('editor', 'editor work 400');
    const before = await client.credit();
    const run = await client.begin('Write about bettongs', 'cancel', { budget_sats: 700, iterations: 9 });
    await second.reached;
    await client.say('cancel', 'cancel');
    const result = await deliveredBy(run);
    expect(reportsOf(run).at(-1)).toMatchObject({ ended: 'cancelled' });
    // The writer's draft was paid for, and is handed in.
    expect(result.content).toMatch(/^writer work/);
    const price_msats = Number(jsonTag(result, 'cost').price_sats) * 1_000;
    expect(price_msats).toBeGreaterThan(0);
    await expect.poll(() => client.credit(), { timeout: 10_000 }).toBe(before + run.demanded - price_msats);
    second.letGo();
  });

  test('a deletion calls it off without a word, and what was done is paid', async () => {
    const held = holding('writer', 'writer work 500');
    const before = await client.credit();
    const run = await client.begin('Write about quolls', 'deleted', { budget_sats: 700 });
    await held.reached;
    await client.callOff(run);
    await expect
      .poll(() => jobOverHttp(service, run.request.id), { timeout: 30_000 })
      .toMatchObject({ phase: 'cancelled' });
    held.letGo();
    await expect
      .poll(() => client.credit(), { timeout: 10_000 })
      .toBeGreaterThan(before + run.demanded - 2_000);
    expect(await client.credit()).toBeLessThan(before + run.demanded);
    expect(
      run.answers.events.filter((event) => event.kind === 7001 && tag(event, 'result') !== undefined),
    ).toEqual([]);
  });

  test('that come when the run has ended begin nothing, and cost nothing', async () => {
    model.says('editor', () => finalAnswer('editor work 550'));
    model.says('writer', () => finalAnswer('writer work 550'));
    const run = await client.begin('Write about kowaris', 'late', { budget_sats: 500, iterations: 1 });
    await deliveredBy(run);
    await expect.poll(() => client.credit(), { timeout: 10_000 }).toBeGreaterThan(600_000);
    const credit = await client.credit();
    expect((await client.say('Shorter, please.', 'late')).content).toContain('say what it may cost');
    expect((await client.say('pause', 'late')).content).toContain('Nothing was begun');
    expect(await client.credit()).toBe(credit);
    // One that names its budget is another run, and has the result before it.
    const second = await client.begin('Now as a poem', 'late', { budget_sats: 500, iterations: 1 });
    await deliveredBy(second);
    expect(model.of('writer').at(-1)?.prompt).toContain('editor work 550');
  });

  test('DELETE over HTTP erases a run that is still under way', async () => {
    const held = holding('writer', 'writer work 550');
    const run = await client.begin('Write about dibblers', 'erased', { budget_sats: 700 });
    await held.reached;
    const path = `/jobs/${run.request.id}`;
    expect((await signedText(path, 'DELETE')).status).toBe(204);
    expect((await signedText(`${path}/trace`)).status).toBe(404);
    held.letGo();
  });

  test('answer a question of the team, which waits for it', async () => {
    model.says('writer', ({ asked }) =>
      JSON.stringify(asked.body.messages).includes('The user answers')
        ? finalAnswer('writer work 600')
        : calling({ name: 'ask_user', args: { question: 'For children?', assumption: 'for adults' } }),
    );
    model.says('editor', () => finalAnswer('editor work 601'));
    const run = await client.begin('Write about possums', 'question', { budget_sats: 700, iterations: 1 });
    const asked = await reportOf(run, ({ events }) => events.includes('question'));
    expect(asked).toMatchObject({ state: 'asking', questions: [{ text: 'For children?' }] });
    await client.message('Yes, for children of ten');
    const result = await deliveredBy(run);
    expect(result.content).toBe('editor work 601');
    const told = JSON.stringify(model.of('writer').at(-1)?.asked.body.messages);
    expect(told).toContain('The user answers: Yes, for children of ten');
  });

  test('raise the budget out of credit while the run is under way', async () => {
    const held = holding('researcher', 'researcher work 700');
    model.says('writer', () => finalAnswer('writer work 701'));
    const credit = await client.credit();
    expect(credit).toBeGreaterThan(600_000);
    const run = await client.begin('Write about wombats', 'raise', { budget_sats: 500, iterations: 1 });
    await held.reached;
    await client.say('budget: 600 sats', 'raise');
    held.letGo();
    const result = await deliveredBy(run);
    expect(reportsOf(run).at(-1)?.budget.msats).toBe(600_000);
    const price_msats = Number(jsonTag(result, 'cost').price_sats) * 1_000;
    await expect.poll(() => client.credit(), { timeout: 10_000 }).toBe(credit - price_msats);
  });
});

/** A run's record so far. */
async function recordOf(id: string): Promise<{ type: string }[]> {
  const { text } = await signedText(`/jobs/${id}/trace`);
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function signedText(path: string, method = 'GET'): Promise<{ status: number; text: string }> {
  return signed(service.url, client.client.secretKey, method, path);
}
