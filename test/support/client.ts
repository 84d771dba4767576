/** A Nostr client as strangers write it, on nostr-tools alone: posts requests, collects what answers. */
import {
  type Event,
  type EventTemplate,
  finalizeEvent,
  generateSecretKey,
  getPublicKey,
} from 'nostr-tools/pure';
import { Relay } from 'nostr-tools/relay';

/** How long a test waits for an answer before it fails, ms: longer than a lease whose holder died, on a busy machine. */
const PATIENCE_MS = 50_000;

export interface Client {
  readonly secretKey: Uint8Array;
  readonly pubkey: string;
  readonly relay: Relay;
  /** Signs a request, now. */
  sign(kind: number, tags: string[][], content?: string): Event;
  /** Publishes; rejects with the relay's reason. */
  publish(event: Event): Promise<void>;
  /** Everything that answers an event, as it comes; call before publishing. */
  answers(id: string): Answers;
  close(): void;
}

export interface Answers {
  readonly events: readonly Event[];
  /** The first event, seen or to come, that fits. */
  find(fits: (event: Event) => boolean): Promise<Event>;
  /** The result or error that ends the job. */
  end(): Promise<Event>;
}

/** Connects a client with a fresh key, or the one given. */
export async function connectClient(
  url: string,
  secretKey: Uint8Array = generateSecretKey(),
): Promise<Client> {
  const relay = await Relay.connect(url);
  return {
    secretKey,
    pubkey: getPublicKey(secretKey),
    relay,
    sign(kind, tags, content = '') {
      const template: EventTemplate = { kind, created_at: Math.floor(Date.now() / 1000), tags, content };
      return finalizeEvent(template, secretKey);
    },
    async publish(event) {
      await relay.publish(event);
    },
    answers: (id) => collect(relay, id),
    close: () => relay.close(),
  };
}

/**
 * Proves the client's key to the relay (NIP-42).
 *
 * @throws Error when the relay sends no challenge, or refuses
 */
export async function authenticate({ relay, secretKey }: Client): Promise<void> {
  const sign = async (template: EventTemplate) => finalizeEvent(template, secretKey);
  // The challenge comes a moment after the connection, and nostr-tools does not wait for it.
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      await relay.auth(sign);
      return;
    } catch (error) {
      const tooEarly = error instanceof Error && error.message.includes('no challenge');
      if (!tooEarly || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** Whether an event ends a job: a result of either dialect, or an error (but never a demand for payment). */
export function endsJob(event: Event): boolean {
  if (event.kind >= 6000 && event.kind < 7000) return true;
  if (event.kind === 7001)
    return !event.tags.some((tag) => tag[0] === 'error' && tag[1]?.includes('PAYMENT_REQUIRED'));
  return event.kind === 7000 && event.tags.some((tag) => tag[0] === 'status' && tag[1] === 'error');
}

/** The coded error of an answer, or null. */
export function errorOf(
  event: Event,
): { code: string; message: string; details?: Record<string, unknown> } | null {
  const json = event.tags.find((tag) => tag[0] === 'error')?.[1];
  return json === undefined ? null : JSON.parse(json);
}

/** The value of a tag, or undefined. */
export function tag(event: Event, name: string): string | undefined {
  return event.tags.find((item) => item[0] === name)?.[1];
}

function collect(relay: Relay, id: string): Answers {
  const events: Event[] = [];
  const waiting = new Set<() => void>();
  relay.subscribe([{ '#e': [id] }], {
    onevent(event) {
      events.push(event);
      for (const look of waiting) look();
    },
  });
  const find = (fits: (event: Event) => boolean): Promise<Event> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(look);
        const seen = events.map((event) => `${event.kind} ${JSON.stringify(event.tags)}`).join('\n');
        reject(new Error(`no such answer within ${PATIENCE_MS} ms; seen:\n${seen}`));
      }, PATIENCE_MS);
      const look = () => {
        const found = events.find(fits);
        if (found === undefined) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { events, find, end: () => find(endsJob) };
}
