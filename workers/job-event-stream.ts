/** Server-sent events as a byte stream that can cross RPC. */
import { RELAY_MAX_PENDING_OUTPUT_BYTES, RELAY_STREAM_PING_MS } from '../src/limits.ts';
import type { JobSink } from '../src/relay/job-stream.ts';

/**
 * A stream of what `follow` writes, with a comment now and then so that proxies keep it open.
 *
 * @param follow begins to write into the sink and returns what stops it
 */
export function jobEventStream(follow: (sink: JobSink) => () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let ping: ReturnType<typeof setInterval> | undefined;
  let stop: () => void = () => undefined;
  let over = false;
  const finish = () => {
    over = true;
    clearInterval(ping);
    stop();
  };
  return new ReadableStream({
    type: 'bytes',
    start(controller) {
      const write = (text: string) => {
        if (over) return;
        controller.enqueue(encoder.encode(text));
        if (-(controller.desiredSize ?? 0) <= RELAY_MAX_PENDING_OUTPUT_BYTES) return;
        finish();
        controller.error(new Error('events are read too slowly'));
      };
      const end = () => {
        if (over) return;
        finish();
        controller.close();
      };
      stop = follow({ write, end });
      if (over) stop();
      else ping = setInterval(() => write(': ping\n\n'), RELAY_STREAM_PING_MS);
    },
    cancel: finish,
  });
}
