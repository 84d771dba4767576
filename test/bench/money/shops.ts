/** Those who sell the bench's job for 21 sats, each over its relay and with its wallet, started anew for every measurement. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Relay } from 'nostr-tools/relay';
import * as z from 'zod';
import { toHex } from '../../../src/nostr/hex.ts';
import { publicKeyOf } from '../../../src/nostr/schnorr.ts';
import { type Service, startService } from '../../support/service.ts';
import { publishNotes, type World } from '../notes.ts';
import { type Program, startProgram } from '../programs.ts';
import { walletGreeting } from './wallets.ts';

export const PRICE_SATS = 21;

export const SHOPS = ['errand-development', 'errand-lightning', 'errand-outside', 'askexperts'] as const;
export type ShopName = (typeof SHOPS)[number];

/** Who does the work. */
export interface Worker {
  /** Where its customers find it, and who it is. */
  readonly relay: string;
  readonly agent: string;
  /** Dies at once, and comes back with what it had stored. */
  restart(): Promise<void>;
  /** Its process group: it can be stopped for a while, and die. */
  group(): number;
  /** Jobs it has done after they were paid: results a customer can have, or for askexperts any work at all. */
  served(): Promise<number>;
  stop(): Promise<void>;
}

export interface Shop {
  readonly worker: Worker;
  /** Null where the money is development money: its wallets are in the service. */
  readonly wallets: Program | null;
  /** A customer's program, with the wallet that pays. */
  newCustomer(): Promise<Program>;
  stop(): Promise<void>;
}

/** @param world_s Unix s the notes are dated from */
export async function openShop(name: ShopName, world: World, world_s: number): Promise<Shop> {
  const wallets = name === 'errand-development' ? null : await startProgram('test/bench/money/wallets.ts');
  const money = wallets === null ? null : walletGreeting.parse(wallets.greeting);
  try {
    const { worker, payer } = await hire(name, money, world);
    const program =
      name === 'askexperts' ? 'test/bench/askexperts/customer.ts' : 'test/bench/money/errand-customer.ts';
    const { relay, agent } = worker;
    return {
      worker,
      wallets,
      newCustomer: () => startProgram(program, JSON.stringify({ relay, agent, wallet: payer, world_s })),
      async stop() {
        await worker.stop();
        await wallets?.stop();
      },
    };
  } catch (error) {
    await wallets?.stop();
    throw error;
  }
}

type Greeting = z.infer<typeof walletGreeting>;

/** Starts who does the work; and whose wallet pays for it. */
async function hire(
  name: ShopName,
  money: Greeting | null,
  world: World,
): Promise<{ readonly worker: Worker; readonly payer: string }> {
  if (money === null) {
    const errand = await hireErrand(world, null, {});
    return { worker: errand.worker, payer: errand.service.dev.customer.nwc ?? '' };
  }
  if (name === 'askexperts') return { worker: await hireExpert(money, world), payer: money.payer };
  const outside = name === 'errand-outside' ? money.relay : null;
  const env = { NWC_URI: money.payee, ...(outside === null ? {} : { RELAYS: outside }) };
  return { worker: (await hireErrand(world, outside, env)).worker, payer: money.payer };
}

/** @param outside the relay its customers use, when it is not the embedded one */
async function hireErrand(world: World, outside: string | null, env: Readonly<Record<string, string>>) {
  const persistTo = mkdtempSync(join(tmpdir(), 'errand-bench-'));
  let service = await startService({ env, persistTo });
  await publishNotes(service.relay, world);
  const worker: Worker = {
    relay: outside ?? service.relay,
    agent: agentOf(service),
    async restart() {
      await service.kill();
      service = await startService({ env, persistTo, port: Number(new URL(service.url).port) });
    },
    group: () => service.pid,
    served: () => countResults(worker),
    async stop() {
      await service.stop();
      rmSync(persistTo, { recursive: true, force: true });
    },
  };
  return { worker, service };
}

function agentOf({ dev }: Service): string {
  const agent = dev.agents.find(({ slug }) => slug === 'discover-prepaid');
  if (agent === undefined) throw new Error('the service has no agent called discover-prepaid');
  return agent.pubkey;
}

async function countResults({ relay: url, agent }: Worker): Promise<number> {
  const relay = await Relay.connect(url);
  try {
    return await new Promise((resolve) => {
      let results = 0;
      relay.subscribe([{ kinds: [6300], authors: [agent] }], {
        onevent: () => results++,
        oneose: () => resolve(results),
      });
    });
  } finally {
    relay.close();
  }
}

const expertReport = z.object({ served: z.int() });

async function hireExpert({ relay, payee }: Greeting, world: World): Promise<Worker> {
  const secretKey = Uint8Array.from(randomBytes(32));
  const notes = world.notes.map(({ id, content }) => [id, content]);
  const setting = { relay, wallet: payee, secretKey: toHex(secretKey), price_sats: PRICE_SATS, notes };
  const start = () => startProgram('test/bench/askexperts/expert.ts', JSON.stringify(setting));
  let program = await start();
  return {
    relay,
    agent: publicKeyOf(secretKey),
    async restart() {
      await program.stop();
      program = await start();
    },
    group: () => program.group,
    // Its replies are ephemeral events, which nobody can look for later, so it counts itself.
    served: async () => expertReport.parse(await program.ask({})).served,
    stop: () => program.stop(),
  };
}
