/** `errand credit` and `errand refund`: what you have with a marketplace, and how it comes back. By HTTP, signed (NIP-98). */
import * as z from 'zod';
import type { Json } from '../../src/errors.ts';
import { toNumber } from '../../src/payment/msats.ts';
import { Ended, EXIT, UsageError } from '../exit.ts';
import type { Flags } from '../flags.ts';
import { tell } from '../job.ts';
import { satsOf } from '../job-screen.ts';
import { KEY_FLAGS, OUTPUT_FLAGS, PLACE_FLAGS, WALLET_FLAGS } from '../settings.ts';
import type { CommandSpec } from '../spec.ts';
import type { World } from '../world.ts';

/** How long an invoice of the client's own can be paid, s. */
const INVOICE_EXPIRY_S = 3_600;

const refundView = z.looseObject({
  id: z.string(),
  state: z.string(),
  amount_msats: z.number(),
  lud16: z.string().nullable(),
  problem: z.string().nullable(),
});
const accountView = z.looseObject({
  pubkey: z.string(),
  credit_msats: z.number(),
  owing_msats: z.number(),
  set_aside_msats: z.number(),
  refunds: z.array(refundView),
});
const invoiceView = z.looseObject({ bolt11: z.string(), expires_at: z.number() });

const FLAGS = { ...KEY_FLAGS, ...PLACE_FLAGS, ...OUTPUT_FLAGS };

export const credit: CommandSpec = {
  name: 'credit',
  summary: 'shows what you have with a marketplace',
  usage: '',
  arguments: [0, 0],
  about: `Shows your credit: what was paid and not used. It is spent before anything is asked for, with every agent of the marketplace, and comes back by errand refund.`,
  flags: FLAGS,
  examples: [['errand credit', 'what is there']],
  async run({ world }) {
    const account = await world.http().ask(accountView, '/account', { signer: await world.signer() });
    world.screen.line({ type: 'account', ...account });
    const { credit_msats, owing_msats, set_aside_msats, refunds } = account;
    world.screen.result(`${satsOf(credit_msats)} sats of credit`);
    if (set_aside_msats > 0)
      world.screen.result(`${satsOf(set_aside_msats)} sats set aside for jobs under way`);
    if (owing_msats > 0) world.screen.result(`${satsOf(owing_msats)} sats owed`);
    for (const refund of refunds) world.screen.result(lineOf(refund));
    return EXIT.done;
  },
};

export const creditAdd: CommandSpec = {
  name: 'credit add',
  summary: 'puts money on your account',
  usage: 'SATS',
  arguments: [1, 1],
  about: `Makes an invoice that adds to your credit, and pays it from your wallet with --max-sats. Without that it prints the invoice, for any wallet.`,
  flags: { ...WALLET_FLAGS, ...FLAGS },
  examples: [['errand credit add 1000 --max-sats 1000', 'a thousand sats from your wallet']],
  async run({ flags, args: [sats = ''], world }) {
    const amount = wholeSats(sats);
    const { bolt11 } = await world.http().ask(invoiceView, '/account/invoices', {
      method: 'POST',
      body: { amount_msats: amount },
      signer: await world.signer(),
    });
    world.screen.line({ type: 'invoice', bolt11, amount_msats: amount });
    const cap = flags.sats('max-sats');
    if (cap === undefined) {
      world.screen.result(bolt11);
      return EXIT.done;
    }
    const payment = await (await world.purse(cap)).pay(bolt11, amount);
    tell(world, payment, bolt11);
    if (payment.type === 'paid') return EXIT.done;
    throw new Ended(EXIT.unpaid, `not paid: ${payment.reason}`);
  },
};

export const refund: CommandSpec = {
  name: 'refund',
  summary: 'gets your credit back',
  usage: '',
  arguments: [0, 0],
  about: `Has credit sent to you: to a Lightning address (--to), by an invoice of your own (--invoice), or to your wallet (--to-wallet, which asks it for an invoice). With none of them to the address in your profile. One refund at a time; errand refund show and errand refund cancel look after it.`,
  flags: {
    to: { value: 'NAME@DOMAIN', about: 'a Lightning address' },
    invoice: { value: 'BOLT11', about: 'an invoice that names its amount' },
    'to-wallet': { about: 'to your wallet (NWC); needs --sats' },
    sats: { value: 'SATS', about: 'how much; else everything' },
    'nwc-file': WALLET_FLAGS['nwc-file'],
    ...FLAGS,
  },
  examples: [
    ['errand refund --to ann@wallet.example', 'everything, to a Lightning address'],
    ['errand refund --to-wallet --sats 500', 'a part, to the wallet that pays'],
  ],
  async run({ flags, world }) {
    const body = await refundOrder(flags, world);
    const made = await world
      .http()
      .ask(refundView, '/account/refunds', { method: 'POST', body, signer: await world.signer() });
    return told(made, world);
  },
};

export const refundShow: CommandSpec = {
  name: 'refund show',
  summary: 'shows what became of a refund',
  usage: 'ID',
  arguments: [1, 1],
  about: 'Shows the state of a refund.',
  flags: FLAGS,
  examples: [['errand refund show 4f…', 'is it paid?']],
  run: async ({ args: [id = ''], world }) => await refundById(world, id, 'GET'),
};

export const refundCancel: CommandSpec = {
  name: 'refund cancel',
  summary: 'takes a refund back that waits',
  usage: 'ID',
  arguments: [1, 1],
  about: 'Takes a refund back while it waits to be sent; the credit is there again.',
  flags: FLAGS,
  examples: [['errand refund cancel 4f…', 'keep it as credit']],
  run: async ({ args: [id = ''], world }) => await refundById(world, id, 'DELETE'),
};

async function refundOrder(flags: Flags, world: World): Promise<{ readonly [name: string]: Json }> {
  const to = flags.text('to');
  const invoice = flags.text('invoice');
  const wallet = flags.on('to-wallet');
  if ([to !== undefined, invoice !== undefined, wallet].filter(Boolean).length > 1)
    throw new UsageError('only one of --to, --invoice and --to-wallet');
  const amount = flags.sats('sats');
  const size = amount === undefined ? {} : { amount_msats: toNumber(amount) };
  if (!wallet)
    return {
      ...size,
      ...(to === undefined ? {} : { lud16: to }),
      ...(invoice === undefined ? {} : { bolt11: invoice }),
    };
  if (amount === undefined) throw new UsageError('--to-wallet needs to know how much: --sats SATS');
  const made = await (await world.wallet()).makeInvoice({
    amount,
    purpose: { text: 'errand refund' },
    expiry_s: INVOICE_EXPIRY_S,
  });
  if (made.type !== 'ok')
    throw new Ended(
      EXIT.unreachable,
      `the wallet made no invoice: ${made.type === 'failed' ? made.message : made.reason}`,
    );
  return { bolt11: made.value.bolt11 };
}

async function refundById(world: World, id: string, method: 'GET' | 'DELETE'): Promise<number> {
  const path = `/account/refunds/${encodeURIComponent(id)}`;
  return told(await world.http().ask(refundView, path, { method, signer: await world.signer() }), world);
}

function told(made: z.output<typeof refundView>, world: World): number {
  world.screen.line({ type: 'refund', ...made });
  world.screen.result(lineOf(made));
  return made.state === 'returned' ? EXIT.failed : EXIT.done;
}

function lineOf({ id, state, amount_msats, lud16, problem }: z.output<typeof refundView>): string {
  const where = lud16 === null ? '' : ` to ${lud16}`;
  return `refund ${id}: ${satsOf(amount_msats)} sats${where}, ${state}${problem === null ? '' : ` (${problem})`}`;
}

function wholeSats(text: string): number {
  if (!/^[1-9]\d{0,11}$/.test(text)) throw new UsageError(`${text} is no whole number of sats`);
  return Number(text) * 1_000;
}
