/** Following a job from the command line to its end, and paying what it asks for on the way. */
import { Following, jobOf } from '../src/client/follow.ts';
import { isOver, type JobView } from '../src/client/job-view.ts';
import type { Payment, Purse } from '../src/client/purse.ts';
import type { ClientRelays } from '../src/client/relays.ts';
import type { Signer } from '../src/client/signer.ts';
import type { VerifiedEvent } from '../src/nostr/event.ts';
import { formatSats } from '../src/payment/msats.ts';
import { Ended, EXIT } from './exit.ts';
import { JobScreen } from './job-screen.ts';
import type { World } from './world.ts';

/** How long a demand may be without the word that it locks what is paid, ms: it is told by a second event. */
const ESCROW_WORD_MS = 5_000;
/** How long a verdict may come after its result, ms. */
const VERDICT_MS = 5_000;
/** How long a wallet may take to say that it has paid, after the job has ended, ms. */
const WALLET_MS = 15_000;

export interface FollowJob {
  readonly request: VerifiedEvent;
  readonly relays: ClientRelays;
  readonly signer: Signer | null;
  /** Pays what is asked for; null where nothing is paid. */
  readonly purse: Purse | null;
  /** Only what is locked first is paid. */
  readonly escrow: boolean;
  /** There may be a verdict, so it is found out whose would count. */
  readonly checked: boolean;
  readonly timeout_ms: number;
  /** Called when everything that is said of the job will be heard: it is time to post it. */
  readonly listening?: () => Promise<void>;
}

/** Follows to the end. @returns the exit code. @throws ClientError RELAY of `listening`; Ended */
export async function followJob(world: World, options: FollowJob): Promise<number> {
  const { request, relays, signer, timeout_ms } = options;
  const marketplace = options.checked ? await world.marketplace() : null;
  const shown = new JobScreen(world.screen, options.purse !== null);
  const till = new Till(world, options);
  const { promise: stopped, reject: stop } = Promise.withResolvers<never>();
  const following = new Following(jobOf(request, marketplace), {
    relays,
    ports: await world.ports(),
    signer,
    changed: (view, heard) => {
      shown.changed(view, heard);
      till.look(view, () => following.view, stop);
    },
  });
  const interrupt = () => stop(new Ended(EXIT.interrupted, goesOn(request.id)));
  const terminate = () => stop(new Ended(EXIT.terminated, goesOn(request.id)));
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', terminate);
  try {
    shown.begun(request, relays.urls);
    await Promise.race([options.listening?.(), stopped]);
    const end = await Promise.race([ended(following, options, timeout_ms), stopped]);
    const code = shown.ended(end);
    const paid = await till.close(end);
    return code === EXIT.done ? paid : code;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', terminate);
    following.stop();
    shown.stop();
  }
}

/** The end of the job, with its verdict where one is to be expected. @throws Ended when it takes too long */
async function ended(
  following: Following,
  { request, checked }: FollowJob,
  timeout_ms: number,
): Promise<JobView> {
  const view = await following.until(isOver, timeout_ms).catch(() => {
    throw new Ended(EXIT.timeout, `no end in ${timeout_ms / 1_000} s\n${goesOn(request.id)}`);
  });
  // Where nothing was judged there is no mark.
  if (!checked || view.verification.told === null) return view;
  return await following
    .until(({ verification }) => verification.verdict !== null, VERDICT_MS)
    // A verdict may be late, or be nobody's whom we know; the badge says that there is none.
    .catch(() => following.view);
}

function goesOn(id: string): string {
  return `the job goes on: errand watch ${id} follows it, errand cancel ${id} calls it off`;
}

/** Pays what one job asks for. */
class Till {
  readonly #world: World;
  readonly #options: FollowJob;
  readonly #paying = new Map<string, Promise<Payment>>();
  #advised = false;

  constructor(world: World, options: FollowJob) {
    this.#world = world;
    this.#options = options;
  }

  /** @param now how it is when it is looked at later. @param stop ends everything, where what is asked for is not paid */
  look({ phase, demand }: JobView, now: () => JobView, stop: (end: Ended) => void): void {
    if (phase !== 'payment' || demand === null || this.#paying.has(demand.invoice)) return;
    const { purse, escrow, request } = this.#options;
    if (purse === null) {
      if (!this.#advised)
        this.#world.screen.note(`pay it from any wallet, or: ${payLine(request.id, demand.amount_msats)}`);
      this.#advised = true;
      return;
    }
    if (escrow && !demand.escrow) {
      if (this.#advised) return;
      this.#advised = true;
      setTimeout(() => {
        if (!this.#paying.has(demand.invoice))
          stop(new Ended(EXIT.unpaid, 'not paid: this agent locks no payments, and --escrow wants that'));
      }, ESCROW_WORD_MS).unref();
      return;
    }
    this.#pay(purse, demand.invoice, demand.amount_msats).then((payment) => {
      const isUnpaid = payment.type === 'refused' || payment.type === 'failed';
      // What was locked and came back is a failed payment too, and the job tells why.
      if (isUnpaid && now().phase === 'payment')
        stop(
          new Ended(
            EXIT.unpaid,
            `not paid: ${payment.reason}\nthe job waits: ${payLine(request.id, demand.amount_msats)}`,
          ),
        );
    }, stop);
  }

  /** Pays a result that is still to be paid, and waits for the wallet's last word. @returns the exit code */
  async close({ due, phase }: JobView): Promise<number> {
    const { purse } = this.#options;
    if (due !== null && purse !== null) void this.#pay(purse, due, null);
    const late = new Promise<null>((resolve) => setTimeout(resolve, WALLET_MS, null).unref());
    const payments = await Promise.race([Promise.all(this.#paying.values()), late]);
    if (payments === null) {
      this.#world.screen.error('the wallet has not said yet whether it paid');
      return EXIT.done;
    }
    const broken = payments.find(({ type }) => type === 'refused' || type === 'failed');
    if (broken === undefined) return EXIT.done;
    if (phase !== 'done') {
      this.#world.screen.note('what was locked came back');
      return EXIT.failed;
    }
    this.#world.screen.error(`not paid: ${'reason' in broken ? broken.reason : ''}`);
    return EXIT.unpaid;
  }

  #pay(purse: Purse, invoice: string, said_msats: number | null): Promise<Payment> {
    const payment = purse.pay(invoice, said_msats).then((outcome) => {
      tell(this.#world, outcome, invoice);
      return outcome;
    });
    this.#paying.set(invoice, payment);
    return payment;
  }
}

/** What became of a payment, for people and programs. What was not paid is said where the command ends. */
export function tell({ screen }: World, payment: Payment, invoice: string): void {
  const amount_msats = 'amount' in payment ? Number(payment.amount) : null;
  const fees_msats = payment.type === 'paid' ? Number(payment.fees) : null;
  const reason = 'reason' in payment ? payment.reason : null;
  screen.line({ type: 'payment', outcome: payment.type, amount_msats, fees_msats, reason, invoice });
  if (payment.type === 'paid') screen.note(`paid ${formatSats(payment.amount)} sats`);
  if (payment.type === 'unknown')
    screen.note(`perhaps paid ${formatSats(payment.amount)} sats: ${payment.reason}; the wallet knows`);
}

function payLine(id: string, amount_msats: number | null): string {
  return `errand pay ${id} --max-sats ${amount_msats === null ? 'SATS' : Math.ceil(amount_msats / 1_000)}`;
}
