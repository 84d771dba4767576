/** `npm run post`: posts one job as a plain Nostr client and shows what comes back. */

import { readFileSync } from 'node:fs';
import { nip19 } from 'nostr-tools';
import { generateSecretKey } from 'nostr-tools/pure';
import * as z from 'zod';
import type { Json } from '../src/errors.ts';
import { isHex32 } from '../src/nostr/hex.ts';
import { DEFAULT_AGENT_KINDS } from '../src/nostr/kinds.ts';
import { msatsFromSats } from '../src/payment/msats.ts';
import type { Answer } from '../src/protocol/answers.ts';
import { jsonOrText } from '../src/protocol/coerce.ts';
import { type Payer, payerOf } from './client/payer.ts';
import { JobFailed, runJob } from './client/run.ts';
import { fail, readOptions } from './local/options.ts';
import { DEFAULT_HOME, type DevFile, homeAt, readDevFile } from './local/state.ts';

const USAGE = `npm run post -- [options] "text"

  --agent NAME      slug of an agent of the running marketplace, or an npub; without it the request is open
  --kind N          7001 (agent task), or a NIP-90 kind such as 5300, 5302, 5303 (default 7001)
  --relay URL       another relay than that of the marketplace started here
  --session ID      conversation: jobs with the same id share their context
  --param NAME=VALUE a parameter of the agent, as its card lists them; JSON, or else text. Any number of times
  --check FILE      a check the answer has to pass, as docs/verified-jobs.md has it, JSON
  --encrypted       for the agent's eyes only (NIP-44)
  --pay SATS        pay what is asked for, up to so much, from the customer's development wallet
  --timeout S       give up after this many seconds (default 60)
  --json            print the request and the result event as JSON
  --persist-to DIR  where npm start keeps its dev.json (default .errand)
`;

const options = readOptions(
  {
    allowPositionals: true,
    options: {
      agent: { type: 'string' },
      kind: { type: 'string', default: String(DEFAULT_AGENT_KINDS.task) },
      relay: { type: 'string' },
      session: { type: 'string' },
      param: { type: 'string', multiple: true, default: [] },
      check: { type: 'string' },
      encrypted: { type: 'boolean', default: false },
      pay: { type: 'string' },
      timeout: { type: 'string', default: '60' },
      json: { type: 'boolean', default: false },
      'persist-to': { type: 'string', default: DEFAULT_HOME },
    },
  },
  USAGE,
);

if (options !== undefined) {
  try {
    await post(options.values, options.positionals.join(' '));
  } catch (error) {
    if (error instanceof JobFailed) fail(`${error.code}: ${error.message}`);
    else if (error instanceof RangeError) fail(error.message);
    else throw error;
  }
}

async function post(values: NonNullable<typeof options>['values'], text: string): Promise<void> {
  if (text === '') throw new RangeError(`what is to be done?\n\n${USAGE.trimEnd()}`);
  const dev = readDevFile(homeAt(values['persist-to']));
  const relay = values.relay ?? dev?.relay;
  if (relay === undefined)
    throw new RangeError('nothing is running here: npm start, or name a relay with --relay');
  const secretKey = dev === undefined ? generateSecretKey() : Buffer.from(dev.customer.secret_key, 'hex');
  const timeout_ms = positive('--timeout', values.timeout) * 1000;
  const asked = {
    kind: whole('--kind', values.kind),
    agent: values.agent === undefined ? null : await pubkeyOf(values.agent, dev),
    text,
    session: values.session,
    parameters: parametersOf(values.param),
    encrypted: values.encrypted,
    relays: [relay],
    contract: values.check === undefined ? undefined : { verify: checkFrom(values.check) },
  };
  const payer = values.pay === undefined ? null : payerFrom(values.pay, dev);
  const payments: Promise<void>[] = [];
  const pay = (invoice: string | null) => {
    if (payer !== null && invoice !== null) payments.push(payer.pay(invoice).then(say));
  };
  try {
    const onAnswer = (answer: Answer) => {
      show(answer);
      if (answer.type === 'payment') pay(answer.invoice);
    };
    const outcome = await runJob(asked, { relay, secretKey, timeout_ms, onAnswer });
    const { request, result, content, invoice } = outcome;
    process.stdout.write(values.json ? `${JSON.stringify({ request, result })}\n` : `${content}\n`);
    if (invoice !== null) say(`still to be paid: ${invoice}`);
    pay(invoice);
    // What is locked in escrow is answered when it was taken.
    await Promise.all(payments);
  } finally {
    payer?.close();
  }
}

function say(line: string): void {
  if (line !== '') process.stderr.write(`${line}\n`);
}

function checkFrom(path: string): Json {
  try {
    return z.json().parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new RangeError(`--check ${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function payerFrom(limit: string, dev: DevFile | undefined): Payer {
  const sats = msatsFromSats(positive('--pay', limit));
  if (sats === null) throw new RangeError(`--pay must be a whole number of sats, not ${limit}`);
  if (dev === undefined || dev.customer.nwc === null)
    throw new RangeError('--pay needs the development wallet of a marketplace that runs here');
  return payerOf(dev.customer.nwc, sats);
}

/** Progress goes to stderr, so that a pipe gets the result alone. */
function show(answer: Answer): void {
  if (answer.type === 'payment') {
    const price = answer.amount_msats === null ? '' : ` ${answer.amount_msats / 1000} sats`;
    process.stderr.write(`payment required:${price} ${answer.invoice ?? ''}\n`);
  } else if (answer.type === 'progress') {
    process.stderr.write(`${answer.status}${answer.note === '' ? '' : `: ${answer.note}`}\n`);
    // A team's report. What there is so far of an output comes again with the result.
    if (answer.status === 'processing' && answer.content !== '')
      process.stderr.write(`${answer.content}\n\n`);
  } else if (answer.type === 'delta') {
    process.stderr.write(answer.text);
  }
}

function parametersOf(params: readonly string[]): Record<string, Json> {
  return Object.fromEntries(
    params.map((param) => {
      const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(param) ?? [];
      if (name === undefined) throw new RangeError(`--param must be NAME=VALUE, not ${param}`);
      return [name, jsonOrText(value)];
    }),
  );
}

async function pubkeyOf(name: string, dev: DevFile | undefined): Promise<string> {
  const agent = dev?.agents.find(({ slug }) => slug === name);
  if (agent !== undefined) return agent.pubkey;
  const pubkey = isHex32(name) ? name : decodeNpub(name);
  if (pubkey !== undefined) return pubkey;
  const listed = dev === undefined ? undefined : await listedKey(name, dev);
  if (listed !== undefined) return listed;
  const known = dev?.agents.map(({ slug }) => slug).join(', ') ?? 'none: nothing is running here';
  throw new RangeError(`no agent is called ${name} (known: ${known})`);
}

/** The key of an agent that its owner has listed since the start (NIP-05). */
async function listedKey(name: string, dev: DevFile): Promise<string | undefined> {
  const response = await fetch(`${dev.url}/.well-known/nostr.json?name=${encodeURIComponent(name)}`);
  const document: unknown = response.ok ? await response.json() : null;
  if (typeof document !== 'object' || document === null) return undefined;
  const names: unknown = Reflect.get(document, 'names');
  const key: unknown = typeof names === 'object' && names !== null ? Reflect.get(names, name) : undefined;
  return isHex32(key) ? key : undefined;
}

function decodeNpub(text: string): string | undefined {
  try {
    const decoded = nip19.decode(text);
    return decoded.type === 'npub' ? decoded.data : undefined;
  } catch {
    // Whatever is wrong with it (a checksum, a letter), it names nobody.
    return undefined;
  }
}

function whole(name: string, value: string): number {
  if (!/^\d{1,5}$/.test(value)) throw new RangeError(`${name} must be a whole number, not ${value}`);
  return Number(value);
}

function positive(name: string, value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number <= 0)
    throw new RangeError(`${name} must be a positive number, not ${value}`);
  return number;
}
