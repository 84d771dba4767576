/** From what an owner sends to what is stored: the description checked against this deployment, its secret apart. */
import * as z from 'zod';
import { JobError, type Json } from '../../errors.ts';
import { LISTING_MAX_BYTES, LISTING_MAX_SECRET_CHARS } from '../../limits.ts';
import { assertPublicUrl } from '../../net/guard.ts';
import type { ListedFacts } from '../../protocol/agent.ts';
import { utf8Bytes } from '../../protocol/size.ts';
import { listedAgent } from './definition.ts';
import type { ListingPorts } from './ports.ts';
import { type ListingSpec, listingSpec } from './spec.ts';

/** The owner's secret, as it is sent: an endpoint's key, or a webhook's secret. Never part of a description. */
export const secretShape = z
  .string()
  .trim()
  .min(1)
  .max(LISTING_MAX_SECRET_CHARS)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces');

/** A secret of a webhook (Standard Webhooks): `whsec_` and base64 of 24 to 64 bytes. */
const WEBHOOK_SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const WEBHOOK_SECRET_BYTES = { least: 24, most: 64 } as const;

/**
 * A description as it may be stored.
 *
 * @throws JobError BAD_REQUEST naming the field that is wrong; FORBIDDEN for a runtime that is not listed here
 */
export async function prepared(ports: ListingPorts, given: unknown): Promise<ListingSpec> {
  const spec = parsed(given);
  const { config } = ports;
  if (!config.listing.runtimes.has(spec.runtime))
    throw new JobError('FORBIDDEN', `this marketplace lists no ${spec.runtime} agents (LISTING_RUNTIMES)`);
  const endpoint = endpointOf(spec);
  if (endpoint !== null)
    checkUrl(ports, endpoint, spec.remote?.protocol === 'webhook' ? 'remote.url' : 'remote.base_url');
  for (const field of ['picture', 'terms_url', 'privacy_url'] as const)
    if (spec[field] !== undefined) checkUrl(ports, spec[field], field);
  const found = spec.runtime === 'external' ? await withAgent(ports, spec) : spec;
  // What cannot become an agent here is refused now, and not when its first job comes.
  listedAgent(found, NOBODY, { config, models: ports.models });
  if (utf8Bytes(JSON.stringify(found)) > LISTING_MAX_BYTES)
    throw new JobError('CONTENT_TOO_LARGE', `a listing may have ${LISTING_MAX_BYTES} bytes`, {
      max_bytes: LISTING_MAX_BYTES,
    });
  return found;
}

const NOBODY: ListedFacts = { id: '', owner: '', version: 0, closed: null, since_ms: 0 };

/** Reads a description. @throws JobError BAD_REQUEST naming the field */
export function parsed(given: unknown): ListingSpec {
  const read = listingSpec.safeParse(given);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = [...(issue?.path ?? []), ...unknown].map(String).join('.');
  const what = unknown.length > 0 ? 'is no field of a listing' : (issue?.message ?? 'is wrong');
  throw new JobError('BAD_REQUEST', `body${path === '' ? '' : ` ${path}`}: ${what}`, { path });
}

/** The URL of its endpoint; null where it has none. */
export function endpointOf({ remote }: Pick<ListingSpec, 'remote'>): string | null {
  if (remote === undefined) return null;
  return remote.protocol === 'openai' ? remote.base_url : remote.url;
}

/** @throws JobError BAD_REQUEST for a secret that its endpoint could not use */
export function checkSecret(spec: ListingSpec, secret: string): void {
  if (spec.remote === undefined) throw wrong('secret', 'is for remote agents');
  if (spec.remote.protocol !== 'webhook') return;
  const [, encoded] = WEBHOOK_SECRET.exec(secret) ?? [];
  const bytes = encoded === undefined ? 0 : Buffer.from(encoded, 'base64').length;
  if (bytes < WEBHOOK_SECRET_BYTES.least || bytes > WEBHOOK_SECRET_BYTES.most)
    throw wrong('secret', 'must be whsec_ and base64 of 24 to 64 bytes (Standard Webhooks)');
}

function checkUrl(ports: ListingPorts, url: string, path: string): void {
  const { local, publicUrl } = ports.config;
  try {
    assertPublicUrl(url, {
      schemes: ['https'],
      allowPrivate: local,
      ownHosts: local ? [] : [new URL(publicUrl).hostname],
    });
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    throw new JobError('BAD_REQUEST', `body ${path}: ${error.message}`, { ...error.details, path });
  }
}

/** The agent to hire by its key, with what is known of how it is asked. */
async function withAgent(ports: ListingPorts, spec: ListingSpec): Promise<ListingSpec> {
  const { external } = spec;
  if (external === undefined) return spec;
  const found = await ports.find(external.agent, external.relays);
  if (found === null) throw wrong('external.agent', 'must be an npub, nprofile, naddr, or a key in hex');
  // They are paid by the same wallet, and could hire each other for ever.
  if (await ports.isOurs(found.pubkey)) throw wrong('external.agent', 'is an agent of this marketplace');
  const dialect = external.dialect ?? found.dialect;
  if (dialect === null)
    throw wrong('external.dialect', 'is needed: no announcement (37001, 31990) of this agent was found');
  const kind = external.kind ?? (dialect === 'nip90' ? found.kinds[0] : undefined);
  if (dialect === 'nip90' && kind === undefined)
    throw wrong('external.kind', 'is needed: the agent announces no NIP-90 kind');
  const relays = [...new Set([...external.relays, ...found.relays])].slice(0, 5);
  const known = { ...external, agent: found.pubkey, dialect, relays };
  return { ...spec, external: kind === undefined ? known : { ...known, kind } };
}

function wrong(path: string, what: string): JobError {
  return new JobError('BAD_REQUEST', `body ${path}: ${what}`, { path });
}

/** JSON Merge Patch (RFC 7396): null takes a member away, objects are merged, everything else is put in its place. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const base = isObject(target) ? target : {};
  const merged = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
