/** The HTTP side of a marketplace, for what goes over HTTP by its nature: credit, agents, records. Proved by NIP-98. */
import { base64 } from '@scure/base';
import * as z from 'zod';
import type { Json } from '../errors.ts';
import { CLIENT_HTTP_TIMEOUT_MS } from '../limits.ts';
import { sha256Hex, type Tag } from '../nostr/event.ts';
import { toHex } from '../nostr/hex.ts';
import { KIND } from '../nostr/kinds.ts';
import { secureRandom } from '../nostr/random.ts';
import { parseJson } from '../protocol/json.ts';
import { ClientError } from './failure.ts';
import type { Signer } from './signer.ts';

/** What went wrong, in the marketplace's own words (RFC 9457). */
export class HttpProblem extends ClientError {
  readonly status: number;
  /** The code of PROTOCOL §2; null where something else than a marketplace answered. */
  readonly problem: string | null;
  /** Its `details`, as JSON. */
  readonly details: Json | null;

  constructor(status: number, problem: string | null, message: string, details: Json | null = null) {
    super(status === 404 ? 'NOT_FOUND' : 'HTTP', message);
    this.status = status;
    this.problem = problem;
    this.details = details;
  }
}

const problemDocument = z.looseObject({
  code: z.string(),
  detail: z.string(),
  details: z.json().optional(),
});

export interface HttpCall {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** JSON. */
  readonly body?: Json;
  /** Who asks; null for nobody in particular. */
  readonly signer?: Signer | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeout_ms?: number;
}

export class MarketplaceHttp {
  /** Without a trailing slash. */
  readonly url: string;
  readonly #fetch: typeof fetch;

  /** @throws ClientError USAGE for what is no http(s) URL */
  constructor(url: string, fetcher: typeof fetch = (...args) => fetch(...args)) {
    if (!/^https?:\/\//.test(url) || !URL.canParse(url))
      throw new ClientError(
        'USAGE',
        `${url} is no http(s) URL: write the marketplace as https://errand.example`,
      );
    this.url = url.replace(/\/+$/, '');
    this.#fetch = fetcher;
  }

  /**
   * Asks, and reads the answer by a schema.
   *
   * @param path with its query
   * @throws HttpProblem for an error of the marketplace; ClientError HTTP when it cannot be reached or understood
   */
  async ask<Schema extends z.ZodType>(
    schema: Schema,
    path: string,
    call: HttpCall = {},
  ): Promise<z.output<Schema>> {
    const text = await this.text(path, call);
    const read = schema.safeParse(parseJson(text));
    if (!read.success)
      throw new ClientError('HTTP', `${this.url}${path} answered with something else than was expected`);
    return read.data;
  }

  /** The body of the answer. @throws as {@link ask} */
  async text(path: string, call: HttpCall = {}): Promise<string> {
    const response = await this.send(path, call);
    const text = await response.text();
    if (response.ok) return text;
    const problem = problemDocument.safeParse(parseJson(text));
    throw problem.success
      ? new HttpProblem(
          response.status,
          problem.data.code,
          `${problem.data.code}: ${problem.data.detail}`,
          problem.data.details ?? null,
        )
      : new HttpProblem(response.status, null, `${this.url}${path} answered ${response.status}`);
  }

  /** The answer as it is. @throws ClientError HTTP when there is none */
  async send(
    path: string,
    { method = 'GET', body, signer = null, headers, timeout_ms }: HttpCall,
  ): Promise<Response> {
    const url = `${this.url}${path}`;
    const payload = body === undefined ? null : JSON.stringify(body);
    const authorization =
      signer === null ? {} : { authorization: await httpToken(signer, url, method, payload, Date.now()) };
    try {
      return await this.#fetch(url, {
        method,
        headers: {
          accept: 'application/json',
          ...(payload === null ? {} : { 'content-type': 'application/json' }),
          ...authorization,
          ...headers,
        },
        ...(payload === null ? {} : { body: payload }),
        // A token is for this URL only.
        redirect: signer === null ? 'follow' : 'error',
        signal: AbortSignal.timeout(timeout_ms ?? CLIENT_HTTP_TIMEOUT_MS),
      });
    } catch (cause) {
      throw new ClientError('HTTP', `${this.url} cannot be asked: ${reasonOf(cause)}`, { cause });
    }
  }
}

/** An `Authorization` header (NIP-98). @param payload the body, null without one. @param now_ms Unix ms */
export async function httpToken(
  signer: Signer,
  url: string,
  method: string,
  payload: string | null,
  now_ms: number,
): Promise<string> {
  const tags: Tag[] = [
    ['u', url],
    ['method', method],
    // A token counts once, so two in one second have to differ.
    ['nonce', toHex(secureRandom(16))],
  ];
  if (payload !== null) tags.push(['payload', sha256Hex(payload)]);
  const template = { kind: KIND.httpAuth, created_at: Math.floor(now_ms / 1_000), tags, content: '' };
  const event = await signer.signEvent(template);
  return `Nostr ${base64.encode(new TextEncoder().encode(JSON.stringify(event)))}`;
}

/** `fetch` hides what happened in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
