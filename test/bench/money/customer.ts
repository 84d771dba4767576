/** What a customer of the money benches is told and what it tells, whoever it is a customer of. */
import * as z from 'zod';
import { makeWorld, type World } from '../notes.ts';
import { isRightAnswer } from '../wires.ts';

export const customerSetting = z.object({
  relay: z.string(),
  /** Connection string of the wallet that pays. */
  wallet: z.string(),
  /** Public key of who does the work. */
  agent: z.string(),
  /** Unix s the notes are dated from. */
  world_s: z.int(),
});
export type CustomerSetting = z.infer<typeof customerSetting>;

const order = z.object({ jobs: z.int().positive() });
export type CustomerOrder = z.infer<typeof order>;

/** Times from the moment the request is sent, ms; null for what never came. */
export const outcome = z.object({
  paid_ms: z.number().nullable(),
  running_ms: z.number().nullable(),
  result_ms: z.number().nullable(),
  /** Why there is no result. */
  failure: z.string().nullable(),
});
export type Outcome = z.infer<typeof outcome>;
export const outcomes = z.array(outcome);

/** A job under way: the customer's program says what happened, and when is noted here. */
export class Stopwatch {
  readonly #began = performance.now();
  readonly #times: { paid: number | null; running: number | null } = { paid: null, running: null };

  reached(what: 'paid' | 'running'): void {
    this.#times[what] ??= performance.now() - this.#began;
  }

  done(failure: string | null): Outcome {
    const now_ms = performance.now() - this.#began;
    const result_ms = failure === null ? now_ms : null;
    const { paid, running } = this.#times;
    // A result can be faster than the wallet's word that it paid; then it is what says so.
    return { paid_ms: paid ?? result_ms, running_ms: running ?? result_ms, result_ms, failure };
  }
}

/** Asks one question and resolves with the content of the answer; rejects when there will be none. */
export type Ask = (query: string, watch: Stopwatch) => Promise<string>;

/** Serves the parent's orders: jobs one after the other, each answer checked. */
export function serveOrders(world_s: number, ask: Ask): void {
  const world = makeWorld(world_s);
  let asked = 0;
  process.on('message', (message) => {
    const { jobs } = order.parse(message);
    run(jobs, () => askOne(world, asked++, ask)).then(
      (told) => process.send?.(told),
      (error: unknown) => {
        process.stderr.write(`customer: ${String(error)}\n`);
        process.exit(1);
      },
    );
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}

async function run(jobs: number, askNext: () => Promise<Outcome>): Promise<Outcome[]> {
  const told: Outcome[] = [];
  for (let job = 0; job < jobs; job++) told.push(await askNext());
  return told;
}

async function askOne(world: World, job: number, ask: Ask): Promise<Outcome> {
  const { query, ids } = world.question(job);
  const watch = new Stopwatch();
  try {
    const content = await ask(query, watch);
    return watch.done(isRightAnswer(content, ids) ? null : `a wrong answer: ${content}`);
  } catch (error) {
    return watch.done(error instanceof Error ? error.message : String(error));
  }
}
