/** The server-sent events of a job as the embedded relay streams them (src/relay/job-stream.ts), read back. */
import { DOOR_MAX_LINE_CHARS } from '../limits.ts';
import { type NostrEvent, parseEvent } from '../nostr/event.ts';
import { parseJson } from '../protocol/json.ts';

export interface StreamedEvent {
  readonly event: NostrEvent;
  /** Where to go on after it; null for what is not stored (deltas). */
  readonly cursor: number | null;
}

/** Reads one stream. What the relay signed or checked is not checked again: it came by RPC. */
export class JobEventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  readonly #ready: StreamedEvent[] = [];
  #pending = '';
  #cursor: number | null = null;
  #next: Promise<StreamedEvent | null> | null = null;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /**
   * The next event; null when the stream has ended. A call whose answer is not there yet may be repeated: it is the same
   * wait, so whoever raced it against time loses nothing.
   *
   * @throws Error when the stream broke off
   */
  next(): Promise<StreamedEvent | null> {
    this.#next ??= this.#read().finally(() => {
      this.#next = null;
    });
    return this.#next;
  }

  /** Lets go of the stream. Whoever waits hears that it ended. */
  async cancel(): Promise<void> {
    // A stream that is broken already has nothing left to let go of.
    await this.#reader.cancel().catch(() => undefined);
  }

  async #read(): Promise<StreamedEvent | null> {
    for (;;) {
      const ready = this.#ready.shift();
      if (ready !== undefined) return ready;
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#pending += this.#decoder.decode(value, { stream: true });
      const lines = this.#pending.split('\n');
      this.#pending = lines.pop() ?? '';
      if (this.#pending.length > DOOR_MAX_LINE_CHARS) throw new Error('a line of a job stream has no end');
      for (const line of lines) this.#take(line);
    }
  }

  #take(line: string): void {
    if (line.startsWith('id:')) this.#cursor = Number(line.slice(3));
    else if (line === '') this.#cursor = null;
    else if (line.startsWith('data:')) {
      const event = parseEvent(parseJson(line.slice(5)));
      if (typeof event !== 'string') this.#ready.push({ event, cursor: this.#cursor });
    }
  }
}
