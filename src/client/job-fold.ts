/**
 * Folds the events of one job into its view. Every piece of it is a maximum or a set, so order and repetition make no
 * difference; `test/client/job-fold.test.ts` shuffles and doubles them.
 */
import { CLIENT_JOB_MAX_EVENTS } from '../limits.ts';
import { tagValues } from '../nostr/event.ts';
import { KIND } from '../nostr/kinds.ts';
import { answerKinds } from '../protocol/answers.ts';
import { parseJson } from '../protocol/json.ts';
import { verdictContent } from '../protocol/verdict.ts';
import type { Badge, Heard, JobRef, JobView, Verification } from './job-view.ts';
import { isBefore, Lane, type LaneView } from './lane.ts';

/** The view of a job by these events. */
export function viewJob(job: JobRef, heard: Iterable<Heard>): JobView {
  const fold = new JobFold(job);
  for (const one of heard) fold.add(one);
  return fold.view();
}

/** The fold as it goes on: events in, the view out. */
export class JobFold {
  readonly job: JobRef;
  readonly #kinds: ReadonlySet<number>;
  readonly #heard = new Map<string, Heard>();
  /** The same by time and id. */
  readonly #events: Heard[] = [];
  /** What each agent has said: one, or several of an open request. */
  readonly #lanes = new Map<string, Lane>();
  #verdict: Heard | null = null;
  #deleted = false;

  constructor(job: JobRef) {
    this.job = job;
    this.#kinds = new Set(answerKinds(job.kind, job.kinds));
  }

  /**
   * Takes an event. What was taken before, is of another job, or by somebody whose word does not count, changes nothing.
   *
   * @returns whether the view may have changed
   */
  add(heard: Heard): boolean {
    const { event } = heard;
    const known = this.#heard.get(event.id);
    // Opened later, with the key at hand, it says more than it did.
    if (known !== undefined && (known.said !== null || heard.said === null)) return false;
    if (known === undefined && this.#heard.size >= CLIENT_JOB_MAX_EVENTS) return false;
    if (!this.#take(heard)) return false;
    this.#heard.set(event.id, heard);
    this.#sort(heard);
    return true;
  }

  /** Events mostly come in order, and a stream has thousands: the place is looked for from the end. */
  #sort(heard: Heard): void {
    let at = this.#events.length;
    while (at > 0 && isBefore(heard.event, (this.#events[at - 1] ?? heard).event)) at--;
    const known = this.#events[at - 1]?.event.id === heard.event.id;
    this.#events.splice(known ? at - 1 : at, known ? 1 : 0, heard);
  }

  view(): JobView {
    const lane = this.#leading();
    const { phase, ...seen } = lane?.view ?? NOTHING;
    const over = phase === 'done' || phase === 'failed';
    return {
      id: this.job.id,
      ...seen,
      phase: this.#deleted && !over ? 'cancelled' : phase,
      agent: this.job.agent ?? lane?.agent ?? null,
      verification: this.#verification(seen),
      deleted: this.#deleted,
      events: this.#events.slice(),
    };
  }

  #take(heard: Heard): boolean {
    const { event, said } = heard;
    const { job } = this;
    if (!tagValues(event, 'e').includes(job.id)) return false;
    if (event.kind === KIND.deletion) {
      if (event.pubkey !== job.client) return false;
      this.#deleted = true;
      return true;
    }
    if (event.kind === job.kinds.verdict) {
      if (event.pubkey !== job.marketplace) return false;
      // One job has one verdict; of two, the first that can be read.
      if (said !== null && (this.#verdict === null || isBefore(event, this.#verdict.event)))
        this.#verdict = heard;
      return true;
    }
    if (!this.#kinds.has(event.kind) || event.pubkey === job.client) return false;
    if (job.agent !== null && event.pubkey !== job.agent) return false;
    if (said === null) return true;
    let lane = this.#lanes.get(event.pubkey);
    if (lane === undefined) {
      lane = new Lane(event.pubkey, job.kinds);
      this.#lanes.set(event.pubkey, lane);
    }
    lane.add(event, said);
    return true;
  }

  /** Of an open request: who came furthest, and of those who spoke first. */
  #leading(): { readonly agent: string; readonly view: LaneView } | null {
    const lanes = [...this.#lanes.values()].map((lane) => ({ lane, agent: lane.agent, view: lane.view() }));
    lanes.sort(
      (a, b) =>
        ORDER.indexOf(b.view.phase) - ORDER.indexOf(a.view.phase) ||
        (isBefore(a.lane.first, b.lane.first) ? -1 : 1),
    );
    return lanes[0] ?? null;
  }

  #verification({ result, told }: Pick<LaneView, 'result' | 'told'>): Verification {
    const mark = result?.verified ?? told;
    const read = verdictContent.safeParse(parseJson(this.#verdict?.said?.content));
    const verdict = read.success ? read.data : null;
    return {
      badge: badgeOf(mark?.passed, verdict === null ? undefined : verdict.verdict === 'passed'),
      told: mark,
      verdict,
      event: verdict === null ? null : (this.#verdict?.event ?? null),
    };
  }
}

/** A failure of one agent is no end of an open request while another works on it. */
const ORDER: readonly LaneView['phase'][] = ['posted', 'failed', 'payment', 'running', 'done'];

const NOTHING: LaneView = {
  phase: 'posted',
  demand: null,
  progress: null,
  partial: null,
  stream: null,
  reports: [],
  result: null,
  end: null,
  error: null,
  cost: null,
  due: null,
  told: null,
};

function badgeOf(told: boolean | undefined, judged: boolean | undefined): Badge {
  if (judged === undefined) return told === undefined ? 'none' : told ? 'claimed' : 'denied';
  if (told !== undefined && told !== judged) return 'contradicted';
  return judged ? 'passed' : 'failed';
}
