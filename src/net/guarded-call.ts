/**
 * Calls to an endpoint that an owner has named: the guarded door (safe-fetch.ts) for requests with a body and answers that
 * stream. The address is judged at each call, redirects are not followed, and the answer ends at a size.
 */
import { JobError } from '../errors.ts';
import { assertPublicUrl } from './guard.ts';
import { assertPublicName, orAbort, type SafeFetchOptions } from './safe-fetch.ts';

export interface GuardedCallOptions
  extends Pick<SafeFetchOptions, 'allowPrivate' | 'ownHosts' | 'resolve' | 'fetch'> {
  /** Of the decoded answer, bytes. */
  readonly maxBytes: number;
  /** From the call to the head of the answer, ms. */
  readonly headTimeout_ms: number;
  /** Aborts when nobody wants the answer any more. */
  readonly signal: AbortSignal;
}

/**
 * A `fetch` that calls safe addresses only. What it throws says nothing of host, address or answer.
 *
 * @returns a function that throws JobError: SERVICE_UNAVAILABLE for an address that is not safe, a redirect, or an
 *   endpoint that is not there, TIMEOUT; the body of its answer ends in CONTENT_TOO_LARGE over `maxBytes`
 */
export function guardedCaller(options: GuardedCallOptions): typeof fetch {
  return async (input, init) => {
    const head = new AbortController();
    const timer = setTimeout(() => head.abort(late(options)), options.headTimeout_ms);
    const signal = AbortSignal.any([head.signal, options.signal, ...(init?.signal ? [init.signal] : [])]);
    try {
      const url = await safeUrl(input instanceof Request ? input.url : String(input), options, signal);
      const response = await orAbort(
        options.fetch(url.href, { ...init, redirect: 'manual', signal }),
        signal,
      );
      if (response.status >= 300 && response.status < 400) {
        await response.body?.cancel().catch(() => undefined);
        throw new JobError('SERVICE_UNAVAILABLE', 'the endpoint redirects, which is not followed', {
          reason: 'redirect',
        });
      }
      return limited(response, options.maxBytes);
    } catch (error) {
      if (error instanceof JobError) throw error;
      if (head.signal.aborted) throw late(options);
      // Errors of the network name hosts and addresses.
      throw new JobError('SERVICE_UNAVAILABLE', 'the endpoint cannot be reached', undefined, {
        cause: error instanceof Error ? error.name : typeof error,
      });
    } finally {
      clearTimeout(timer);
    }
  };
}

/** What was safe when it was listed may point elsewhere by now; that is its owner's doing, not the client's. */
async function safeUrl(text: string, options: GuardedCallOptions, signal: AbortSignal): Promise<URL> {
  try {
    const url = assertPublicUrl(text, { ...options, schemes: ['https'] });
    await assertPublicName(url, options, signal);
    return url;
  } catch (error) {
    if (!(error instanceof JobError) || error.code !== 'BAD_REQUEST') throw error;
    throw new JobError('SERVICE_UNAVAILABLE', 'the endpoint’s address may not be called', {
      reason: 'unsafe',
    });
  }
}

function late({ headTimeout_ms }: GuardedCallOptions): JobError {
  return new JobError('TIMEOUT', 'the endpoint did not answer in time', { limit_ms: headTimeout_ms });
}

/** The same response, whose body ends in an error over so many decoded bytes. */
function limited(response: Response, maxBytes: number): Response {
  if (response.body === null) return response;
  let bytes = 0;
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes <= maxBytes) controller.enqueue(chunk);
      else
        controller.error(
          new JobError('CONTENT_TOO_LARGE', `the endpoint answers with more than ${maxBytes} bytes`, {
            limit_bytes: maxBytes,
          }),
        );
    },
  });
  const { status, statusText, headers } = response;
  // Decoded already: what the header says of that is not so any more.
  const kept = new Headers(headers);
  kept.delete('content-encoding');
  kept.delete('content-length');
  return new Response(response.body.pipeThrough(counting), { status, statusText, headers: kept });
}
