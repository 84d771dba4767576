/**
 * The one way to fetch what a stranger names. Reads text, follows redirects by hand through the guard, and stops
 * at a size and a time. Sends nothing that identifies the client or us beyond the user agent.
 */
import { JobError } from '../errors.ts';
import { FETCH_MAX_BYTES, FETCH_MAX_REDIRECTS, FETCH_TIMEOUT_MS } from '../limits.ts';
import { assertPublicUrl, type GuardOptions, hostOf, isAddress, isPublicAddress } from './guard.ts';

export interface SafeFetchOptions extends Omit<GuardOptions, 'schemes'> {
  /** Aborts when nobody wants the answer any more. */
  readonly signal?: AbortSignal;
  readonly fetch: typeof fetch;
  /** Addresses of a name. Where given, all of them have to be public. A name can still change between this look and the call. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Of the decoded body, bytes. */
  readonly maxBytes?: number;
  /** Over all redirects and the whole body, ms. */
  readonly timeout_ms?: number;
}

export interface FetchedText {
  readonly text: string;
  /** MIME type in lower case, without parameters. */
  readonly contentType: string;
  readonly finalUrl: string;
  /** Size of the decoded body, bytes. */
  readonly bytes: number;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const TEXT_TYPE = /^(text\/[\w.+-]+|application\/(json|[\w.+-]+\+json|xml|xhtml\+xml|[\w.+-]+\+xml))$/;
/** Upstream answers that may be different a moment later. */
const PASSING = new Set([408, 425, 429]);

/**
 * Fetches a text by https (and http in local mode).
 *
 * @throws JobError BAD_REQUEST for a URL that is not safe, also after a redirect, for a type that is no text, and
 *   for a page that is not there; CONTENT_TOO_LARGE over `maxBytes`; TIMEOUT over `timeout_ms`;
 *   SERVICE_UNAVAILABLE when the other side fails
 */
export async function safeFetch(url: string, options: SafeFetchOptions): Promise<FetchedText> {
  const deadline = new AbortController();
  const timeout_ms = options.timeout_ms ?? FETCH_TIMEOUT_MS;
  const timer = setTimeout(
    () => deadline.abort(new JobError('TIMEOUT', 'the URL took too long to read', { limit_ms: timeout_ms })),
    timeout_ms,
  );
  const signal =
    options.signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, options.signal]);
  try {
    const { response, finalUrl } = await follow(url, options, signal);
    const contentType = typeOf(response);
    const bytes = await readBody(response, options.maxBytes ?? FETCH_MAX_BYTES, signal);
    return { text: decode(bytes, response), contentType, finalUrl, bytes: bytes.length };
  } catch (error) {
    throw failureOf(error, deadline.signal, options.signal);
  } finally {
    clearTimeout(timer);
    // Whatever is still open belongs to an answer nobody reads.
    deadline.abort();
  }
}

/** Follows redirects, each checked like the first URL, to an answer that is there. */
async function follow(
  start: string,
  options: SafeFetchOptions,
  signal: AbortSignal,
): Promise<{ response: Response; finalUrl: string }> {
  let next = start;
  for (let redirects = 0; redirects <= FETCH_MAX_REDIRECTS; redirects++) {
    const url = assertPublicUrl(next, { ...options, schemes: ['https'] });
    await assertPublicName(url, options, signal);
    const call = options.fetch(url.href, {
      redirect: 'manual',
      signal,
      headers: { accept: 'text/*, application/json, application/xml;q=0.8', 'user-agent': 'errand' },
    });
    const response = await orAbort(call, signal);
    if (!REDIRECTS.has(response.status)) {
      if (!response.ok) throw await discard(response, statusFailure(response.status));
      return { response, finalUrl: url.href };
    }
    const location = response.headers.get('location');
    await discard(response, null);
    if (location === null || !URL.canParse(location, url.href)) {
      throw new JobError('SERVICE_UNAVAILABLE', 'the URL redirects to nowhere');
    }
    next = new URL(location, url.href).href;
  }
  throw new JobError('BAD_REQUEST', 'the URL redirects too often', {
    reason: 'redirects',
    limit: FETCH_MAX_REDIRECTS,
  });
}

/**
 * Looks a name up, where there is a resolver, and lets it pass only if all its addresses are public.
 *
 * @throws JobError BAD_REQUEST
 */
export async function assertPublicName(
  url: URL,
  options: Pick<SafeFetchOptions, 'allowPrivate' | 'resolve'>,
  signal: AbortSignal,
): Promise<void> {
  const host = hostOf(url);
  if (options.allowPrivate || options.resolve === undefined || isAddress(host)) return;
  const addresses = await orAbort(options.resolve(host), signal);
  if (addresses.length === 0)
    throw new JobError('BAD_REQUEST', 'the URL names a host that does not exist', { reason: 'host' });
  if (!addresses.every(isPublicAddress)) {
    throw new JobError('BAD_REQUEST', 'the URL does not point to the public internet', { reason: 'private' });
  }
}

function typeOf(response: Response): string {
  const type = (response.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (TEXT_TYPE.test(type)) return type;
  throw new JobError('BAD_REQUEST', 'the URL leads to something that is no text', { reason: 'content_type' });
}

/** Reads at most `limit` decoded bytes: a small compressed body may be a huge one. */
async function readBody(response: Response, limit: number, signal: AbortSignal): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await orAbort(reader.read(), signal);
    if (done) break;
    size += value.length;
    if (size > limit) {
      throw new JobError('CONTENT_TOO_LARGE', `the URL leads to more than ${limit} bytes`, {
        limit_bytes: limit,
      });
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** Text in the encoding the server names, UTF-8 where it names none or one nobody knows. Broken bytes become U+FFFD. */
function decode(bytes: Uint8Array, response: Response): string {
  const label = /charset\s*=\s*"?([\w.:-]{1,40})/i.exec(response.headers.get('content-type') ?? '')?.[1];
  return decoderFor(label ?? 'utf-8').decode(bytes);
}

function decoderFor(label: string): TextDecoder {
  try {
    return new TextDecoder(label);
  } catch (error) {
    if (error instanceof RangeError) return new TextDecoder();
    throw error;
  }
}

function statusFailure(status: number): JobError {
  return status >= 400 && status < 500 && !PASSING.has(status)
    ? new JobError('BAD_REQUEST', `the URL answers with status ${status}`, { reason: 'status', status })
    : new JobError('SERVICE_UNAVAILABLE', `the URL answers with status ${status}`, {
        reason: 'status',
        status,
      });
}

/** Lets go of a body nobody reads, then hands the value on. That it cannot be cancelled any more is fine. */
async function discard<T>(response: Response, value: T): Promise<T> {
  await response.body?.cancel().catch(() => undefined);
  return value;
}

/** The promise, or the signal's reason when that comes first: not every fetch minds its signal while a body drips. */
export function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** What went wrong in the client's terms. Errors of the network name hosts and addresses, so their text stays inside. */
function failureOf(error: unknown, deadline: AbortSignal, outer: AbortSignal | undefined): unknown {
  if (error instanceof JobError) return error;
  if (deadline.aborted && deadline.reason instanceof JobError) return deadline.reason;
  if (outer?.aborted === true) return new JobError('TIMEOUT', 'the job was stopped before the URL was read');
  return new JobError('SERVICE_UNAVAILABLE', 'the URL cannot be read', undefined, { cause: error });
}
