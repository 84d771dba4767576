/**
 * Goal: an agent whose Lightning address is at another provider advertises that one and is not collected for here; that
 * provider's receipt, by the embedded relay or by an outside one, lets a job go on up to the limit of trust and no
 * further; and receipts that anybody else signed, or that are about something else, do nothing.
 * Method: the started service and a provider of this test's own over loopback HTTP; jobs, zaps and receipts are made
 * with nostr-tools. Does not prove that a provider was paid: that is what the limit is for.
 */
import { createHash, randomBytes } from 'node:crypto';
import { makeZapRequest } from 'nostr-tools/nip57';
import { type Event, finalizeEvent, generateSecretKey, getPublicKey } from 'nostr-tools/pure';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeInvoice } from '../../src/payment/bolt11/encode.ts';
import { msats } from '../../src/payment/msats.ts';
import { type Client, connectClient, tag } from '../support/client.ts';
import { type LoopbackServer, loopbackServer } from '../support/http-server.ts';
import { agentKey, task } from '../support/jobs.ts';
import { type OutsideRelay, startOutsideRelay } from '../support/outside-relay.ts';
import { type Service, startService } from '../support/service.ts';

const PROVIDER = generateSecretKey();
let server: LoopbackServer;
let outside: OutsideRelay;
let service: Service;
let client: Client;
let agent: string;
let address: string;

beforeAll(async () => {
  server = await loopbackServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        tag: 'payRequest',
        callback: `${server.origin}/cb`,
        minSendable: 1_000,
        maxSendable: 100_000_000,
        metadata: '[["text/plain","an agent"]]',
        allowsNostr: true,
        nostrPubkey: getPublicKey(PROVIDER),
      }),
    );
  });
  outside = await startOutsideRelay();
  address = `agent@${new URL(server.origin).host}`;
  service = await startService({
    env: {
      ZAP_ADDRESSES: `discover-prepaid=${address},discover-postpaid=${address}`,
      ZAP_TRUST_SATS: '30',
      RELAYS: outside.url,
    },
  });
  client = await connectClient(service.relay);
  agent = agentKey(service, 'discover-prepaid');
});

afterAll(async () => {
  client.close();
  await service.stop();
  await outside.stop();
  await server.close();
});

const isResult = (event: Event) => event.kind === 7001 && tag(event, 'result') !== undefined;

async function demand() {
  const request = task(client, agent, `zapped elsewhere ${Math.random()}`);
  const answers = client.answers(request.id);
  await client.publish(request);
  return { answers, feedback: await answers.find((event) => tag(event, 'status') === 'payment-required') };
}

/** A receipt as a provider writes it, over an invoice of its own. */
function receiptFor(
  target: Event,
  over: { amount?: number; invoiced?: number; signer?: Uint8Array } = {},
): Event {
  const { amount = 21_000, signer = PROVIDER } = over;
  const raw = JSON.stringify(
    finalizeEvent(makeZapRequest({ event: target, amount, relays: [service.relay] }), client.secretKey),
  );
  const preimage = randomBytes(32);
  const now_s = Math.floor(Date.now() / 1_000);
  const invoice = encodeInvoice(
    {
      network: 'regtest',
      amount: msats(over.invoiced ?? amount),
      timestamp_s: now_s,
      paymentHash: createHash('sha256').update(preimage).digest('hex'),
      paymentSecret: randomBytes(32).toString('hex'),
      description: null,
      descriptionHash: createHash('sha256').update(raw).digest('hex'),
    },
    randomBytes(32),
  );
  const tags = [
    ['p', agent],
    ['e', target.id],
    ['P', client.pubkey],
    ['bolt11', invoice.text],
    ['description', raw],
    ['preimage', preimage.toString('hex')],
  ];
  return finalizeEvent({ kind: 9735, created_at: now_s, content: '', tags }, signer);
}

test('its profile names that address, and ours says where it is', async () => {
  const profile = await new Promise<Event>((resolve) => {
    client.relay.subscribe([{ kinds: [0], authors: [agent] }], { onevent: resolve });
  });
  expect(JSON.parse(profile.content).lud16).toBe(address);
  const ours = await fetch(`${service.url}/.well-known/lnurlp/discover-prepaid`);
  expect([ours.status, await ours.json()]).toEqual([
    404,
    { status: 'ERROR', reason: `this agent is paid at ${address}` },
  ]);
});

test('a receipt of its provider lets the job go on', async () => {
  const { answers, feedback } = await demand();
  await client.publish(receiptFor(feedback));
  await answers.find(isResult);
  expect(server.asked).toEqual(['/.well-known/lnurlp/agent']);
});

test('one that comes by an outside relay does, too', async () => {
  const { answers, feedback } = await demand();
  const receipt = receiptFor(feedback);
  await outside.post(JSON.parse(JSON.stringify(receipt)));
  await answers.find(isResult);
});

test('receipts that are forged, replayed or over too little do nothing', async () => {
  const paid = await demand();
  const real = receiptFor(paid.feedback);
  await client.publish(real);
  await paid.answers.find(isResult);

  const unpaid = await demand();
  const retagged = real.tags.map((item) => (item[0] === 'e' ? ['e', unpaid.feedback.id] : item));
  const hostile = [
    receiptFor(unpaid.feedback, { signer: generateSecretKey() }),
    receiptFor(unpaid.feedback, { signer: client.secretKey }),
    receiptFor(unpaid.feedback, { amount: 20_000 }),
    receiptFor(unpaid.feedback, { invoiced: 1_000 }),
    // Its own provider's word, but about another job, or about an invoice that paid for another one.
    finalizeEvent({ ...real, created_at: real.created_at + 1, tags: retagged }, PROVIDER),
  ];
  for (const receipt of hostile) await client.publish(receipt);
  const reasons = () =>
    hostile.map(
      ({ id }) => new RegExp(`${id}","reason":"(\\w+)"`).exec(service.log())?.[1] ?? 'not seen yet',
    );
  await expect
    .poll(reasons, { timeout: 20_000 })
    .toEqual(['foreign_signer', 'foreign_signer', 'underpaid', 'other_amount', 'other_event']);
  expect(unpaid.answers.events.some(isResult)).toBe(false);
});
