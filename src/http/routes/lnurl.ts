/** The agents' Lightning addresses: LNURL-pay with zaps (LUD-06, 09, 12, 16, 21, NIP-57). */
import { type Context, Hono } from 'hono';
import type { KeyedAgent } from '../../agent/definition.ts';
import {
  LNURL_CALLBACKS_BURST,
  LNURL_CALLBACKS_PER_S,
  LNURL_CALLERS,
  LNURL_VERIFIES_BURST,
  LNURL_VERIFIES_PER_S,
} from '../../limits.ts';
import { isHex32 } from '../../nostr/hex.ts';
import {
  invoiceResponse,
  lnurlError,
  type PayEndpoint,
  payResponse,
  readCallback,
  refusedCallback,
  verifyResponse,
} from '../../payment/lnurl/server.ts';
import { nip05Address } from '../../protocol/nip05.ts';
import type { HttpPorts, OfferedPayment, PaymentDoor, RefusedPayment } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { Sieve } from '../sieve.ts';

/** What an address says of itself changes with a deployment only, s. */
const PAY_MAX_AGE_S = 300;

const REASONS: { readonly [refusal in RefusedPayment['type']]: string } = {
  unknown_event: 'unknown event: it is no event of this agent, nor a request to it',
  busy: 'too many unpaid invoices; pay one, or wait until they expire',
  unavailable: 'the wallet does not answer; try again',
};

export function lnurlRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const callbacks = new Sieve(LNURL_CALLBACKS_PER_S, LNURL_CALLBACKS_BURST, LNURL_CALLERS);
  const verifies = new Sieve(LNURL_VERIFIES_PER_S, LNURL_VERIFIES_BURST, LNURL_CALLERS);

  /** The agent and what takes its payments, or the answer that there is no such address. */
  function payee(c: Context<AppEnv>, slug: string): { agent: KeyedAgent; door: PaymentDoor } | Response {
    const agent = ports.agents.find((one) => one.slug === slug);
    const door = ports.payments;
    const elsewhere = door?.elsewhere(slug) ?? null;
    if (agent !== undefined && door !== null && elsewhere === null) return { agent, door };
    const reason =
      agent === undefined || door === null ? 'no such address' : `this agent is paid at ${elsewhere}`;
    return c.json(lnurlError(reason), 404, NOT_STORED);
  }

  function isTooOften(sieve: Sieve, c: Context<AppEnv>): boolean {
    return !sieve.lets(c.req.header('cf-connecting-ip'), ports.clock());
  }

  app.get('/.well-known/lnurlp/:slug', (c) => {
    const found = payee(c, c.req.param('slug'));
    if (found instanceof Response) return found;
    const endpoint = endpointOf(ports.publicUrl, found.agent, found.door);
    return c.json(payResponse(endpoint), 200, { 'cache-control': `public, max-age=${PAY_MAX_AGE_S}` });
  });

  app.get('/lnurlp/:slug/callback', async (c) => {
    const found = payee(c, c.req.param('slug'));
    if (found instanceof Response) return found;
    const { agent, door } = found;
    // To look whether it is there makes no invoice.
    if (c.req.method === 'HEAD') return c.body(null, 200, NOT_STORED);
    if (isTooOften(callbacks, c)) return c.json(TOO_OFTEN, 200, NOT_STORED);
    // Raw, because clients write zap requests in more than one way (payment/zaps/parameter.ts).
    const query = new URL(c.req.url).search.slice(1);
    const order = readCallback(query, endpointOf(ports.publicUrl, agent, door));
    if (typeof order === 'string') return c.json(refusedCallback(order), 200, NOT_STORED);
    const made = await door.invoice(agent, order).catch((error: unknown): RefusedPayment => {
      const requestId = c.get('requestId');
      ports.log({ level: 'error', message: 'no invoice for a payment', requestId, error });
      return { type: 'unavailable' };
    });
    if (made.type !== 'offered') return c.json(lnurlError(REASONS[made.type]), 200, NOT_STORED);
    return c.json(offer(ports.publicUrl, agent, made), 200, NOT_STORED);
  });

  app.get('/lnurlp/:slug/verify/:account/:hash', async (c) => {
    const { slug, account, hash } = c.req.param();
    const found = payee(c, slug);
    if (found instanceof Response) return found;
    if (isTooOften(verifies, c)) return c.json(TOO_OFTEN, 200, NOT_STORED);
    const status = isHex32(hash) ? await found.door.payment(slug, account, hash) : null;
    if (status === null) return c.json(lnurlError('no such payment'), 200, NOT_STORED);
    return c.json(verifyResponse(status.bolt11, status.payment), 200, NOT_STORED);
  });
  return app;
}

const TOO_OFTEN = lnurlError('too many requests; slow down');
const NOT_STORED = { 'cache-control': 'no-store' };

/** Everything stands in the path: some clients replace the query of a callback. */
function endpointOf(publicUrl: string, agent: KeyedAgent, { nostrPubkey }: PaymentDoor): PayEndpoint {
  return {
    address: nip05Address(agent, publicUrl),
    description: `${agent.name}, an agent at ${new URL(publicUrl).host}`,
    callback: `${publicUrl}/lnurlp/${agent.slug}/callback`,
    recipient: agent.pubkey,
    nostrPubkey,
  };
}

function offer(
  publicUrl: string,
  { slug }: KeyedAgent,
  { bolt11, account, paymentHash, jobId }: OfferedPayment,
) {
  const verify = `${publicUrl}/lnurlp/${slug}/verify/${account}/${paymentHash}`;
  if (jobId === null) return invoiceResponse(bolt11, verify);
  return invoiceResponse(bolt11, verify, {
    tag: 'url',
    description: 'The job you paid for',
    url: `${publicUrl}/jobs/${jobId}`,
  });
}
