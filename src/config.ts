/**
 * The configuration: read from the environment once, typed, and refused with the name of what is wrong.
 * Locally everything is optional; a deployment must bring its own MASTER_SECRET.
 */
import * as z from 'zod';
import { type ArenaConfig, arenaConfig, arenaVariables } from './config/arena.ts';
import { kindsOf, kindVariables } from './config/kinds.ts';
import { type ListingConfig, listingConfig, listingVariables } from './config/listing.ts';
import { type ContextStrategy, type ModelsConfig, modelsConfig, modelVariables } from './config/models.ts';
import { feePartsOf, fuelPriceOf, PRICE_VARIABLES } from './config/prices.ts';
import { plainHttpIn, TOOL_VARIABLES, type ToolConfig, toolConfigOf } from './config/tools.ts';
import { MAIL_FROM_MAX_LOCAL_OCTETS } from './limits.ts';
import { parseMailAddress, partsOf } from './mail-address.ts';
import { isHex32 } from './nostr/hex.ts';
import type { AgentKinds } from './nostr/kinds.ts';
import { parseWalletUri, type WalletUri } from './nostr/nip47.ts';
import { normalizeRelayUrl } from './nostr/relay-url.ts';

export { normalizeRelayUrl } from './nostr/relay-url.ts';

/** Everything an operator can set. See docs/operating.md for each. */
export interface Config {
  /** True under `npm start`: development defaults are allowed, private addresses may be dialled. */
  readonly local: boolean;
  /** Base URL under which the marketplace is reached, without a trailing slash. */
  readonly publicUrl: string;
  /** Outside relays to follow, normalised. */
  readonly relays: readonly string[];
  /** Hex; every agent key is derived from it. */
  readonly masterSecret: string;
  readonly operatorPubkey: string | null;
  /** The operator's wallet (NWC_URI); null where none is named. Whoever has it can spend: never show it. */
  readonly wallet: WalletUri | null;
  /** The operator's part of what owned agents earn, in millionths (FEE_PERCENT). */
  readonly feeParts: number;
  /** Who owns which agent, by slug (OWNERS). An agent nobody is named for is the operator's own. */
  readonly owners: ReadonlyMap<string, readonly Owner[]>;
  /** What an owner has earned is paid out from this amount on, msats. */
  readonly payoutMin_msats: number;
  /** Agents that are zapped at somebody else's Lightning address, by slug (ZAP_ADDRESSES). */
  readonly zapAddresses: ReadonlyMap<string, string>;
  /** What may be worked for on the word of those addresses' providers alone, msats; 0: nothing. */
  readonly zapTrust_msats: number;
  /** What a client may owe for postpaid jobs, msats; 0 where nobody is trusted. */
  readonly postpayLimit_msats: number;
  /** What `code` costs for a million units of fuel, msats; 0 where it is free. */
  readonly fuelPrice_msats: number;
  /** The endpoint that serves `chat`; null where there is none. */
  readonly model: { readonly baseUrl: string; readonly apiKey: string; readonly name: string } | null;
  /** MODEL without MODEL_BASE_URL: which model of Workers AI serves `chat` where the binding is there. */
  readonly workersAiModel: string | null;
  /** Of both, whichever serves. */
  readonly models: ModelsConfig;
  /** What `chat` does with a conversation longer than its context (CHAT_CONTEXT). */
  readonly chatContext: ContextStrategy;
  /** What tools of agents stand on. */
  readonly tools: ToolConfig;
  /** The address mails of team runs come from, lower case (MAIL_FROM); null where none are sent. */
  readonly mailFrom: string | null;
  readonly arena: ArenaConfig;
  readonly listing: ListingConfig;
  readonly kinds: AgentKinds;
  readonly blocked: ReadonlySet<string>;
  /** NIP-13 difficulty the embedded relay asks of strangers, bits. */
  readonly relayMinPow: number;
  /** What the embedded agents ask of a client before they work for it; with `nip42` only the embedded relay serves. */
  readonly agentAuth: 'none' | 'nip42';
  /** Jobs an hour each client may have of each embedded agent, instead of the agents' own limits; null keeps those. */
  readonly jobsPerHour: number | null;
  /** Refuses new jobs with SERVICE_UNAVAILABLE while open ones finish. */
  readonly draining: boolean;
}

/** Somebody who owns an agent, alone or with others. */
export interface Owner {
  /** Where their money goes: a Lightning address (LUD-16), lower case. */
  readonly payee: string;
  /** Their part in proportion to the others'. */
  readonly weight: number;
}

/** What stands in the environment. All values are strings, as bindings and `process.env` give them. */
export type RawConfig = Readonly<Record<string, unknown>>;

/** A variable with a value that cannot be used. The message names it and what is wrong, never the value itself. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** What a client may owe under `npm start`, sats. */
const LOCAL_POSTPAY_LIMIT_SATS = 100;

/** What another provider's zap receipt may claim under `npm start`, sats. */
const LOCAL_ZAP_TRUST_SATS = 100;

/** Under `npm start` mails are files, so the address need not exist (RFC 2606 keeps `.test` for that). */
const LOCAL_MAIL_FROM = 'errand@errand.test';

/** For `npm start` only: a fixed, public secret, so that the development agents keep their names between starts. */
const DEVELOPMENT_SECRET = 'f1ca0b64a0fad5e0ffe8e8d1f879333f28546eb6648e366f0ad5458ff43f985b';

const text = z.string().trim();
const flag = text.regex(/^(0|1|true|false|)$/, 'must be 1 or 0').transform((v) => v === '1' || v === 'true');
const list = text.transform((v) =>
  v
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
const webUrl = text
  .refine((v) => URL.canParse(v) && /^https?:$/.test(new URL(v).protocol), 'must be an http(s) URL')
  .transform((v) => v.replace(/\/+$/, ''));
/** Where the marketplace itself is: everything is served under the root, and the whole URL is shown to everyone. */
const ownUrl = webUrl.refine((v) => {
  const { origin, href, username, password } = new URL(v);
  return username === '' && password === '' && href === `${origin}/`;
}, 'must be a URL without path, query or credentials');
const mailAddress = text
  .transform(parseMailAddress)
  .refine((address) => address !== null, 'must be a mail address')
  .refine(
    (address) => address === null || partsOf(address).local.length <= MAIL_FROM_MAX_LOCAL_OCTETS,
    `must have at most ${MAIL_FROM_MAX_LOCAL_OCTETS} characters before the @: reply addresses add to it`,
  );
const pubkey = text.toLowerCase().refine(isHex32, 'must be a public key of 64 hex characters');

/** `slug=owner`, or `slug=owner*3|owner*1` where several share what an agent earns. */
const OWNED = /^([a-z0-9-]+)=(.+)$/;
const OWNER = /^([a-z0-9_.+-]{1,64}@[a-z0-9.-]+(?::\d{1,5})?)(?:\*([1-9]\d{0,5}))?$/;

function parseOwners(items: readonly string[]): ReadonlyMap<string, readonly Owner[]> | null {
  const owners = new Map<string, readonly Owner[]>();
  for (const item of items) {
    const [, slug = '', those = ''] = OWNED.exec(item.toLowerCase()) ?? [];
    const parsed = those.split('|').map((text) => OWNER.exec(text.trim()));
    if (slug === '' || owners.has(slug) || !parsed.every((found) => found !== null)) return null;
    owners.set(
      slug,
      parsed.map(([, payee = '', weight = '1']) => ({ payee, weight: Number(weight) })),
    );
  }
  return owners;
}

/** `slug=name@domain`: one address each. */
function parseZapAddresses(items: readonly string[]): ReadonlyMap<string, string> | null {
  const owners = parseOwners(items);
  const single = owners !== null && items.every((item) => !/[|*]/.test(item));
  if (!single) return null;
  return new Map([...owners].flatMap(([slug, those]) => those.map(({ payee }) => [slug, payee] as const)));
}

/** Whole sats, far below what would not be exact in msats. */
const sats = z.coerce
  .number('must be a number of sats')
  .int('must be a whole number of sats')
  .min(0, 'must not be negative')
  .max(1_000_000_000, 'must be at most 1000000000 sats');

const shape = z.object({
  LOCAL: flag.default(false),
  PUBLIC_URL: ownUrl.optional(),
  RELAYS: list
    .refine(
      (urls) => urls.every((url) => URL.canParse(url) && /^wss?:$/.test(new URL(url).protocol)),
      'must be a comma-separated list of ws(s) URLs',
    )
    .default([]),
  MASTER_SECRET: text.toLowerCase().refine(isHex32, 'must be 64 hex characters').optional(),
  OPERATOR_PUBKEY: pubkey.optional(),
  NWC_URI: text
    .transform(parseWalletUri)
    .refine((uri) => uri !== null, 'must be a nostr+walletconnect:// string with a relay and a secret')
    .optional(),
  OWNERS: list
    .transform(parseOwners)
    .refine((owners) => owners !== null, 'must be a comma-separated list of slug=name@domain')
    .optional(),
  ZAP_ADDRESSES: list
    .transform(parseZapAddresses)
    .refine((addresses) => addresses !== null, 'must be a comma-separated list of slug=name@domain')
    .optional(),
  ZAP_TRUST_SATS: sats.optional(),
  PAYOUT_MIN_SATS: sats.default(1_000),
  POSTPAY_LIMIT_SATS: sats.optional(),
  ...PRICE_VARIABLES,
  MODEL_BASE_URL: webUrl.optional(),
  MODEL_API_KEY: text.optional(),
  ...modelVariables,
  ...TOOL_VARIABLES,
  ...arenaVariables,
  ...listingVariables,
  MAIL_FROM: mailAddress.optional(),
  ...kindVariables,
  BLOCKED_PUBKEYS: list
    .refine((keys) => keys.every(isHex32), 'must be a comma-separated list of hex public keys')
    .default([]),
  RELAY_MIN_POW: z.coerce
    .number()
    .int('must be a number of bits')
    .min(0)
    .max(64, 'must be at most 64 bits')
    .default(0),
  AGENT_AUTH: z.enum(['none', 'nip42'], 'must be none or nip42').default('none'),
  JOBS_PER_HOUR: z.coerce
    .number('must be a number of jobs')
    .int('must be a whole number of jobs')
    .min(1, 'must be at least 1')
    .optional(),
  DRAIN: flag.default(false),
});

/** Names of the variables read here, for what passes an environment on. */
export const CONFIG_VARIABLES: readonly string[] = Object.keys(shape.shape);

/**
 * Reads and checks the configuration.
 *
 * @throws ConfigError naming the first variable that is wrong
 */
export function readConfig(raw: RawConfig): Config {
  const given = Object.fromEntries(
    CONFIG_VARIABLES.flatMap((name) =>
      raw[name] === undefined || raw[name] === '' ? [] : [[name, raw[name]]],
    ),
  );
  const parsed = shape.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ConfigError(`${String(issue?.path[0] ?? 'configuration')} ${issue?.message ?? 'is wrong'}`);
  }
  const env = parsed.data;
  if (!env.LOCAL && env.MASTER_SECRET === undefined) {
    throw new ConfigError(
      'MASTER_SECRET is missing: set it with `wrangler secret put MASTER_SECRET` (64 hex characters)',
    );
  }
  if (!env.LOCAL && env.PUBLIC_URL === undefined)
    throw new ConfigError('PUBLIC_URL is missing: set it to the URL of this deployment');
  if (env.MODEL_BASE_URL !== undefined && env.MODEL === undefined)
    throw new ConfigError('MODEL is missing: MODEL_BASE_URL needs the name of a model');
  const models = modelsConfig(env);
  if (typeof models === 'string') throw new ConfigError(models);
  const tools = toolConfigOf(env);
  const plain = plainHttpIn(tools);
  if (!env.LOCAL && plain !== null) throw new ConfigError(`${plain} must name https only`);
  const model =
    env.MODEL_BASE_URL === undefined || env.MODEL === undefined
      ? null
      : { baseUrl: env.MODEL_BASE_URL, apiKey: env.MODEL_API_KEY ?? '', name: env.MODEL };
  return {
    local: env.LOCAL,
    publicUrl: env.PUBLIC_URL ?? 'http://127.0.0.1:8787',
    relays: [...new Set(env.RELAYS.map(normalizeRelayUrl))],
    masterSecret: env.MASTER_SECRET ?? DEVELOPMENT_SECRET,
    operatorPubkey: env.OPERATOR_PUBKEY ?? null,
    wallet: env.NWC_URI ?? null,
    feeParts: feePartsOf(env),
    owners: env.OWNERS ?? new Map(),
    payoutMin_msats: env.PAYOUT_MIN_SATS * 1_000,
    zapAddresses: env.ZAP_ADDRESSES ?? new Map(),
    zapTrust_msats: (env.ZAP_TRUST_SATS ?? (env.LOCAL ? LOCAL_ZAP_TRUST_SATS : 0)) * 1_000,
    // Locally the only client is the developer; elsewhere trust is the operator's to give.
    postpayLimit_msats: (env.POSTPAY_LIMIT_SATS ?? (env.LOCAL ? LOCAL_POSTPAY_LIMIT_SATS : 0)) * 1_000,
    fuelPrice_msats: fuelPriceOf(env),
    model,
    workersAiModel: model === null ? (env.MODEL ?? null) : null,
    models,
    chatContext: env.CHAT_CONTEXT,
    tools,
    mailFrom: env.MAIL_FROM ?? (env.LOCAL ? LOCAL_MAIL_FROM : null),
    arena: arenaConfig(env),
    listing: listingConfig(env),
    kinds: kindsOf(env),
    blocked: new Set(env.BLOCKED_PUBKEYS),
    relayMinPow: env.RELAY_MIN_POW,
    agentAuth: env.AGENT_AUTH,
    jobsPerHour: env.JOBS_PER_HOUR ?? null,
    draining: env.DRAIN,
  };
}

/** The embedded relay's own URL: the public URL with a WebSocket scheme. */
export function embeddedRelayUrl(config: Config): string {
  return normalizeRelayUrl(config.publicUrl.replace(/^http/, 'ws'));
}
