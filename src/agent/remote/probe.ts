/** Asks an owner's endpoint whether it is there, without giving it work. */
import { JobError } from '../../errors.ts';
import type { KeyPair } from '../../nostr/event.ts';
import { signedHeaders } from './signature.ts';

export interface ProbeDeps {
  readonly secret: string | null;
  readonly keys: KeyPair;
  /** The guarded one (net/guarded-call.ts). */
  readonly fetch: typeof fetch;
  readonly now_ms: number;
}

type Endpoint =
  | { readonly protocol: 'openai'; readonly base_url: string }
  | { readonly protocol: 'webhook'; readonly url: string };

/**
 * An OpenAI-compatible endpoint is asked for its models; any answer but a refusal of the key or a failure will do, as not
 * all of them list any. A webhook gets a signed `{"type":"ping"}` and answers with any success.
 *
 * @throws JobError in words for its owner
 */
export async function probeRemote(endpoint: Endpoint, deps: ProbeDeps): Promise<void> {
  const response =
    endpoint.protocol === 'openai'
      ? await askModels(endpoint.base_url, deps)
      : await ping(endpoint.url, deps);
  await response.body?.cancel().catch(() => undefined);
  const { status } = response;
  const refused =
    status === 401 || status === 403 || status >= 500 || (endpoint.protocol === 'webhook' && status >= 400);
  if (refused) throw new JobError('SERVICE_UNAVAILABLE', `it answers with status ${status}`);
}

async function askModels(baseUrl: string, { secret, fetch }: ProbeDeps): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': 'errand' };
  if (secret !== null) headers.authorization = `Bearer ${secret}`;
  return await fetch(`${baseUrl.replace(/\/+$/, '')}/models`, { headers });
}

async function ping(url: string, { secret, keys, fetch, now_ms }: ProbeDeps): Promise<Response> {
  if (secret === null) throw new JobError('SERVICE_UNAVAILABLE', 'its secret is to be given again');
  const body = JSON.stringify({ type: 'ping', timestamp: new Date(now_ms).toISOString(), data: {} });
  const id = `ping_${now_ms}`;
  const headers = signedHeaders({ url, body, id, now_s: Math.floor(now_ms / 1_000) }, secret, keys);
  return await fetch(url, { method: 'POST', body, headers });
}
