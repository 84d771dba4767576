/** Server-sent events out of a stream of bytes. */
import { brokenStream, stopped } from '../chat/failures.ts';

/** A line that carries no event within this many characters is no stream of ours. */
const MAX_LINE_CHARS = 1_048_576;

/** The `data:` of each event, in order. Stops reading and lets go of the stream when `signal` aborts. */
export async function* sseData(stream: ReadableStream<unknown>, signal: AbortSignal): AsyncGenerator<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  const abort = Promise.withResolvers<never>();
  const onAbort = () => abort.reject(stopped(signal));
  signal.addEventListener('abort', onAbort);
  // Nobody may be waiting when it is aborted.
  abort.promise.catch(() => undefined);
  let pending = '';
  try {
    for (;;) {
      if (signal.aborted) throw stopped(signal);
      const { done, value } = await Promise.race([reader.read().catch(fail), abort.promise]);
      if (done) break;
      if (!(value instanceof Uint8Array)) throw brokenStream();
      pending += decoder.decode(value, { stream: true });
      if (pending.length > MAX_LINE_CHARS) throw brokenStream();
      const lines = pending.split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('data:')) yield line.slice(5).trim();
    }
    if (pending.startsWith('data:')) yield pending.slice(5).trim();
  } finally {
    signal.removeEventListener('abort', onAbort);
    await reader.cancel().catch(() => undefined);
  }
}

function fail(error: unknown): never {
  throw brokenStream(error);
}
