/** A response whose body is written as it comes, and which notices that nobody reads it any more. */
import type { Context } from 'hono';
import type { AppEnv } from '../problem.ts';

/**
 * @param events text of `text/event-stream`
 * @param left called once when the caller has gone before the end
 */
export function eventStream(
  c: Context<AppEnv>,
  events: AsyncGenerator<string, void>,
  left: () => void,
  failed: (error: unknown) => void,
): Response {
  const encoder = new TextEncoder();
  let over = false;
  const gone = () => {
    if (over) return;
    over = true;
    left();
  };
  c.req.raw.signal.addEventListener('abort', gone);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await events.next();
        // It was given up while nothing was to be said.
        if (over) return;
        if (done !== true) {
          controller.enqueue(encoder.encode(value));
          return;
        }
        over = true;
        controller.close();
      } catch (error) {
        // Its head has gone out, so all that is left is to break it off.
        failed(error);
        gone();
        controller.error(error);
      }
    },
    cancel: gone,
  });
  return c.body(body, 200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
  });
}
