/**
 * The load client, the same for everybody, in a process of its own: it signs all requests beforehand, keeps a fixed
 * number of jobs in flight over one socket, verifies every answer with libsecp256k1 and checks what it says.
 * Its parent sends {@link LoadOrder}s and gets a {@link LoadReport} for each.
 */
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import WebSocket from 'ws';
import * as z from 'zod';
import { type NostrEvent, parseEvent, signEvent, verifyEvent } from '../../src/nostr/event.ts';
import { publicKeyOf } from '../../src/nostr/schnorr.ts';
import { makeWorld, type World } from './notes.ts';
import { isRightAnswer, type Question, WIRES } from './wires.ts';

const setting = z.object({
  relay: z.string(),
  wire: z.enum(['nip90', 'contextvm']),
  /** Public key of whom the jobs are for. */
  agent: z.string(),
  /** Unix s the notes are dated from. */
  world_s: z.int(),
});
export type LoadSetting = z.infer<typeof setting>;

const order = z.object({ jobs: z.int().positive(), inFlight: z.int().positive() });
export type LoadOrder = z.infer<typeof order>;

export const loadReport = z.object({
  elapsed_ms: z.number(),
  /** Request sent until the verified `processing`, ms, by job; empty where the wire has none. */
  processing_ms: z.array(z.number()),
  /** Request sent until the verified result, ms, by job. */
  result_ms: z.array(z.number()),
});
export type LoadReport = z.infer<typeof loadReport>;

/** A job nobody answers fails the bench: a lost job must not look like a fast one, ms. */
const JOB_TIMEOUT_MS = 30_000;

interface OpenJob {
  readonly question: Question;
  readonly sentAt: number;
  processing: boolean;
}

class Load {
  readonly #setting: LoadSetting;
  readonly #world: World;
  readonly #socket: WebSocket;
  readonly #secretKey = Uint8Array.from(randomBytes(32));
  readonly #open = new Map<string, OpenJob>();
  #answered = (_content: string): void => undefined;
  #onJob = (_job: OpenJob, _at: number, _done: boolean): void => undefined;
  #jobs = 0;

  private constructor(given: LoadSetting, socket: WebSocket) {
    this.#setting = given;
    this.#world = makeWorld(given.world_s);
    this.#socket = socket;
    socket.on('message', (data) => this.#receive(String(data)));
    socket.on('close', () => quit('the relay closed the connection'));
  }

  static async start(given: LoadSetting): Promise<Load> {
    const socket = new WebSocket(given.relay, { perMessageDeflate: false });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const load = new Load(given, socket);
    const { answers, greetings } = WIRES[given.wire];
    const now_s = Math.floor(Date.now() / 1000);
    load.#send([
      'REQ',
      'answers',
      { kinds: answers, '#p': [publicKeyOf(load.#secretKey)], since: now_s - 5 },
    ]);
    for (const [content, answered] of greetings) {
      const tags = [['p', given.agent]];
      const template = { kind: answers[0] ?? 0, created_at: now_s, tags, content };
      const reply = new Promise<string>((resolve) => {
        load.#answered = resolve;
      });
      load.#send(['EVENT', signEvent(template, load.#secretKey)]);
      if (answered) await reply;
    }
    load.#answered = () => undefined;
    return load;
  }

  async run({ jobs, inFlight }: LoadOrder): Promise<LoadReport> {
    const { wire, agent } = this.#setting;
    const requests = Array.from({ length: jobs }, () => {
      const job = this.#jobs++;
      const question = this.#world.question(job);
      const template = WIRES[wire].request(question, job, agent, Math.floor(Date.now() / 1000));
      return { question, event: signEvent(template, this.#secretKey) };
    });
    const report: LoadReport = { elapsed_ms: 0, processing_ms: [], result_ms: [] };
    let next = 0;
    const post = () => {
      const request = requests[next++];
      if (request === undefined) return;
      this.#open.set(request.event.id, {
        question: request.question,
        sentAt: performance.now(),
        processing: false,
      });
      this.#send(['EVENT', request.event]);
    };
    const began = performance.now();
    let lastAt = began;
    const watch = setInterval(() => {
      if (performance.now() - lastAt > JOB_TIMEOUT_MS) quit(`${this.#open.size} jobs were never answered`);
    }, 1_000);
    await new Promise<void>((resolve) => {
      this.#onJob = (job, at, done) => {
        lastAt = at;
        (done ? report.result_ms : report.processing_ms).push(at - job.sentAt);
        if (!done) return;
        if (report.result_ms.length === jobs) resolve();
        else post();
      };
      for (let i = 0; i < inFlight; i++) post();
    });
    clearInterval(watch);
    return { ...report, elapsed_ms: performance.now() - began };
  }

  #send(message: readonly unknown[]): void {
    this.#socket.send(JSON.stringify(message));
  }

  #receive(text: string): void {
    const message: unknown = JSON.parse(text);
    if (!Array.isArray(message)) return;
    const [type, id, accepted, reason] = message;
    if (type === 'OK' && accepted === false && this.#open.has(id)) quit(`a request was refused: ${reason}`);
    if (type !== 'EVENT') return;
    const event = parseEvent(message[2]);
    if (typeof event === 'string' || typeof verifyEvent(event) === 'string') quit('an answer is forged');
    else this.#take(event);
  }

  #take(event: NostrEvent): void {
    const id = event.tags.find(([name]) => name === 'e')?.[1] ?? '';
    const job = this.#open.get(id);
    if (job === undefined) {
      this.#answered(event.content);
      return;
    }
    const news = WIRES[this.#setting.wire].read(event);
    if (news === undefined) return;
    if (news === 'processing') {
      if (!job.processing) this.#onJob(job, performance.now(), false);
      job.processing = true;
      return;
    }
    if (!isRightAnswer(news.content, job.question.ids)) quit(`"${job.question.query}" gave ${news.content}`);
    this.#open.delete(id);
    this.#onJob(job, performance.now(), true);
  }
}

function quit(reason: string): never {
  process.stderr.write(`load: ${reason}\n`);
  process.exit(1);
}

if (process.argv[1] === import.meta.filename) {
  const load = await Load.start(setting.parse(JSON.parse(process.argv[2] ?? '')));
  process.on('message', (message) => {
    load.run(order.parse(message)).then(
      (report) => process.send?.(report),
      (error: unknown) => quit(String(error)),
    );
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}
