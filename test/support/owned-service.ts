/** The service with an agent that others own, their Lightning addresses, and a customer who pays. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { expect } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { devWalletUri } from '../../src/payment/dev-wallet/keys.ts';
import { NWCClient } from '../peers/alby.ts';
import { type Client, tag } from './client.ts';
import { type LnurlServer, startLnurlServer } from './lnurl-server.ts';
import { type Service, startService } from './service.ts';

export interface OwnedService {
  readonly service: Service;
  /** Serves `alice` and `bob`, whose wallet is the customer's. */
  readonly lnurl: LnurlServer;
  readonly payer: NWCClient;
  /** The customer's connection string. */
  readonly nwc: string;
  /** Starts the service again, on its state, after it was killed. */
  restart(): Promise<OwnedService>;
}

export interface OwnedOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Folder that keeps the state, for who wants to restart. */
  readonly persistTo?: string;
}

/** @param owners OWNERS, from the addresses of users */
export async function startOwned(
  owners: (address: (user: string) => string) => string,
  { env, persistTo }: OwnedOptions,
): Promise<OwnedService> {
  // Addresses and service need each other's port before either is there.
  const port = await freePort();
  const config = readConfig({ LOCAL: '1', PUBLIC_URL: `http://127.0.0.1:${port}` });
  const nwc = devWalletUri(config, 'customer') ?? '';
  const lnurl = await startLnurlServer({ alice: nwc, bob: nwc });
  const OWNERS = owners((user) => lnurl.address(user));
  const start = async (): Promise<OwnedService> => {
    const service = await startService({
      port,
      env: { OWNERS, ...env },
      ...(persistTo === undefined ? {} : { persistTo }),
    });
    expect(service.dev.customer.nwc).toBe(nwc);
    const payer = new NWCClient({ nostrWalletConnectUrl: nwc });
    return { service, lnurl, nwc, payer, restart: start };
  };
  return await start();
}

export async function stopOwned({ service, lnurl, payer }: OwnedService): Promise<void> {
  payer.close();
  await service.stop();
  await lnurl.close();
}

/** What the customer has, msats. */
export async function balanceOf({ payer }: Pick<OwnedService, 'payer'>): Promise<number> {
  return (await payer.getBalance()).balance;
}

/** Asks for a job, pays for it unless credit does, and waits for its result. */
export async function paidJob(
  { service, payer }: Pick<OwnedService, 'service' | 'payer'>,
  client: Client,
  words: string,
  by: 'invoice' | 'credit' = 'invoice',
): Promise<void> {
  const agent = service.dev.agents.find(({ slug }) => slug === 'discover-prepaid')?.pubkey ?? '';
  const request = client.sign(5302, [
    ['p', agent],
    ['i', words, 'text'],
  ]);
  const answers = client.answers(request.id);
  await client.publish(request);
  if (by === 'invoice') {
    const demand = await answers.find((event) => tag(event, 'status') === 'payment-required');
    await payer.payInvoice({ invoice: demand.tags.find(([name]) => name === 'amount')?.[2] ?? '' });
  }
  const result = await answers.find((event) => event.kind === 6302);
  expect(tag(result, 'e')).toBe(request.id);
}

/** Below the ports a system gives to whoever asks for any, so that no neighbour is given it before it is used. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 30_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return port;
  }
}
