/** `errand post`: asks for work and waits for it. */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { findAgents } from '../../src/client/agents.ts';
import { findAgent, type Named } from '../../src/client/naming.ts';
import { draftRequest, type JobOrder, signDraft } from '../../src/client/request.ts';
import type { Json } from '../../src/errors.ts';
import { DEFAULT_AGENT_KINDS, isJobRequestKind, JOB_KIND } from '../../src/nostr/kinds.ts';
import { jsonOrText } from '../../src/protocol/coerce.ts';
import type { JsonObject } from '../../src/protocol/json.ts';
import { EXIT, UsageError } from '../exit.ts';
import type { Flags } from '../flags.ts';
import { followJob } from '../job.ts';
import { KEY_FLAGS, OUTPUT_FLAGS, PLACE_FLAGS, readJson, WALLET_FLAGS } from '../settings.ts';
import type { Call, CommandSpec } from '../spec.ts';
import type { World } from '../world.ts';

/** How long an end is waited for when nothing is said, s. */
const USUAL_TIMEOUT_S = 600;

export const post: CommandSpec = {
  name: 'post',
  summary: 'posts a job and waits for its result',
  usage: '[TEXT… | -]',
  arguments: [0, Number.POSITIVE_INFINITY],
  about: `Posts a job request, signed with your key, and prints the result on standard output and nothing else; progress, demands and costs go to standard error. The text is what is to be done: the arguments, a file (--file), or standard input (-, or nothing at all in a pipe).

An agent is named by its slug, npub, hex key or address (name@domain); without one the request is open to whoever takes it. With --max-sats what is asked for is paid from your wallet, and never more than that in all.

On a terminal the answer is shown as it is written. Ctrl-C ends only the command: the job goes on.`,
  flags: {
    agent: { value: 'NAME', short: 'a', about: 'who is asked; without it whoever takes the job' },
    session: { value: 'ID', short: 's', about: 'conversation: jobs with the same id share their context' },
    file: { value: 'FILE', short: 'f', about: 'the text is in this file', file: true },
    param: {
      value: 'NAME=VALUE',
      short: 'p',
      multiple: true,
      about: 'a parameter of the agent; JSON, or else text',
    },
    check: {
      value: 'FILE',
      about: 'a check the answer has to pass (docs/verified-jobs.md), JSON',
      file: true,
    },
    ...WALLET_FLAGS,
    pay: { value: 'SATS', about: 'the same as --max-sats' },
    escrow: { about: 'pay only what is locked until the job is done' },
    encrypted: { about: 'for the agent’s eyes only (NIP-44)' },
    nip90: { about: 'as a classic job (NIP-90), of a kind its agent takes' },
    kind: { value: 'N', about: 'of this kind: 7001, or 5000 to 5999' },
    model: { value: 'NAME', about: 'a model of the agent' },
    messages: { value: 'FILE', about: 'messages before the text, JSON as in chat completions', file: true },
    'output-format': { value: 'MIME', about: 'how the output is wanted' },
    expires: { value: 'SECONDS', about: 'if it has not begun by then, it is not to begin' },
    timeout: {
      value: 'SECONDS',
      about: `how long to wait for the end (default ${USUAL_TIMEOUT_S}); the job goes on`,
    },
    detach: { about: 'do not wait: print the id of the job' },
    ...KEY_FLAGS,
    ...PLACE_FLAGS,
    ...OUTPUT_FLAGS,
  },
  examples: [
    ['errand post --agent discover "nostr zaps"', 'ask an agent of the marketplace that runs here'],
    [
      'errand post --agent chat@errand.example --max-sats 50 < question.txt',
      'ask and pay, the text from a pipe',
    ],
    [
      'errand post --agent chat-escrow --check check.json --escrow --max-sats 21 "What does it return?"',
      'no proof, no pay',
    ],
    [
      'id=$(errand post --agent desk --session q --detach "A page about quokkas")',
      'begin a long job and go on',
    ],
    ['errand post --agent discover --json "zaps" | jq -r \'select(.type=="end").content\'', 'for programs'],
  ],
  run,
};

async function run({ flags, args, world }: Call): Promise<number> {
  const text = await textOf(flags, args, world);
  const parameters = parametersOf(flags.texts('param'));
  const contract = contractOf(flags.text('check'));
  const kind = flags.whole('kind');
  const cap = flags.sats('max-sats') ?? flags.sats('pay');
  const timeout_ms = flags.milliseconds('timeout') ?? USUAL_TIMEOUT_S * 1_000;
  const expires_ms = flags.milliseconds('expires');
  const messages = messagesOf(flags.text('messages'));
  const signer = await world.signer();
  const named = await agentOf(flags.text('agent'), world);
  const relays = await world.relays(named?.relays ?? []);
  const now_s = Math.floor(Date.now() / 1_000);
  const order: JobOrder = {
    kind: kind ?? (flags.on('nip90') ? await classicKind(named, world) : DEFAULT_AGENT_KINDS.task),
    agent: named?.pubkey ?? null,
    text,
    ...(messages === undefined ? {} : { messages }),
    model: flags.text('model'),
    parameters,
    session: flags.text('session'),
    contract,
    outputFormat: flags.text('output-format'),
    relays: relays.urls,
    expiresAt_s: expires_ms === undefined ? undefined : now_s + Math.ceil(expires_ms / 1_000),
    encrypted: flags.on('encrypted'),
  };
  if (flags.on('escrow') && isJobRequestKind(order.kind))
    throw new UsageError(
      '--escrow: NIP-90 does not say whether a payment is locked: leave --nip90 and --kind out',
    );
  if (flags.on('escrow') && cap === undefined)
    throw new UsageError('--escrow says how to pay: add --max-sats SATS');
  const request = await signDraft(draftRequest(order, now_s), signer);
  const send = async () => {
    for (const { relay, reason } of (await relays.publish(request)).refused)
      world.screen.note(`${relay} did not take it: ${reason}`);
  };
  if (flags.on('detach')) {
    await send();
    world.screen.result(request.id);
    world.screen.line({ type: 'request', id: request.id, relays: relays.urls, event: request });
    return EXIT.done;
  }
  const purse = cap === undefined ? null : await world.purse(cap);
  const checked = contract !== undefined;
  const escrow = flags.on('escrow');
  return await followJob(world, {
    request,
    relays,
    signer,
    purse,
    escrow,
    checked,
    timeout_ms,
    listening: send,
  });
}

async function textOf(flags: Flags, args: readonly string[], world: World): Promise<string> {
  const file = flags.text('file');
  const words = args.join(' ');
  if (file !== undefined && words !== '')
    throw new UsageError('the text is either in --file or in the arguments, not in both');
  const text =
    file !== undefined
      ? readText(file)
      : words === '-' || (words === '' && !process.stdin.isTTY)
        ? await world.input()
        : words;
  if (text.trim() === '')
    throw new UsageError('what is to be done? errand post "text", or --file FILE, or a pipe');
  return text;
}

function readText(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const why =
      error instanceof TypeError ? 'is no text in UTF-8' : error instanceof Error ? error.message : '';
    throw new UsageError(`--file ${file}: ${why}`);
  }
}

/** @throws UsageError */
export function parametersOf(params: readonly string[]): JsonObject {
  return Object.fromEntries(
    params.map((param) => {
      const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(param) ?? [];
      if (name === undefined) throw new UsageError(`--param must be NAME=VALUE, not ${param}`);
      return [name, jsonOrText(value)];
    }),
  );
}

function contractOf(file: string | undefined): Json | undefined {
  if (file === undefined) return undefined;
  const check = z.record(z.string(), z.json()).safeParse(readJson(file));
  if (!check.success)
    throw new UsageError(`--check ${file}: a check is a JSON object (docs/verified-jobs.md)`);
  // Whoever keeps a whole contract in a file gives that.
  return 'verify' in check.data ? check.data : { verify: check.data };
}

const messageList = z.array(
  z.object({ role: z.enum(['system', 'user', 'assistant', 'tool']), content: z.string() }),
);

function messagesOf(file: string | undefined): JobOrder['messages'] {
  if (file === undefined) return undefined;
  const read = messageList.safeParse(readJson(file));
  if (read.success) return read.data;
  throw new UsageError(`--messages ${file}: has to be a list of {"role": "user", "content": "…"}`);
}

/** @throws UsageError, ClientError */
export async function agentOf(name: string | undefined, world: World): Promise<Named | null> {
  if (name === undefined) return null;
  const known = world.settings.dev?.agents.find(({ slug }) => slug === name);
  if (known !== undefined) return { pubkey: known.pubkey, relays: [] };
  return await findAgent(name, () => world.relays());
}

async function classicKind(agent: Named | null, world: World): Promise<number> {
  if (agent === null) return JOB_KIND.textGeneration;
  const found = await findAgents(await world.relays(agent.relays), { pubkey: agent.pubkey });
  const kind = found.flatMap(({ kinds }) => kinds).find(isJobRequestKind);
  if (kind === undefined)
    throw new UsageError('this agent announces no NIP-90 kind: leave --nip90 out, or name one with --kind');
  return kind;
}
