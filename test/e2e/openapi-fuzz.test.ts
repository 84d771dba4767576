/**
 * Goal: openapi.json is complete, and no request whatever gets an answer that it does not describe. Method: the
 * description as the started service serves it is all this knows; for each operation in it fast-check makes requests of
 * a seed (right ones, nearly right ones, nonsense, signed by nobody, a stranger or the operator), with values that
 * earlier answers have shown. Every answer is held against status, media type and schema; none is a 500, none shows a
 * stack, and what does not fit its schema is never a success. New operations are asked without a change here. Does not
 * prove that right requests succeed (the tests of each route do), nor bodies that are described elsewhere.
 */
import fc from 'fast-check';
import { generateSecretKey, getPublicKey } from 'nostr-tools/pure';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OPERATIONS } from '../../src/http/openapi.ts';
import { connectClient, endsJob } from '../support/client.ts';
import { type Answer, type Description, faultOf, readDescription } from '../support/openapi/description.ts';
import { type Ask, asksOf, Pool } from '../support/openapi/requests.ts';
import { type Service, startService } from '../support/service.ts';
import { nip98 } from '../support/signed-call.ts';

const SEED = 20_261_130;
/** Requests to one operation. */
const RUNS = 25;
const KEYS = { stranger: generateSecretKey(), operator: generateSecretKey() };

let service: Service;
let description: Description;
const pool = new Pool();

beforeAll(async () => {
  service = await startService({ env: { OPERATOR_PUBKEY: getPublicKey(KEYS.operator) } });
  description = readDescription(await (await fetch(`${service.url}/openapi.json`)).json());
  // A job of the stranger's, so that there is one.
  const client = await connectClient(service.relay, KEYS.stranger);
  const request = client.sign(5302, [['i', 'kestrel', 'text']]);
  const answers = client.answers(request.id);
  await client.publish(request);
  await answers.find(endsJob);
  client.close();
  for (const { method, path, parameters } of description.operations) {
    if (method !== 'GET' || parameters.some((one) => one.required)) continue;
    const { status, headers, text } = await answerTo(method, {
      asker: 'stranger',
      target: path,
      headers: {},
      body: undefined,
    });
    if (status === 200 && text !== null && /json/.test(headers.get('content-type') ?? ''))
      pool.add(JSON.parse(text));
  }
}, 120_000);

afterAll(async () => await service?.stop());

test('every operation of the source is described', () => {
  const described = description.operations.map(({ method, path }) => `${method.toLowerCase()} ${path}`);
  expect(described.sort()).toEqual(OPERATIONS.map(({ method, path }) => `${method} ${path}`).sort());
});

test.each(OPERATIONS.map(({ method, path }) => [method.toUpperCase(), path] as const))(
  '%s %s answers as it is described',
  async (method, path) => {
    const operation = description.operations.find((one) => one.method === method && one.path === path);
    if (operation === undefined) throw new Error('it is not described');
    await fc.assert(
      fc.asyncProperty(asksOf(operation, description, pool), async (ask) => {
        const answer = await answerTo(method, ask);
        const fault =
          faultOf(answer, operation, description) ??
          (ask.wrong && answer.status < 400 ? 'what does not fit its schema is taken' : null);
        expect(fault, `${method} ${ask.target} ${answer.status}: ${answer.text?.slice(0, 300)}`).toBeNull();
      }),
      { seed: SEED, numRuns: RUNS },
    );
  },
);

test('a method that a path does not have is refused by name', async () => {
  for (const [path, there] of Map.groupBy(description.operations, (one) => one.path)) {
    const methods = there.map(({ method }) => method);
    const other = ['PUT', 'PATCH', 'DELETE'].find((method) => !methods.includes(method)) ?? 'PUT';
    const target = path.replace(/\{\w+\}/g, 'x');
    const answer = await answerTo(other, { asker: 'nobody', target, headers: {}, body: undefined });
    const about = `${other} ${path}: ${answer.text}`;
    expect(answer.status, about).toBe(405);
    for (const operation of there) {
      expect(faultOf(answer, operation, description), about).toBeNull();
      expect(answer.headers.get('allow'), about).toContain(operation.method);
    }
  }
});

async function answerTo(method: string, ask: Omit<Ask, 'wrong'>): Promise<Answer> {
  const { target, headers, body } = ask;
  // As it goes over the line, which is what a signature names.
  const url = new URL(target, service.url);
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...authorization(ask.asker, url.href, method, body) },
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  });
  const streams = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (streams) await response.body?.cancel();
  return { status: response.status, headers: response.headers, text: streams ? null : await response.text() };
}

function authorization(
  asker: Ask['asker'],
  url: string,
  method: string,
  body?: string,
): Record<string, string> {
  switch (asker) {
    case 'nobody':
      return {};
    case 'garbage':
      return { authorization: 'Nostr %%%' };
    case 'token':
      return { authorization: 'Bearer nobody-gave-this-out' };
    default:
      return { authorization: nip98(KEYS[asker], url, method, body) };
  }
}
