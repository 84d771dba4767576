/** Every way in which the doors answer, for the test that holds openapi.json against them. */
import { JOB_ERROR_CODES, type JobErrorCode } from '../../src/errors.ts';
import type { AccountPorts, HttpPorts } from '../../src/http/ports.ts';
import { msats } from '../../src/payment/msats.ts';
import { doorWorld, RESULT, type Script } from './door-world.ts';
import { purseWorld } from './purse-world.ts';

export type DoorRequest = [
  path: string,
  request: string,
  init?: RequestInit | undefined,
  broken?: Partial<AccountPorts>,
];

/** Fails with the code that the request names; answers everything else. */
const obliging: Script = (body, job) => {
  const code = JOB_ERROR_CODES.find((one) => JSON.stringify(body.messages).includes(one));
  if (code === undefined) job.tell(RESULT('hello'));
  else job.tell({ type: 'error', failure: { code, message: 'as you wish' } });
};

/**
 * @param owner public key of whoever `signed` signs as
 * @param signed a request with a token of the owner's
 */
export async function doorRequests(
  owner: string,
  signed: (method: string, path: string, body?: string) => RequestInit,
): Promise<{ readonly ports: Partial<HttpPorts>; readonly requests: readonly DoorRequest[] }> {
  const world = doorWorld({ chat: obliging });
  const purses = purseWorld();
  purses.receive(owner, msats(100_000), 'first');
  const wish = { name: 'test', budget: msats(10_000), agents: ['chat'], expiresAt_s: null };
  const { key, secret } = await purses.ring.create(owner, wish);
  const challenge = await purses.purses.challenge(null, 'chat', msats(1_000));
  const token = { authorization: `L402 ${challenge.macaroon}:${purses.pay(challenge.invoice.paymentHash)}` };
  const one = `/account/keys/${key.id}`;
  const budget = `${one}/budget`;
  const huge = new Uint8Array(200_000);
  const bearer = { authorization: `Bearer ${secret}` };
  const failing = (code: JobErrorCode) => ({ refundBy: async () => ({ code, message: 'no' }) });
  const refund = { method: 'POST', headers: token, body: '{"bolt11":"lnbc1"}' };
  const chat = (content: string, more: object = {}, headers: Record<string, string> = {}): RequestInit => ({
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'chat', messages: [{ role: 'user', content }], ...more }),
  });
  const responses = (
    input: string,
    more: object = {},
    headers: Record<string, string> = {},
  ): RequestInit => ({
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'chat', input, ...more }),
  });
  const all = (make: typeof chat, path: string): DoorRequest[] =>
    [
      make('hi'),
      make('hi', { stream: true }),
      make('hi', { temperature: 'hot' }),
      make('hi', {}, { authorization: 'Bearer sk-x' }),
      make('hi', { model: 'discover-prepaid' }),
      make('hi', { model: 'discover' }, bearer),
      make('hi', { model: 'gpt-5' }),
      { method: 'POST', body: huge },
      ...JOB_ERROR_CODES.filter((code) => code !== 'PAYMENT_REQUIRED').map((code) => make(code)),
    ].map((init): DoorRequest => [path, path, init]);
  const key_ = '/account/keys/{id}';
  return {
    ports: { agents: world.agents, door: world.door, purses: purses.purses, keyRing: purses.ring },
    requests: [
      ['/account/keys', '/account/keys', signed('POST', '/account/keys', '{"name":"a","budget_sats":1}')],
      ['/account/keys', '/account/keys', signed('POST', '/account/keys', '{}')],
      ['/account/keys', '/account/keys', signed('POST', '/account/keys', '{"name":"a","budget_sats":999}')],
      ['/account/keys', '/account/keys', { method: 'POST' }],
      ['/account/keys', '/account/keys', { method: 'POST', body: huge }],
      ['/account/keys', '/account/keys', signed('GET', '/account/keys')],
      ['/account/keys', '/account/keys'],
      [key_, one, signed('GET', one)],
      [key_, one],
      [key_, '/account/keys/x', signed('GET', '/account/keys/x')],
      [`${key_}/budget`, budget, signed('POST', budget, '{"add_sats":1}')],
      [`${key_}/budget`, budget, signed('POST', budget, '{"add_sats":0}')],
      [`${key_}/budget`, budget, signed('POST', budget, '{"add_sats":-999}')],
      [
        `${key_}/budget`,
        '/account/keys/x/budget',
        signed('POST', '/account/keys/x/budget', '{"add_sats":1}'),
      ],
      [`${key_}/budget`, budget, { method: 'POST' }],
      [`${key_}/budget`, budget, { method: 'POST', body: huge }],
      ['/l402', '/l402', { headers: token }],
      ['/l402', '/l402'],
      ['/l402/refunds', '/l402/refunds', refund],
      ['/l402/refunds', '/l402/refunds', { ...refund, body: '{}' }],
      ['/l402/refunds', '/l402/refunds', { method: 'POST' }],
      ['/l402/refunds', '/l402/refunds', refund, failing('INSUFFICIENT_FUNDS')],
      ['/l402/refunds', '/l402/refunds', { ...refund, body: huge }],
      ['/l402/refunds', '/l402/refunds', refund, { leave: async () => Date.now() }],
      ['/l402/refunds', '/l402/refunds', refund, failing('SERVICE_UNAVAILABLE')],
      ['/v1/models', '/v1/models'],
      ['/v1/models/{slug}', '/v1/models/chat'],
      ['/v1/models/{slug}', '/v1/models/gpt-5'],
      ...all(chat, '/v1/chat/completions'),
      ...all(responses, '/v1/responses'),
      // Last, because it ends the key.
      [key_, one, signed('DELETE', one)],
      [key_, one, { method: 'DELETE' }],
      [key_, '/account/keys/x', signed('DELETE', '/account/keys/x')],
      [key_, one, { method: 'DELETE', body: huge }],
    ],
  };
}
