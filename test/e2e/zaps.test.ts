/**
 * Goal: agents are zapped by three clients nobody here wrote (nostr-tools, Alby's lightning-tools, NDK), each of which
 * pays with the customer's development wallet through Alby's SDK and sees the receipt; a zap on a job's event pays that
 * job from request to result; and what is forged, replayed, foreign or too little pays nothing.
 * Method: the started service, black box. The clients insist on https for Lightning addresses, so their fetch is led to
 * the service, which is on http; nothing else of them is touched. Not proved: real Lightning and other wallets.
 */
import { createHash } from 'node:crypto';
import { getZapEndpoint, makeZapRequest, useFetchImplementation } from 'nostr-tools/nip57';
import { type Event, finalizeEvent, generateSecretKey, verifyEvent } from 'nostr-tools/pure';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { NWCClient } from '../peers/alby.ts';
import { LightningAddress } from '../peers/lightning-tools.ts';
import { zapWithNdk } from '../peers/ndk-zapper.ts';
import { type Client, connectClient, errorOf, tag } from '../support/client.ts';
import { agentKey, task } from '../support/jobs.ts';
import { startOutsideRelay } from '../support/outside-relay.ts';
import { type Service, startService } from '../support/service.ts';

let service: Service;
let payer: NWCClient;
let client: Client;
let agent: string;
let receiptKey: string;

beforeAll(async () => {
  service = await startService();
  payer = new NWCClient({ nostrWalletConnectUrl: service.dev.customer.nwc ?? '' });
  client = await connectClient(service.relay);
  agent = agentKey(service, 'discover-prepaid');
  receiptKey = (await json(`${service.url}/.well-known/lnurlp/discover-prepaid`)).nostrPubkey;
});

afterEach(() => {
  vi.unstubAllGlobals();
});

afterAll(async () => {
  client.close();
  payer.close();
  await service.stop();
});

const realFetch = globalThis.fetch;
/** fetch as the clients get it: every https host is the service. */
const led: typeof fetch = (input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  return realFetch(url.replace(/^https:\/\/[^/]+/, service.url), init);
};

async function json(url: string) {
  return await (await realFetch(url)).json();
}

async function pay(invoice: string): Promise<string> {
  return (await payer.payInvoice({ invoice })).preimage;
}

const demanded = (event: Event) => tag(event, 'status') === 'payment-required';
const isResult = (event: Event) => event.kind === 7001 && tag(event, 'result') !== undefined;

/** Posts a job with a price, and waits for what asks for its money. */
async function demand(who: Client = client) {
  const request = task(who, agent, `zapped words ${Math.random()}`);
  const answers = who.answers(request.id);
  await who.publish(request);
  return { request, answers, feedback: await answers.find(demanded) };
}

/** The receipts of zaps on an event, as they come. */
function receiptsOf(eventId: string) {
  return client.answers(eventId);
}
const isReceipt = (event: Event) => event.kind === 9735;

/** What NIP-57 asks of a receipt, checked as its Appendix F says. */
function expectReceipt(receipt: Event, request: Event, invoice?: string): void {
  expect(verifyEvent(receipt)).toBe(true);
  expect(receipt.pubkey).toBe(receiptKey);
  expect(tag(receipt, 'description')).toBe(JSON.stringify(request));
  expect(tag(receipt, 'p')).toBe(tag(request, 'p'));
  expect(tag(receipt, 'P')).toBe(request.pubkey);
  if (invoice !== undefined) expect(tag(receipt, 'bolt11')).toBe(invoice);
}

interface ZapOptions {
  readonly amount?: number;
  readonly comment?: string;
  readonly key?: Uint8Array;
  readonly relays?: string[];
  readonly encode?: (text: string) => string;
}

/** A zap with nostr-tools, up to the invoice. */
async function nostrToolsZap(
  target: Event | string,
  { amount = 21_000, comment = '', key = client.secretKey, relays, encode = encodeURIComponent }: ZapOptions,
) {
  useFetchImplementation(led);
  const profile = await profileOf(agent);
  const callback = await getZapEndpoint(profile);
  const common = { amount, comment, relays: relays ?? [service.relay] };
  const request = finalizeEvent(
    makeZapRequest(typeof target === 'string' ? { pubkey: target, ...common } : { event: target, ...common }),
    key,
  );
  const answer = await json(`${callback}?amount=${amount}&nostr=${encode(JSON.stringify(request))}`);
  return { request: plain(request), answer };
}

/** Without the mark that nostr-tools puts on what it signed. */
function plain({ id, pubkey, created_at, kind, tags, content, sig }: Event): Event {
  return { kind, created_at, content, tags, pubkey, id, sig };
}

async function profileOf(pubkey: string): Promise<Event> {
  return await new Promise((resolve) => {
    const subscription = client.relay.subscribe([{ kinds: [0], authors: [pubkey] }], {
      onevent(event) {
        resolve(event);
        subscription.close();
      },
    });
  });
}

describe('an address', () => {
  test('is on the profile of every agent, and answers as LUD-06 and NIP-57 say', async () => {
    for (const { slug, pubkey } of service.dev.agents) {
      const { host } = new URL(service.url);
      expect(JSON.parse((await profileOf(pubkey)).content).lud16).toBe(`${slug}@${host}`);
      const response = await realFetch(`${service.url}/.well-known/lnurlp/${slug}`);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(await response.json()).toMatchObject({
        tag: 'payRequest',
        callback: `${service.url}/lnurlp/${slug}/callback`,
        minSendable: 1_000,
        allowsNostr: true,
        nostrPubkey: receiptKey,
      });
    }
    const unknown = await realFetch(`${service.url}/.well-known/lnurlp/nobody`);
    expect([unknown.status, (await unknown.json()).status]).toEqual([404, 'ERROR']);
  });
});

describe('a job is paid by a zap on its event', () => {
  test('nostr-tools, on the payment-required feedback; receipts also go where the zap wants them', async () => {
    const outside = await startOutsideRelay();
    const { answers, feedback } = await demand();
    const { request, answer } = await nostrToolsZap(feedback, {
      comment: 'two + two & more',
      relays: [outside.url, 'ws://127.0.0.1:1', service.relay],
    });
    expect(answer).toMatchObject({ status: 'OK', routes: [] });
    const receipts = receiptsOf(feedback.id);
    await pay(answer.pr);
    await answers.find(isResult);
    expectReceipt(await receipts.find(isReceipt), request, answer.pr);
    const [there] = await outside.waitFor({ kinds: [9735] });
    expect(there?.id).toBe(receipts.events.find(isReceipt)?.id);
    await outside.stop();
  });

  test('nostr-tools, with the parameter written by encodeURI as in the NIP, and the job’s own request zapped', async () => {
    const { request: job, answers } = await demand();
    const receipts = receiptsOf(job.id);
    // NIP-57 leaves it to the client whom to zap; the request names the agent.
    const zap = finalizeEvent(
      {
        ...makeZapRequest({ pubkey: agent, amount: 21_000, comment: 'a + b & c', relays: [service.relay] }),
        tags: [
          ['p', agent],
          ['amount', '21000'],
          ['relays', service.relay],
          ['e', job.id],
        ],
      },
      client.secretKey,
    );
    const query = `amount=21000&nostr=${encodeURI(JSON.stringify(zap))}&lnurl=x`;
    const answer = await json(`${service.url}/lnurlp/discover-prepaid/callback?${query}`);
    await pay(answer.pr);
    await answers.find(isResult);
    expectReceipt(await receipts.find(isReceipt), plain(zap), answer.pr);
  });

  test('lightning-tools, on the 7001 that says PAYMENT_REQUIRED', async () => {
    vi.stubGlobal('fetch', led);
    const { answers } = await demand();
    const asked = await answers.find((event) => errorOf(event)?.code === 'PAYMENT_REQUIRED');
    const address = new LightningAddress('discover-prepaid@market.test', {
      proxy: false,
      webln: {
        enable: async () => undefined,
        sendPayment: async (invoice: string) => ({ preimage: await pay(invoice) }),
      },
    });
    await address.fetch();
    const receipts = receiptsOf(asked.id);
    const nostr = {
      getPublicKey: async () => client.pubkey,
      signEvent: async (event: Event) => finalizeEvent(event, client.secretKey),
    };
    const zap = { satoshi: 21, comment: 'paid', relays: [service.relay], e: asked.id };
    const { preimage } = await address.zap(zap, { nostr });
    await answers.find(isResult);
    const receipt = await receipts.find(isReceipt);
    expect(receipt.pubkey).toBe(receiptKey);
    expect(tag(receipt, 'preimage')).toBe(preimage);
  });

  test('NDK, on the payment-required feedback', async () => {
    const who = await connectClient(service.relay);
    const { answers, feedback } = await demand(who);
    const receipt = await zapWithNdk({
      relay: service.relay,
      secretKey: who.secretKey,
      payee: agent,
      eventId: feedback.id,
      amount_msats: 21_000,
      comment: 'by NDK',
      pay,
      fetch: led,
    });
    await answers.find(isResult);
    expect(receipt.pubkey).toBe(receiptKey);
    expect(receipt.tags).toContainEqual(['e', feedback.id]);
    who.close();
  });

  test('by somebody else, who zaps anonymously: it is the job’s client whose job runs', async () => {
    const { answers, feedback } = await demand();
    const { answer } = await nostrToolsZap(feedback, { key: generateSecretKey() });
    await pay(answer.pr);
    await answers.find(isResult);
  });

  test('in two parts: the first is too little and is kept, the second completes it', async () => {
    const who = await connectClient(service.relay);
    const { answers, feedback } = await demand(who);
    const part = await nostrToolsZap(feedback, { amount: 20_000, key: who.secretKey });
    const receipts = receiptsOf(feedback.id);
    await pay(part.answer.pr);
    await receipts.find(isReceipt);
    expect(answers.events.some(isResult)).toBe(false);
    const rest = await nostrToolsZap(feedback, { amount: 1_000, key: who.secretKey });
    await pay(rest.answer.pr);
    await answers.find(isResult);
    who.close();
  });
});

describe('a payment for no job', () => {
  test('a zap to the agent is the zapper’s credit, and pays the next job without an invoice', async () => {
    const who = await connectClient(service.relay);
    const { answer, request } = await nostrToolsZap(agent, { key: who.secretKey, amount: 21_000 });
    await pay(answer.pr);
    const receipt = await new Promise<Event>((resolve) => {
      client.relay.subscribe([{ kinds: [9735], '#P': [who.pubkey] }], { onevent: resolve });
    });
    expectReceipt(receipt, request, answer.pr);
    const job = task(who, agent, 'by credit');
    const answers = who.answers(job.id);
    await who.publish(job);
    expect(tag(await answers.find((event) => event.kind === 7001), 'result')).toBeDefined();
    expect(answers.events.some(demanded)).toBe(false);
    who.close();
  });

  test('lightning-tools pays a plain invoice and sees by LUD-21 that it arrived', async () => {
    vi.stubGlobal('fetch', led);
    const address = new LightningAddress('discover@market.test', { proxy: false });
    await address.fetch();
    const invoice = await address.requestInvoice({ satoshi: 5, comment: 'for you' });
    expect(await invoice.isPaid()).toBe(false);
    await pay(invoice.paymentRequest);
    await expect.poll(() => invoice.isPaid(), { timeout: 20_000 }).toBe(true);
    const preimage = invoice.preimage ?? '';
    expect(createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex')).toBe(invoice.paymentHash);
  });
});

describe('what pays nothing', () => {
  const ask = (query: string) => json(`${service.url}/lnurlp/discover-prepaid/callback?${query}`);

  test.each([
    '',
    'amount=0',
    'amount=999',
    'amount=1000.5',
    'amount=-1000',
    'amount=1e4',
    'amount=9223372036854775808',
    'amount=18446744073709551616000',
    'amount=21000&nostr=',
    'amount=21000&nostr=%7B%7D',
  ])('a callback with "%s" gets no invoice', async (query) => {
    expect(await ask(query)).toMatchObject({ status: 'ERROR', reason: expect.any(String) });
  });

  test('a zap request that is forged, foreign or over another amount gets no invoice', async () => {
    const { feedback } = await demand();
    const good = makeZapRequest({ event: feedback, amount: 21_000, relays: [service.relay] });
    const signed = (change: object) =>
      encodeURIComponent(JSON.stringify(finalizeEvent({ ...good, ...change }, client.secretKey)));
    const forged = { ...finalizeEvent(good, generateSecretKey()), pubkey: client.pubkey };
    const note = client.sign(1, []);
    await client.publish(note);
    const hostile = [
      encodeURIComponent(JSON.stringify(forged)),
      signed({ kind: 1 }),
      signed({ tags: good.tags.map((item) => (item[0] === 'p' ? ['p', client.pubkey] : item)) }),
      signed({ tags: good.tags.map((item) => (item[0] === 'amount' ? ['amount', '21'] : item)) }),
      signed({ tags: [...good.tags, ['P', client.pubkey]] }),
    ];
    for (const nostr of hostile)
      expect(await ask(`amount=21000&nostr=${nostr}`)).toMatchObject({ status: 'ERROR' });
    for (const id of ['ab'.repeat(32), note.id]) {
      const nostr = signed({ tags: good.tags.map((item) => (item[0] === 'e' ? ['e', id] : item)) });
      expect(await ask(`amount=21000&nostr=${nostr}`)).toMatchObject({
        status: 'ERROR',
        reason: expect.stringContaining('unknown event'),
      });
    }
  });

  test('receipts that are forged, or replayed from a paid job, move no job', async () => {
    const paid = await demand();
    const { answer } = await nostrToolsZap(paid.feedback, {});
    const receipts = receiptsOf(paid.feedback.id);
    await pay(answer.pr);
    const real = await receipts.find(isReceipt);
    await paid.answers.find(isResult);

    const who = await connectClient(service.relay);
    const unpaid = await demand(who);
    const { answer: other, request } = await nostrToolsZap(unpaid.feedback, { key: who.secretKey });
    const receipt = (tags: string[][]) => ({ kind: 9735, created_at: real.created_at, content: '', tags });
    const claims = [
      ['p', agent],
      ['e', unpaid.feedback.id],
      ['P', who.pubkey],
      ['bolt11', other.pr],
      ['description', JSON.stringify(request)],
    ];
    await who.publish(finalizeEvent(receipt(claims), generateSecretKey()));
    await who.publish(real);
    const retagged = real.tags.map((item) => (item[0] === 'e' ? ['e', unpaid.feedback.id] : item));
    await who.publish(finalizeEvent(receipt(retagged), who.secretKey));
    // A job that is asked for and zapped after them is done: what they could have moved would have moved by now.
    const later = await demand(who);
    const zapped = await nostrToolsZap(later.feedback, { key: who.secretKey });
    await pay(zapped.answer.pr);
    await later.answers.find(isResult);
    expect(unpaid.answers.events.some(isResult)).toBe(false);
    who.close();
  });
});
