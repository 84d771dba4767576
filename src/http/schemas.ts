/** Every shape this API answers with or takes. openapi.json is made from these, and the tests hold responses to it. */
import * as z from 'zod';
import { JOB_ERROR_CODES } from '../errors.ts';
import {
  HTTP_PAGE_DEFAULT,
  HTTP_PAGE_MAX,
  LNURL_MAX_SENDABLE_MSATS,
  LNURL_MIN_SENDABLE_MSATS,
} from '../limits.ts';
import { JOB_DIALECTS, JOB_PHASES } from '../store/job-record.ts';
import { ArenaReport } from './schemas-arena.ts';
import { KEY_COMPONENTS } from './schemas-keys.ts';
import { AGENT_FIELDS, LISTING_COMPONENTS } from './schemas-listing.ts';
import { LnurlError, LnurlInvoice, LnurlPay, LnurlVerify } from './schemas-lnurl.ts';
import { OPERATOR_COMPONENTS } from './schemas-operator.ts';
import { Quote, QuoteRequest, Verified } from './schemas-pages.ts';
import { REVIEW_COMPONENTS, ReviewSummary } from './schemas-reviews.ts';
import { RpcMessage } from './schemas-rpc.ts';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const slug = z.string().regex(/^[a-z0-9-]{1,64}$/);
const count = z.int().nonnegative();
const unixMs = count.describe('Unix time, ms');
const json = z.record(z.string(), z.unknown());

export const Problem = z.object({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(JOB_ERROR_CODES).describe('The codes of the agent NIP'),
  details: json.optional(),
  request_id: z.string(),
});

export const Reputation = z.object({
  jobs: count.describe('Newest jobs that were delivered, failed or not begun in time'),
  success_rate: z.number().min(0).max(1).nullable(),
  median_latency_ms: z.number().nonnegative().nullable(),
});

export const Agent = z.object({
  slug,
  name: z.string(),
  description: z.string(),
  pubkey: hex32,
  npub: z.string().startsWith('npub1'),
  nip05: z.string(),
  kinds: z.array(z.int()).describe('NIP-90 request kinds it takes'),
  tasks: z.array(z.object({ type: z.string(), description: z.string() })),
  models: z.array(z.string()),
  relays: z.array(z.string()),
  prices: z
    .object({
      per_job_msats: count,
      per_1k_input_tokens_msats: count,
      per_1k_output_tokens_msats: count,
      per_1m_fuel_msats: count,
    })
    .describe('What its work costs; all 0 for a free agent'),
  payment_methods: z.array(z.string()).describe('The ways to pay, in the words of the agent card'),
  card_url: z.url(),
  parameters_url: z.url(),
  jobs_url: z.url(),
  ...AGENT_FIELDS,
});

export const AgentProfile = Agent.extend({
  reputation: Reputation,
  reviews: ReviewSummary,
  example_request: json,
});

export const AgentList = z.object({ agents: z.array(Agent), next: z.string().nullable() });

export const Job = z.object({
  id: hex32.describe('Id of the request event'),
  agent: slug,
  client: hex32,
  dialect: z.enum(JOB_DIALECTS),
  kind: z.int(),
  encrypted: z.boolean().describe('Whether request and answers are encrypted to the client'),
  phase: z.enum(JOB_PHASES),
  error: z.enum(JOB_ERROR_CODES).nullable(),
  via: z.string().describe('Relay the request came from, or `embedded`'),
  created_at_s: count.describe('`created_at` of the request, Unix time, s'),
  opened_at_ms: unixMs,
  started_at_ms: unixMs.nullable(),
  closed_at_ms: unixMs.nullable(),
  latency_ms: count.nullable().describe('From the arrival of the request to its end'),
  attempts: count,
  result_event_id: hex32.nullable(),
  events_url: z.url(),
});

export const JobDetail = Job.extend({ verified: Verified });

export const JobList = z.object({
  jobs: z.array(Job),
  next: z.string().nullable().describe('Cursor of the next page; a page may be short although there is one'),
});

export const Nip05 = z.object({
  names: z.record(z.string(), hex32),
  relays: z.record(hex32, z.array(z.string())),
});

export const Health = z.object({
  status: z.enum(['ok', 'degraded', 'failing']),
  draining: z.boolean(),
  database: z.enum(['ok', 'failing']),
  relay: z.enum(['ok', 'failing']),
  links: z.enum(['ok', 'failing']),
  wallet: z
    .enum(['ok', 'none', 'degraded', 'failing'])
    .describe('`degraded`: its last call was not answered; `failing`: its connection does not answer us'),
  outside_relays: z.array(
    z.object({
      url: z.string(),
      state: z.enum(['connecting', 'open', 'waiting', 'stopped']),
      silent_for_ms: count.nullable(),
    }),
  ),
});

const limit = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a number')
  .transform(Number)
  .pipe(z.int().min(1).max(HTTP_PAGE_MAX))
  .default(HTTP_PAGE_DEFAULT);
const cursor = z.string().max(128).optional();

/** Query of `GET /jobs`. Unknown names are refused: a misspelt filter would quietly list everything. */
export const JobQuery = z.strictObject({
  agent: slug.optional(),
  client: hex32.optional(),
  phase: z.enum(JOB_PHASES).optional(),
  cursor,
  limit,
});

/** Query of `GET /jobs/<id>/trace`. */
export const TraceQuery = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a number')
    .transform(Number)
    .default(0),
});

/** Query of `GET /agents`. */
export const AgentQuery = z.strictObject({ cursor, limit });

/** A Lightning invoice in a QR code has 7,089 characters at the most; connection strings and addresses are shorter. */
const destination = z.string().min(1).max(7_089).optional();
const amount = z.int().min(LNURL_MIN_SENDABLE_MSATS).max(LNURL_MAX_SENDABLE_MSATS);

/** Body of `POST /account/refunds`. */
export const RefundRequest = z
  .strictObject({
    lud16: destination.describe('Lightning address; without any destination, that of the client’s profile'),
    nwc: destination.describe('nostr+walletconnect:// string of a wallet that is asked for one invoice'),
    bolt11: destination.describe('Lightning invoice that names its amount'),
    amount_msats: z
      .int()
      .min(LNURL_MIN_SENDABLE_MSATS)
      .optional()
      .describe('Without it everything that can be sent, in whole sats; with an invoice, what it asks for'),
  })
  .refine(
    ({ lud16, nwc, bolt11 }) => [lud16, nwc, bolt11].filter((one) => one !== undefined).length <= 1,
    'only one of lud16, nwc and bolt11',
  );

/** Body of `POST /account/invoices`. */
export const InvoiceRequest = z.strictObject({ amount_msats: amount });

export const Invoice = z.object({
  bolt11: z.string(),
  payment_hash: hex32,
  expires_at: count.describe('Unix time, s'),
});

export const Refund = z.object({
  id: z.string(),
  state: z.enum(['waiting', 'sending', 'paid', 'returned', 'cancelled']),
  amount_msats: count,
  lud16: z.string().nullable().describe('Where it goes; null where an invoice was handed in'),
  problem: z.string().nullable().describe('Why the last try brought nothing, or why it ended unpaid'),
  opened_at_ms: unixMs,
  closed_at_ms: unixMs.nullable(),
});

export const Account = z.object({
  pubkey: hex32,
  credit_msats: count.describe('Paid and not used'),
  owing_msats: count.describe('Delivered and not paid, or lent for postpaid jobs'),
  set_aside_msats: count.describe('Set aside for jobs that are not over'),
  refunds: z.array(Refund).describe('The newest, newest first'),
});

/** The schemas that openapi.json names. */
export const COMPONENTS = {
  Problem,
  Reputation,
  Agent,
  AgentProfile,
  AgentList,
  Job,
  JobDetail,
  JobList,
  Nip05,
  Health,
  RefundRequest,
  InvoiceRequest,
  Invoice,
  Refund,
  Account,
  LnurlError,
  LnurlPay,
  LnurlInvoice,
  LnurlVerify,
  ArenaReport,
  RpcMessage,
  ...KEY_COMPONENTS,
  ...REVIEW_COMPONENTS,
  ...OPERATOR_COMPONENTS,
  QuoteRequest,
  Quote,
  ...LISTING_COMPONENTS,
} as const;
export type ComponentName = keyof typeof COMPONENTS;
