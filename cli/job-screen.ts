/** A job as it is shown while it goes on: lines and one moving line for people, JSON lines for programs. */
import type { Heard, JobView } from '../src/client/job-view.ts';
import type { VerifiedEvent } from '../src/nostr/event.ts';
import { formatSats, msats } from '../src/payment/msats.ts';
import { EXIT } from './exit.ts';
import type { Screen } from './screen.ts';

/** How often the moving line says how long it has been, ms. */
const TICK_MS = 1_000;
const BAR_CHARS = 12;

export class JobScreen {
  readonly #screen: Screen;
  /** Whether demands are paid here, so that nobody has to be shown their invoices. */
  readonly #pays: boolean;
  readonly #began_ms = Date.now();
  readonly #tick: NodeJS.Timeout;
  /** How much of the streamed text was shown. */
  #shown = '';
  #demands = new Set<string>();
  #reports = 0;
  #note = '';
  #bar = '';

  constructor(screen: Screen, pays: boolean) {
    this.#screen = screen;
    this.#pays = pays;
    this.#tick = setInterval(() => this.#move(), TICK_MS).unref();
  }

  /** Nothing moves any more. */
  stop(): void {
    clearInterval(this.#tick);
  }

  /** It was posted, or is watched from now on. */
  begun(request: VerifiedEvent, relays: readonly string[]): void {
    this.#screen.line({ type: 'request', id: request.id, relays, event: request });
  }

  changed(view: JobView, { event, said }: Heard): void {
    const opened =
      said === event || said === null ? {} : { opened: { tags: said.tags, content: said.content } };
    this.#screen.line({ type: 'event', event, ...opened });
    if (this.#screen.json) return;
    this.#demand(view);
    this.#said(view);
    for (const { content } of view.reports.slice(this.#reports)) this.#screen.note(`${content.trimEnd()}\n`);
    this.#reports = Math.max(this.#reports, view.reports.length);
    this.#stream(view);
  }

  /** The result on stdout, what is worth knowing beside it on stderr. @returns the exit code */
  ended(view: JobView): number {
    const { phase, result, error, cost, due, verification, stream } = view;
    this.#screen.line({
      type: 'end',
      id: view.id,
      phase,
      agent: view.agent,
      content: result?.content ?? null,
      error,
      cost_msats: cost?.price_msats ?? null,
      due,
      verification: verification.badge,
      stream: stream?.check ?? null,
      event: view.end?.id ?? null,
    });
    if (this.#screen.json) return codeOf(view);
    if (result !== null) {
      if (this.#shown === '' || this.#shown !== result.content) this.#screen.result(result.content);
      if (result.artifact !== null) this.#screen.note(`the whole text: ${result.artifact.url}`);
      if (stream?.check === 'different') this.#screen.error('what was streamed is NOT what was delivered');
    }
    if (error !== null) this.#screen.error(`${error.code}: ${error.message}`);
    if (phase === 'cancelled') this.#screen.note('the job was called off');
    const price = cost === null || cost.price_msats === 0 ? '' : `cost ${satsOf(cost.price_msats)} sats`;
    this.#screen.note([price, wordsOf(view)].filter((part) => part !== '').join('; '));
    if (due !== null) this.#screen.note(`still to be paid: ${due}`);
    return codeOf(view);
  }

  #demand({ demand }: JobView): void {
    if (demand === null || this.#demands.has(demand.invoice)) return;
    this.#demands.add(demand.invoice);
    const price = demand.amount_msats === null ? '' : ` ${satsOf(demand.amount_msats)} sats`;
    this.#screen.note(`payment required:${price}${this.#pays ? '' : ` ${demand.invoice}`}`);
  }

  #said({ progress }: JobView): void {
    if (progress === null) return;
    const { status, note, done, total } = progress;
    const steps = done === null || total === null ? '' : ` ${done}/${total}`;
    const text = `${status}${steps}${note === '' ? '' : `: ${note}`}`;
    if (text === this.#note) return;
    this.#note = text;
    this.#bar = done === null || total === null || total === 0 ? '' : barOf(done / total);
    if (process.stderr.isTTY) this.#move();
    else this.#screen.note(text);
  }

  /** The moving line: how far, what, and for how long. Nothing before there is something to say. */
  #move(): void {
    const seconds = Math.round((Date.now() - this.#began_ms) / 1_000);
    if (this.#note !== '') this.#screen.status(`${this.#bar}${seconds} s  ${this.#note}`);
  }

  /** Only what follows on what was shown: a gap that is filled later is shown by the result. */
  #stream({ stream }: JobView): void {
    if (!this.#screen.isTerminal || stream === null || stream.missing > 0) return;
    if (!stream.text.startsWith(this.#shown)) return;
    this.#screen.piece(stream.text.slice(this.#shown.length));
    this.#shown = stream.text;
  }
}

function barOf(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_CHARS);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_CHARS - full)} `;
}

function codeOf({ phase, verification }: JobView): number {
  if (verification.badge === 'contradicted') return EXIT.failed;
  return phase === 'done' ? EXIT.done : EXIT.failed;
}

const BADGES = {
  none: '',
  claimed: 'verified, says its agent; no verdict of the marketplace was seen',
  denied: 'not verified, says its agent',
  passed: 'verified by the marketplace',
  failed: 'the check refused it',
  contradicted: 'NOT verified: the marketplace says otherwise than the agent',
} as const;

function wordsOf({ verification }: JobView): string {
  return BADGES[verification.badge];
}

/** Of amounts on the wire, which may be anything. */
export function satsOf(amount_msats: number): string {
  return Number.isSafeInteger(amount_msats) && amount_msats >= 0
    ? formatSats(msats(amount_msats))
    : String(amount_msats / 1_000);
}
