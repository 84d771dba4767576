/**
 * Goal: an operator learns by one command whether the books and the wallet agree, and of which payment they do not.
 * Method: the started service with its development money, a paid job, then money that moves past it; the command as a
 * process, as the operator types it. Does not prove: each kind of difference (test/payment/reconcile.test.ts), and other
 * wallets.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { nip19 } from 'nostr-tools';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { ROOT } from '../../scripts/local/state.ts';
import { readConfig } from '../../src/config.ts';
import { LEDGER_CHECK_PAGE } from '../../src/limits.ts';
import { fromHex } from '../../src/nostr/hex.ts';
import { decodeInvoice } from '../../src/payment/bolt11/decode.ts';
import { devWalletUri } from '../../src/payment/dev-wallet/keys.ts';
import { NWCClient } from '../peers/alby.ts';
import { type Client, connectClient, tag } from '../support/client.ts';
import { type Service, startService } from '../support/service.ts';

const PAYMENTS = 2 * LEDGER_CHECK_PAGE + 5;
const files = mkdtempSync(join(tmpdir(), 'errand-ledger-'));
let service: Service;
let payer: NWCClient;
let owner: NWCClient;
let client: Client;

beforeAll(async () => {
  service = await startService();
  payer = new NWCClient({ nostrWalletConnectUrl: service.dev.customer.nwc ?? '' });
  const config = readConfig({ LOCAL: '1', PUBLIC_URL: service.url });
  owner = new NWCClient({ nostrWalletConnectUrl: devWalletUri(config, 'operator') ?? '' });
  client = await connectClient(service.relay);
});

afterAll(async () => {
  client.close();
  payer.close();
  owner.close();
  await service.stop();
  rmSync(files, { recursive: true });
});

const failure = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });

async function errand(args: readonly string[], env: Record<string, string> = {}) {
  const { ERRAND_URL: _url, ERRAND_OPERATOR_KEY: _key, ...clean } = process.env;
  try {
    const options = { cwd: ROOT, env: { ...clean, ...env } };
    const ended = await promisify(execFile)(process.execPath, ['scripts/errand.ts', ...args], options);
    return { code: 0, stdout: ended.stdout, stderr: ended.stderr };
  } catch (error) {
    return failure.parse(error);
  }
}

const check = (...args: string[]) => errand(['ledger', 'check', '--persist-to', service.persistTo, ...args]);
/** The same, once the record has what the accounts have. */
const checked = async (wanted: { code: number; stdout: string }, ...args: string[]) =>
  await expect
    .poll(async () => await check(...args), { timeout: 30_000, interval: 500 })
    .toMatchObject(wanted);

async function payForJob(): Promise<void> {
  const agent = service.dev.agents.find(({ slug }) => slug === 'discover-prepaid')?.pubkey ?? '';
  const request = client.sign(5302, [
    ['p', agent],
    ['i', 'paid words', 'text'],
  ]);
  const answers = client.answers(request.id);
  await client.publish(request);
  const demand = await answers.find((event) => tag(event, 'status') === 'payment-required');
  await payer.payInvoice({ invoice: demand.tags.find(([name]) => name === 'amount')?.[2] ?? '' });
  await answers.find((event) => event.kind === 6302);
}

async function payPastErrand(): Promise<string> {
  const { invoice } = await owner.makeInvoice({ amount: 4_500, description: 'a gift' });
  await payer.payInvoice({ invoice });
  return decodeInvoice(invoice).paymentHash;
}

test('they agree before and after a job was paid, and a payment past errand is named, alone', async () => {
  expect(await check()).toMatchObject({
    code: 0,
    stdout: 'ledger and wallet agree: 0 payments, wallet 0 sats\n',
    stderr: '',
  });
  await payForJob();
  await checked({ code: 0, stdout: 'ledger and wallet agree: 1 payments, wallet 21 sats\n' }, '--grace', '0');

  const hash = await payPastErrand();
  const { code, stdout, stderr } = await check('--grace', '0');
  expect(code).toBe(1);
  expect(stdout).toBe(
    `unknown_incoming ${hash}: the wallet received 4.5 sats that the books do not know: not for a job, or lost\n`,
  );
  expect(stderr).toContain('own_money');
  // As long as it is young it might still be booked.
  const young = await check();
  expect(young).toMatchObject({
    code: 0,
    stdout: 'ledger and wallet agree: 1 payments, wallet 25.5 sats\n',
  });
  expect(young.stderr).toContain(`not yet: unknown_incoming ${hash}`);
});

test('it takes address and key from options or the environment too, and is for the operator alone', async () => {
  const { secret_key } = service.dev.operator;
  const nsec = join(files, 'operator');
  writeFileSync(nsec, `${nip19.nsecEncode(fromHex(secret_key))}\n`, { mode: 0o600 });
  const none = ['--persist-to', join(files, 'none')];
  const byFile = await errand([
    'ledger',
    'check',
    '--url',
    `${service.url}/`,
    '--key-file',
    nsec,
    ...none,
    '--grace',
    '3600',
  ]);
  expect(byFile).toMatchObject({ code: 0, stdout: expect.stringContaining('agree') });
  const env = { ERRAND_URL: service.url, ERRAND_OPERATOR_KEY: secret_key };
  expect(await errand(['ledger', 'check', ...none, '--grace', '3600'], env)).toMatchObject({ code: 0 });

  const other = await errand(['ledger', 'check', ...none], {
    ...env,
    ERRAND_OPERATOR_KEY: service.dev.customer.secret_key,
  });
  expect(other).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^FORBIDDEN: /) });
});

test('what could not be compared ends with 2 and says why, without a key in it', async () => {
  const key = service.dev.operator.secret_key;
  const none = ['--persist-to', join(files, 'none')];
  for (const [args, env, said] of [
    [['ledger', 'check', ...none], {}, 'nothing is running here'],
    [['ledger', 'check', ...none, '--url', service.url], {}, '--key-file'],
    [
      ['ledger', 'check', ...none, '--url', service.url],
      { ERRAND_OPERATOR_KEY: `${key}0` },
      '64 hex characters',
    ],
    [
      ['ledger', 'check', ...none, '--url', service.url, '--key-file', join(files, 'no')],
      {},
      'cannot be read',
    ],
    [['ledger', 'check', ...none, '--url', 'ftp://x'], { ERRAND_OPERATOR_KEY: key }, 'no http(s) URL'],
    [
      ['ledger', 'check', ...none, '--url', 'http://127.0.0.1:9'],
      { ERRAND_OPERATOR_KEY: key },
      'cannot be asked',
    ],
    [['ledger', 'check', ...none, '--url', `${service.url}/deep`], { ERRAND_OPERATOR_KEY: key }, 'NOT_FOUND'],
    [['ledger', 'check', '--persist-to', service.persistTo, '--grace', 'long'], {}, 'BAD_REQUEST'],
    [['ledger', 'check', '--colour'], {}, 'there is no --colour here'],
    [['ledger', 'burn'], {}, 'ledger check'],
    [[], {}, 'ledger check'],
  ] as const) {
    const { code, stdout, stderr } = await errand(args, env);
    expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' });
    expect(stderr).toContain(said);
    expect(stderr).not.toContain(key.slice(0, 16));
  }
});

test('a wallet with more payments than one page of its list is read to the end', async () => {
  const hashes: string[] = [];
  for (let n = 0; n < PAYMENTS; n++) hashes.push(await payPastErrand());
  const { code, stdout } = await check('--grace', '0');
  expect(code).toBe(1);
  // The payments of the tests above stand there too.
  for (const hash of hashes) expect(stdout).toContain(`unknown_incoming ${hash}`);
});

test('/metrics and /health show money and wallet as they are', async () => {
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toMatch(/^errand_ledger_balance_msats\{account="wallet"\} 21000$/m);
  expect(metrics).toMatch(/^errand_ledger_imbalance_msats 0$/m);
  expect(metrics).toMatch(/^errand_wallet_up 1$/m);
  expect(metrics).toMatch(/^errand_wallet_last_answer_timestamp_seconds \d+/m);
  expect(await (await fetch(`${service.url}/health`)).json()).toMatchObject({ status: 'ok', wallet: 'ok' });
});
