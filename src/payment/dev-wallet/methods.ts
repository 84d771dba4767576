/** What a development wallet answers to each method of NIP-47. */
import * as z from 'zod';
import {
  DEV_WALLET_EXPIRY_S,
  DEV_WALLET_HOLD_BLOCKS,
  DEV_WALLET_MAX_EXPIRY_S,
  DEV_WALLET_MAX_HOLD_BLOCKS,
  DEV_WALLET_MAX_TEXT_CHARS,
  NWC_LIST_MAX,
} from '../../limits.ts';
import { isHex32 } from '../../nostr/hex.ts';
import { nodeIdOf } from '../bolt11/signature.ts';
import { type DevBank, type DevPayRequest, DevWalletError, paymentHashOf } from './bank.ts';
import type { DevWallet } from './keys.ts';
import type { DevPayment, DevRows } from './rows.ts';

export const NOTIFICATIONS = ['payment_received', 'payment_sent', 'hold_invoice_accepted'] as const;

/** A request as it was decrypted. */
export const requestSchema = z.object({ method: z.string(), params: z.unknown() });
export type DevRequest = z.infer<typeof requestSchema>;

/** What answering needs. */
export interface DevContext {
  readonly bank: DevBank;
  readonly rows: DevRows;
  readonly now_s: number;
}

const hex32 = z.string().toLowerCase().refine(isHex32, 'must be 64 hex characters');
const count = z.int().nonnegative();
const invoiceParams = z.object({
  amount: z.int().positive(),
  description: z.string().max(DEV_WALLET_MAX_TEXT_CHARS).nullish(),
  description_hash: hex32.nullish(),
  expiry: z.int().positive().max(DEV_WALLET_MAX_EXPIRY_S).nullish(),
});
const holdParams = invoiceParams.extend({
  payment_hash: hex32,
  min_cltv_expiry_delta: z.int().positive().max(DEV_WALLET_MAX_HOLD_BLOCKS).nullish(),
});
const lookupParams = z.union([z.object({ payment_hash: hex32 }), z.object({ invoice: z.string() })]);
const listParams = z.object({
  from: count.nullish(),
  until: count.nullish(),
  limit: count.nullish(),
  offset: count.nullish(),
  unpaid: z.boolean().nullish(),
  type: z.enum(['incoming', 'outgoing']).nullish(),
});

type Handler = (params: unknown, wallet: DevWallet, context: DevContext, request: DevPayRequest) => unknown;

const HANDLERS: Readonly<Record<string, Handler>> = {
  get_info: (_, wallet, { bank }) => ({
    alias: `errand development wallet (${wallet.name})`,
    color: '#808080',
    pubkey: nodeIdOf(wallet.nodeSecret),
    network: 'regtest',
    block_height: bank.height,
    block_hash: bank.height.toString(16).padStart(64, '0'),
    methods: METHODS,
    notifications: NOTIFICATIONS,
  }),
  get_balance: (_, { name }, { rows }) => ({ balance: rows.balance(name) }),
  make_invoice: (params, wallet, { bank, now_s }) => {
    const order = read(invoiceParams, params);
    return transactionOf(bank.makeInvoice(wallet, { ...orderOf(order), hold: null }), now_s);
  },
  make_hold_invoice: (params, wallet, { bank, now_s }) => {
    const order = read(holdParams, params);
    const hold = {
      hash: order.payment_hash,
      cltv: order.min_cltv_expiry_delta ?? DEV_WALLET_HOLD_BLOCKS,
    };
    return transactionOf(bank.makeInvoice(wallet, { ...orderOf(order), hold }), now_s);
  },
  settle_hold_invoice: (params, { name }, { bank }) => {
    bank.settleHold(name, read(z.object({ preimage: hex32 }), params).preimage);
    return {};
  },
  cancel_hold_invoice: (params, { name }, { bank }) => {
    bank.cancelHold(name, read(z.object({ payment_hash: hex32 }), params).payment_hash);
    return {};
  },
  pay_invoice: (params, { name }, { bank }, request) => {
    const { invoice } = read(z.object({ invoice: z.string() }), params);
    const sent = bank.pay(name, invoice, request);
    // A held payment is answered when it ends.
    return sent.state === 'settled' ? { preimage: sent.preimage, fees_paid: 0 } : null;
  },
  lookup_invoice: (params, { name }, { bank, now_s }) => {
    const by = read(lookupParams, params);
    const hash = 'payment_hash' in by ? by.payment_hash : paymentHashOf(by.invoice);
    return transactionOf(bank.lookup(name, hash), now_s);
  },
  list_transactions: (params, { name }, { rows, now_s }) => {
    const { from, until, limit, offset, unpaid, type } = read(listParams, params ?? {});
    const listed = rows.list(name, {
      from_s: from ?? 0,
      until_s: until ?? now_s,
      unpaid: unpaid ?? false,
      limit: Math.min(limit ?? NWC_LIST_MAX, NWC_LIST_MAX),
      offset: offset ?? 0,
      type: type ?? null,
    });
    return { transactions: listed.map((payment) => transactionOf(payment, now_s)) };
  },
};

/** The methods these wallets serve. */
export const METHODS: readonly string[] = Object.keys(HANDLERS);

/**
 * The result of a request, or null when it is answered later.
 *
 * @throws DevWalletError for what the client is told as an error
 */
export function answer(
  { method, params }: DevRequest,
  wallet: DevWallet,
  context: DevContext,
  request: DevPayRequest,
): unknown {
  const handler = Object.hasOwn(HANDLERS, method) ? HANDLERS[method] : undefined;
  if (handler === undefined)
    throw new DevWalletError('NOT_IMPLEMENTED', 'this wallet does not know the method');
  return handler(params, wallet, context, request);
}

/** A payment as NIP-47 writes it. */
export function transactionOf(payment: DevPayment, now_s: number): Readonly<Record<string, unknown>> {
  const { direction, state, hash, expires_at, settled_at, deadline, preimage } = payment;
  const expired = state === 'pending' && direction === 'incoming' && expires_at <= now_s;
  return {
    type: direction,
    state: expired ? 'expired' : state,
    invoice: payment.bolt11,
    ...(payment.description === null ? {} : { description: payment.description }),
    ...(payment.description_hash === null ? {} : { description_hash: payment.description_hash }),
    ...(state === 'settled' ? { preimage, settled_at } : {}),
    payment_hash: hash,
    amount: payment.amount,
    fees_paid: 0,
    created_at: payment.created_at,
    expires_at,
    ...(deadline === null ? {} : { settle_deadline: deadline }),
    metadata: {},
  };
}

function orderOf(order: z.infer<typeof invoiceParams>) {
  return {
    amount: order.amount,
    description: order.description ?? null,
    descriptionHash: order.description_hash ?? null,
    expiry_s: order.expiry ?? DEV_WALLET_EXPIRY_S,
  };
}

function read<Schema extends z.ZodType>(schema: Schema, params: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new DevWalletError(
    'BAD_REQUEST',
    `${issue?.path.join('.') || 'params'}: ${issue?.message ?? 'wrong'}`,
  );
}
