/**
 * Goal: a sealed request pays each agent it is wrapped for, and none of them touches the money of another. A rumor has
 * one id in every wrap, so jobs of several agents may have one id (`MoneyPorts.nameOf`). Method: the
 * started service with development money and nostr-tools' NIP-59, black box. Does not prove: anything about requests
 * that are not wrapped, which go to one agent only.
 */
import { nip59 } from 'nostr-tools';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NWCClient } from '../peers/alby.ts';
import { authenticate, type Client, connectClient } from '../support/client.ts';
import { agentKey } from '../support/jobs.ts';
import { type Service, startService } from '../support/service.ts';
import { signedCall } from '../support/signed-call.ts';

let service: Service;
let payer: NWCClient;

beforeAll(async () => {
  service = await startService();
  payer = new NWCClient({ nostrWalletConnectUrl: service.dev.customer.nwc ?? '' });
});

afterAll(async () => {
  payer.close();
  await service.stop();
});

const account = async ({ secretKey }: Client) =>
  (await signedCall(service.url, secretKey, 'GET', '/account')).json;

async function clientWithCredit(amount_msats: number): Promise<Client> {
  const client = await connectClient(service.relay);
  await authenticate(client);
  const { json } = await signedCall(service.url, client.secretKey, 'POST', '/account/invoices', {
    amount_msats,
  });
  await payer.payInvoice({ invoice: String(json.bolt11) });
  await expect.poll(() => account(client), { timeout: 10_000 }).toMatchObject({ credit_msats: amount_msats });
  return client;
}

type Rumor = ReturnType<typeof nip59.unwrapEvent>;

/**
 * A request that waits for the result of another job, to be wrapped for several agents, and what they answer to it.
 *
 * @param tags of the request, beside its inputs
 */
function sealed(client: Client, ...tags: string[][]) {
  const awaited = client.sign(5302, [
    ['p', agentKey(service, 'discover')],
    ['i', 'awaited words', 'text'],
  ]);
  const heard: Rumor[] = [];
  client.relay.subscribe([{ kinds: [1059], '#p': [client.pubkey] }], {
    onevent: (event) => heard.push(nip59.unwrapEvent(event, client.secretKey)),
  });
  const inputs = [
    ['i', 'sealed words', 'text'],
    ['i', awaited.id, 'job'],
  ];
  const created_at = Math.floor(Date.now() / 1_000);
  const draft = { kind: 5302, tags: [...inputs, ...tags], content: '', created_at };
  const of = (slug: string) => heard.filter(({ pubkey }) => pubkey === agentKey(service, slug));
  return {
    ask: (slug: string) => client.publish(nip59.wrapEvent(draft, client.secretKey, agentKey(service, slug))),
    /** Waits for feedback with this status, or for the result. */
    async answer(slug: string, status: string) {
      const isIt = ({ kind, tags: told }: Rumor) =>
        status === 'result'
          ? kind === 6302
          : told.some(([name, value]) => name === 'status' && value === status);
      await expect.poll(() => of(slug).some(isIt), { timeout: 10_000 }).toBe(true);
    },
    results: () => heard.filter(({ kind }) => kind === 6302).length,
    awaitedIsDone: () => client.publish(awaited),
  };
}

test('credit for one job pays one agent, and the other asks for its own', async () => {
  const client = await clientWithCredit(21_000);
  const { ask, answer, awaitedIsDone, results } = sealed(client);
  await ask('discover-prepaid');
  await answer('discover-prepaid', 'processing');
  await ask('discover-escrow');
  await answer('discover-escrow', 'payment-required');
  await awaitedIsDone();
  await answer('discover-prepaid', 'result');
  await expect
    .poll(() => account(client), { timeout: 10_000 })
    .toMatchObject({ credit_msats: 0, set_aside_msats: 0 });
  expect(results()).toBe(1);
  client.close();
});

test('an agent that refuses it gives nothing back of what another has', async () => {
  const client = await clientWithCredit(20_000);
  const { ask, answer, awaitedIsDone } = sealed(client, ['bid', '20000']);
  await ask('discover-metered');
  await answer('discover-metered', 'processing');
  const { set_aside_msats } = await account(client);
  expect(set_aside_msats).toBeGreaterThan(0);
  // It costs 21 sats there.
  await ask('discover-prepaid');
  await answer('discover-prepaid', 'error');
  expect(await account(client)).toMatchObject({ set_aside_msats });
  await awaitedIsDone();
  await answer('discover-metered', 'result');
  await expect.poll(() => account(client), { timeout: 10_000 }).toMatchObject({ set_aside_msats: 0 });
  expect((await account(client)).credit_msats).toBeLessThan(20_000);
  client.close();
});
