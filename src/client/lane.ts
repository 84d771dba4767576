/** What one agent has said of one job. */
import type { VerifiedEvent } from '../nostr/event.ts';
import type { AgentKinds } from '../nostr/kinds.ts';
import {
  type Answer,
  type AnswerEvent,
  type AnswerStream,
  type AnswerVerified,
  readAnswer,
} from '../protocol/answers.ts';
import { Deltas } from './deltas.ts';
import type { Demand, JobPhase, JobView, ReportView } from './job-view.ts';

/** The part of a job's view that an agent makes. */
export interface LaneView
  extends Pick<
    JobView,
    'demand' | 'progress' | 'partial' | 'stream' | 'reports' | 'result' | 'end' | 'error' | 'cost' | 'due'
  > {
  readonly phase: Exclude<JobPhase, 'cancelled'>;
  /** `verified` of its error. */
  readonly told: AnswerVerified | null;
}

type Of<Type extends Answer['type']> = {
  readonly event: VerifiedEvent;
  readonly answer: Extract<Answer, { readonly type: Type }>;
};

/** By time, then by id, so that any two events have one order everywhere. */
export function isBefore(a: VerifiedEvent, b: VerifiedEvent): boolean {
  return a.created_at === b.created_at ? a.id < b.id : a.created_at < b.created_at;
}

export class Lane {
  readonly agent: string;
  readonly #kinds: AgentKinds;
  readonly #deltas = new Deltas();
  readonly #reports: ReportView[] = [];
  readonly #demands = new Map<string, Demand>();
  #first: VerifiedEvent | null = null;
  #progress: Of<'progress'> | null = null;
  #partial: Of<'progress'> | null = null;
  /** The first result or error: a job ends once. */
  #end: Of<'result'> | Of<'error'> | null = null;
  /** When it was last seen at work, Unix s. */
  #workedAt_s = Number.NEGATIVE_INFINITY;

  constructor(agent: string, kinds: AgentKinds) {
    this.agent = agent;
    this.#kinds = kinds;
  }

  /** Its first word. @throws Error before there is one */
  get first(): VerifiedEvent {
    if (this.#first === null) throw new Error('an agent that said nothing has no lane');
    return this.#first;
  }

  /** @param event by this agent and of this job, each once. @param said what it says, opened */
  add(event: VerifiedEvent, said: AnswerEvent): void {
    if (this.#first === null || isBefore(event, this.#first)) this.#first = event;
    const answer = readAnswer(said, this.#kinds);
    switch (answer.type) {
      case 'delta':
        this.#deltas.add(answer.attempt, answer.seq, event.id, answer.text);
        this.#worked(event);
        break;
      case 'progress':
        this.#onProgress({ event, answer });
        break;
      case 'payment':
        this.#onDemand(event, answer);
        break;
      case 'result':
        if (this.#end === null || isBefore(event, this.#end.event)) this.#end = { event, answer };
        break;
      case 'error':
        if (this.#end === null || isBefore(event, this.#end.event)) this.#end = { event, answer };
        break;
    }
  }

  view(): LaneView {
    const result = this.#end?.answer.type === 'result' ? this.#end.answer : null;
    const error = this.#end?.answer.type === 'error' ? this.#end.answer : null;
    const demand = this.#newestDemand();
    return {
      phase: this.#phase(demand),
      demand,
      progress: progressOf(this.#progress),
      partial: this.#partial?.answer.content ?? null,
      stream: this.#deltas.view(streamOf(result)),
      reports: this.#reports.toSorted((a, b) => (isBefore(a.event, b.event) ? -1 : 1)),
      result,
      end: this.#end?.event ?? null,
      error: error === null ? null : { code: error.code, message: error.message, details: error.details },
      cost: result?.cost ?? null,
      due: result?.invoice ?? null,
      told: error?.verified ?? null,
    };
  }

  #phase(demand: Demand | null): LaneView['phase'] {
    if (this.#end !== null) return this.#end.answer.type === 'result' ? 'done' : 'failed';
    // Within one second the demand came first: nobody works and then asks to be paid before.
    if (demand !== null && demand.createdAt_s > this.#workedAt_s) return 'payment';
    return this.#workedAt_s === Number.NEGATIVE_INFINITY ? 'posted' : 'running';
  }

  #onProgress(one: Of<'progress'>): void {
    const { event, answer } = one;
    this.#worked(event);
    if (answer.status === 'partial' && (this.#partial === null || isBefore(this.#partial.event, event)))
      this.#partial = one;
    if (this.#progress === null || isLater(one, this.#progress)) this.#progress = one;
    if (answer.status === 'partial' || (answer.content === '' && answer.report === null)) return;
    const { note, content, report: data } = answer;
    this.#reports.push({ note, content, data, createdAt_s: event.created_at, event });
  }

  /** Both dialects ask for the same money, and each tells a part of it. */
  #onDemand(
    event: VerifiedEvent,
    { invoice, amount_msats, expiresAt_s, escrow }: Of<'payment'>['answer'],
  ): void {
    if (invoice === null) return;
    const known = this.#demands.get(invoice);
    this.#demands.set(invoice, {
      invoice,
      amount_msats: larger(known?.amount_msats ?? null, amount_msats),
      expiresAt_s: larger(known?.expiresAt_s ?? null, expiresAt_s),
      escrow: escrow || known?.escrow === true,
      createdAt_s: Math.min(event.created_at, known?.createdAt_s ?? Number.POSITIVE_INFINITY),
    });
  }

  #newestDemand(): Demand | null {
    const demands = [...this.#demands.values()];
    demands.sort((a, b) => b.createdAt_s - a.createdAt_s || (a.invoice < b.invoice ? -1 : 1));
    return demands[0] ?? null;
  }

  #worked({ created_at }: VerifiedEvent): void {
    this.#workedAt_s = Math.max(this.#workedAt_s, created_at);
  }
}

/** Of two stories of one second, the one that is further on. */
function isLater(one: Of<'progress'>, other: Of<'progress'>): boolean {
  if (one.event.created_at !== other.event.created_at) return one.event.created_at > other.event.created_at;
  const [done, before] = [one.answer.steps?.done ?? -1, other.answer.steps?.done ?? -1];
  return done === before ? one.event.id > other.event.id : done > before;
}

function progressOf(one: Of<'progress'> | null): LaneView['progress'] {
  if (one === null) return null;
  const { status, note, steps } = one.answer;
  return { status, note, done: steps?.done ?? null, total: steps?.total ?? null };
}

function streamOf(result: Extract<Answer, { type: 'result' }> | null): AnswerStream | null {
  return result?.stream ?? null;
}

/** Of two amounts that are told of one invoice the larger one, so that whoever compares it with the invoice sees it. */
function larger(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.max(a, b);
}
