/**
 * Whose customers lose money when something goes wrong between paying and being served: the same accidents at errand and
 * at askexperts, over their own wallets, with the node's word on what was paid.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { signalGroup } from '../../support/processes.ts';
import { makeWorld } from '../notes.ts';
import type { Program } from '../programs.ts';
import type { Row } from '../table.ts';
import { outcomes } from './customer.ts';
import { openShop, PRICE_SATS, type Shop, type ShopName } from './shops.ts';
import { moved, type WalletOrder } from './wallets.ts';

/** Both over the same outside relay, which survives whatever happens to the worker. */
const SHOPS: readonly ShopName[] = ['errand-outside', 'askexperts'];
/** An expert of askexperts waits 60 s for its customer's proof; later nothing can come any more, ms. */
const GONE_PATIENCE_MS = 70_000;
/** A customer of askexperts waits 120 s for the reply to a payment, ms. */
const STALL_MS = 125_000;
const POLL_MS = 50;
const PAYMENT_TIMEOUT_MS = 20_000;

interface Scene {
  readonly shop: Shop;
  readonly wallets: Program;
  readonly customer: Program;
}

interface Accident {
  readonly name: string;
  /** Lets it happen to one job. Whether the job was served in the end. */
  happen(scene: Scene): Promise<boolean>;
}

const ACCIDENTS: readonly Accident[] = [
  {
    name: 'the customer’s wallet pays and its answer is lost',
    async happen({ wallets, customer }) {
      await lose(wallets, { of: 'payer', answers: ['pay_invoice'], once: false, notifications: true });
      return isServed(await customer.ask({ jobs: 1 }));
    },
  },
  {
    name: 'the worker’s wallet tells nothing, and its first answer to a lookup is lost',
    async happen({ wallets, customer }) {
      await lose(wallets, { of: 'payee', answers: ['lookup_invoice'], once: true, notifications: true });
      return isServed(await customer.ask({ jobs: 1 }));
    },
  },
  {
    name: 'the customer is gone as soon as it has paid',
    async happen({ shop, wallets, customer }) {
      await lose(wallets, { of: 'payer', answers: ['pay_invoice'], once: false, notifications: true });
      tell(customer);
      await paid(wallets);
      await customer.stop();
      return await servedWithin(shop, GONE_PATIENCE_MS);
    },
  },
  {
    name: 'the worker is killed after it was paid, and started again',
    async happen({ shop, wallets, customer }) {
      await lose(wallets, { of: 'payee', answers: ['lookup_invoice'], once: false, notifications: true });
      const answer = customer.ask({ jobs: 1 });
      await paid(wallets);
      await shop.worker.restart();
      await lose(wallets, { of: 'payee', answers: [], once: false, notifications: false });
      return isServed(await answer);
    },
  },
  {
    name: 'the worker stands still for two minutes after it was paid',
    async happen({ shop, wallets, customer }) {
      await lose(wallets, { of: 'payee', answers: ['lookup_invoice'], once: false, notifications: true });
      const answer = customer.ask({ jobs: 1 });
      await paid(wallets);
      signalGroup(shop.worker.group(), 'SIGSTOP');
      await lose(wallets, { of: 'payee', answers: [], once: false, notifications: false });
      await sleep(STALL_MS);
      signalGroup(shop.worker.group(), 'SIGCONT');
      return isServed(await answer);
    },
  },
];

/** What was paid for nothing, sats, by accident. @param say told of each accident */
export async function lossRows(say: (line: string) => void): Promise<Row[]> {
  const lost = new Map<ShopName, number[]>();
  // They mostly wait for somebody's timeout, so all of them wait together.
  await Promise.all(
    SHOPS.map(async (name) =>
      lost.set(name, await Promise.all(ACCIDENTS.map((one) => stage(name, one, say)))),
    ),
  );
  return ACCIDENTS.map(({ name }, index) => row(name, index, lost));
}

async function stage(name: ShopName, accident: Accident, say: (line: string) => void): Promise<number> {
  const world_s = Math.floor(Date.now() / 1_000);
  const shop = await openShop(name, makeWorld(world_s), world_s);
  try {
    const { wallets } = shop;
    if (wallets === null) throw new Error(`${name} has no wallets of its own`);
    const customer = await shop.newCustomer();
    try {
      const isServed = await accident.happen({ shop, wallets, customer });
      const { paid_msats } = moved.parse(await wallets.ask({ do: 'moved' } satisfies WalletOrder));
      say(`${name}, ${accident.name}: paid ${paid_msats} msats, ${isServed ? 'served' : 'not served'}`);
      return paid_msats / 1_000 - (isServed ? PRICE_SATS : 0);
    } finally {
      await customer.stop();
    }
  } finally {
    await shop.stop();
  }
}

function row(name: string, index: number, lost: ReadonlyMap<ShopName, readonly number[]>): Row {
  const [ours, theirs] = SHOPS.map((shop) => lost.get(shop)?.[index] ?? Number.NaN);
  return {
    name: `lost when ${name}: errand`,
    value: ours ?? Number.NaN,
    unit: 'sats',
    // Where they lose nothing either, there is no ratio.
    ...(theirs === undefined || theirs === 0 ? {} : { reference: { name: 'askexperts', value: theirs } }),
    goal: { atMost: 0 },
  };
}

function isServed(answer: unknown): boolean {
  return outcomes.parse(answer).every(({ failure }) => failure === null);
}

/** Sets a customer to one job whose end nobody waits for. */
function tell(customer: Program): void {
  customer.ask({ jobs: 1 }).catch((error: unknown) => {
    // It is going to be killed, and ends so.
    if (!String(error).includes('ended with code')) throw error;
  });
}

async function lose(wallets: Program, what: Omit<Extract<WalletOrder, { do: 'lose' }>, 'do'>): Promise<void> {
  await wallets.ask({ do: 'lose', ...what } satisfies WalletOrder);
}

async function paid(wallets: Program): Promise<void> {
  const deadline = Date.now() + PAYMENT_TIMEOUT_MS;
  for (;;) {
    const { received_msats } = moved.parse(await wallets.ask({ do: 'moved' } satisfies WalletOrder));
    if (received_msats >= PRICE_SATS * 1_000) return;
    if (Date.now() > deadline) throw new Error('the customer does not pay');
    await sleep(POLL_MS);
  }
}

async function servedWithin({ worker }: Shop, patience_ms: number): Promise<boolean> {
  const deadline = Date.now() + patience_ms;
  while ((await worker.served()) === 0) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS * 20);
  }
  return true;
}
