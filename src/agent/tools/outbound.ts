/**
 * Calls to services the operator has named (search, papers), through the same guarded door as pages. Their
 * credentials go to the service's own origin only, never along a redirect.
 */
import type { z } from 'zod';
import { JobError } from '../../errors.ts';
import { TOOL_SEARCH_MAX_BYTES } from '../../limits.ts';
import { type FetchedText, type SafeFetchOptions, safeFetch } from '../../net/safe-fetch.ts';

export interface OutboundOptions extends Pick<SafeFetchOptions, 'fetch' | 'allowPrivate' | 'resolve'> {
  /** Credentials of the service. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** @throws JobError as safeFetch */
export async function askService(
  url: URL,
  options: OutboundOptions,
  signal: AbortSignal,
): Promise<FetchedText> {
  const { headers = {}, fetch, ...rest } = options;
  return await safeFetch(url.href, {
    ...rest,
    signal,
    maxBytes: TOOL_SEARCH_MAX_BYTES,
    fetch: (input, init) => {
      const target = new URL(input instanceof Request ? input.url : input);
      if (target.origin !== url.origin) return fetch(input, init);
      const all = new Headers(init?.headers);
      for (const [name, value] of Object.entries(headers)) all.set(name, value);
      return fetch(input, { ...init, headers: all });
    },
  });
}

/** A JSON answer in the shape expected. @throws JobError SERVICE_UNAVAILABLE for any other */
export function parseAnswer<Shape>(shape: z.ZodType<Shape>, text: string): Shape {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new JobError(
      'SERVICE_UNAVAILABLE',
      'the service answers with something that is no JSON',
      undefined,
      {
        cause: cause instanceof Error ? cause.name : cause,
      },
    );
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new JobError('SERVICE_UNAVAILABLE', 'the service answers in a shape nobody knows');
}
