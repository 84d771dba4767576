/**
 * The way out for an MCP client: to its server's own origin only, on the public internet only, without redirects,
 * and no answer longer than its limit.
 */
import { JobError } from '../../errors.ts';
import { MCP_MAX_ANSWER_BYTES } from '../../limits.ts';
import { assertPublicUrl, type GuardOptions, hostOf, isAddress, isPublicAddress } from '../../net/guard.ts';

export interface McpFetchOptions extends Omit<GuardOptions, 'schemes'> {
  readonly fetch: typeof fetch;
  /** Addresses of a name. Where given, all of them have to be public. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Sent with every call. */
  readonly headers: Readonly<Record<string, string>>;
  /** Told of an answer over the limit: the library would wait for the rest of it. */
  readonly tooLong: (error: JobError) => void;
}

/** @throws JobError BAD_REQUEST where a call would leave the server's origin or the public internet */
export function mcpFetch(serverUrl: URL, options: McpFetchOptions) {
  return async (input: string | URL, init?: RequestInit): Promise<Response> => {
    const url = assertPublicUrl(String(input), { ...options, schemes: ['https'] });
    if (url.origin !== serverUrl.origin) {
      throw new JobError('BAD_REQUEST', 'a tool server sends us elsewhere', { reason: 'origin' });
    }
    const host = hostOf(url);
    if (!options.allowPrivate && options.resolve !== undefined && !isAddress(host)) {
      const addresses = await options.resolve(host);
      if (addresses.length === 0 || !addresses.every(isPublicAddress)) {
        throw new JobError('BAD_REQUEST', 'the URL does not point to the public internet', {
          reason: 'private',
        });
      }
    }
    const headers = new Headers(init?.headers);
    for (const [name, value] of Object.entries(options.headers)) headers.set(name, value);
    const response = await options.fetch(url.href, { ...init, headers, redirect: 'manual' });
    if (response.body === null) return response;
    return new Response(response.body.pipeThrough(limited(options.tooLong)), response);
  };
}

function limited(tooLong: (error: JobError) => void): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes <= MCP_MAX_ANSWER_BYTES) {
        controller.enqueue(chunk);
        return;
      }
      const error = new JobError(
        'CONTENT_TOO_LARGE',
        `a tool answers with more than ${MCP_MAX_ANSWER_BYTES} bytes`,
        {
          limit_bytes: MCP_MAX_ANSWER_BYTES,
        },
      );
      tooLong(error);
      controller.error(error);
    },
  });
}
