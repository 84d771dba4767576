/** What NIP-47 puts inside its encrypted events. Wallets differ in what they leave out, so most members may be missing. */
import * as z from 'zod';
import { isHex32 } from '../../nostr/hex.ts';

/** The methods spoken here. */
export type NwcMethod =
  | 'get_info'
  | 'get_balance'
  | 'make_invoice'
  | 'make_hold_invoice'
  | 'settle_hold_invoice'
  | 'cancel_hold_invoice'
  | 'lookup_invoice'
  | 'pay_invoice'
  | 'list_transactions';

/** How content is encrypted; the names are those of the `encryption` tag. */
export type NwcEncryption = 'nip44_v2' | 'nip04';

/** Notifications that mean some payment changed. */
export const PAYMENT_NOTIFICATIONS: ReadonlySet<string> = new Set([
  'payment_received',
  'payment_sent',
  'hold_invoice_accepted',
]);

/** Longest text of a wallet that is repeated in our own errors, characters. */
const MAX_MESSAGE_CHARS = 200;

const hash = z.string().toLowerCase().refine(isHex32, 'must be 64 hex characters');
const orNull = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? null);
/** Members that may hold nonsense without harm: they only inform. */
const loose = <Schema extends z.ZodType>(schema: Schema) => orNull(schema).catch(null);
/** msats or Unix s; a fraction or a number beyond 2^53 is refused and not rounded. */
const count = z.int().nonnegative();

export const responseSchema = z.object({
  result_type: z.string(),
  error: orNull(
    z.object({
      code: z.string(),
      message: z
        .string()
        .catch('')
        .transform((text) => text.slice(0, MAX_MESSAGE_CHARS).replace(/\p{C}/gu, ' ')),
    }),
  ),
  result: z.unknown(),
});
export type NwcResponse = z.infer<typeof responseSchema>;

export const invoiceSchema = z.object({ invoice: z.string().min(1), payment_hash: orNull(hash) });

export const transactionSchema = z.object({
  type: loose(z.enum(['incoming', 'outgoing'])),
  state: loose(z.string().toLowerCase()),
  invoice: loose(z.string().min(1)),
  payment_hash: hash,
  /** A wallet that knows none may write an empty text. */
  preimage: loose(hash),
  amount: count,
  fees_paid: loose(count),
  created_at: loose(count),
  expires_at: loose(count),
  settled_at: loose(count),
  settle_deadline: loose(count),
});
export type NwcTransaction = z.infer<typeof transactionSchema>;

export const listSchema = z.object({ transactions: z.array(transactionSchema) });

export const paidSchema = z.object({ preimage: hash, fees_paid: loose(count) });

/** msats. */
export const balanceSchema = z.object({ balance: count });

export const infoSchema = z.object({
  methods: z.array(z.string()).catch([]),
  notifications: z.array(z.string()).nullish().catch(null),
  network: loose(z.string().toLowerCase()),
  pubkey: loose(z.string().toLowerCase()),
  alias: loose(z.string().max(100)),
  block_height: loose(count),
});

export const notificationSchema = z.object({
  notification_type: z.string(),
  notification: z.object({ payment_hash: hash }),
});

/** Parses what was decrypted. @returns undefined for what is no JSON of that shape */
export function parseAs<Schema extends z.ZodType>(schema: Schema, text: string): z.infer<Schema> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return schema.safeParse(value).data;
}
