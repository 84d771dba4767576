/** Asking a part of the service how it is, without letting it take the answer down with it. */
import { HEALTH_TIMEOUT_MS } from '../limits.ts';
import type { HttpPorts } from './ports.ts';

export type Probe<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

/** What a part answers, or that it failed or took longer than {@link HEALTH_TIMEOUT_MS}; why is in the log. */
export async function probe<T>(
  ports: Pick<HttpPorts, 'log'>,
  requestId: string,
  part: string,
  ask: () => Promise<T>,
  timeout_ms: number = HEALTH_TIMEOUT_MS,
): Promise<Probe<T>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeout_ms} ms`)), timeout_ms);
  });
  try {
    return { ok: true, value: await Promise.race([ask(), late]) };
  } catch (error) {
    ports.log({ level: 'warn', message: `${part} does not answer`, requestId, error });
    return { ok: false };
  } finally {
    clearTimeout(timer);
  }
}
