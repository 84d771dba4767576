/** The durable object of the development wallets: one bank for all of them, served over the embedded relay. */
import { DurableObject } from 'cloudflare:workers';
import { systemClock } from '../src/clock.ts';
import { alreadyVerified, type NostrEvent, type VerifiedEvent } from '../src/nostr/event.ts';
import { secureRandom } from '../src/nostr/random.ts';
import { devWallets } from '../src/payment/dev-wallet/keys.ts';
import { DevWalletService } from '../src/payment/dev-wallet/service.ts';
import { configOf, type Env } from './env.ts';
import type { DevWalletRpc } from './rpc.ts';
import { durableSql } from './sql.ts';

/** Pause before an alarm that failed is tried again, ms. */
const ALARM_RETRY_MS = 10_000;
const ANNOUNCED_AT = 'announced_at_s';

export class DevWallet extends DurableObject<Env> implements DevWalletRpc {
  readonly #service: DevWalletService;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const wallets = devWallets(configOf(env));
    // Whoever could reach this object in production would have money that is none.
    if (wallets.length === 0) throw new Error('there are development wallets in local marketplaces only');
    this.#service = new DevWalletService(durableSql(ctx.storage), wallets, {
      now: systemClock,
      random: secureRandom,
    });
  }

  async announce(): Promise<void> {
    // Always with the time of the first announcement, so that the relay sees the same replaceable event again.
    let since_s = this.ctx.storage.kv.get<number>(ANNOUNCED_AT);
    if (since_s === undefined) {
      since_s = Math.floor(systemClock() / 1_000);
      this.ctx.storage.kv.put(ANNOUNCED_AT, since_s);
    }
    await this.#publish([...this.#service.announcements(since_s), ...this.#service.tick()]);
    await this.#keepAlarm();
  }

  async request(event: NostrEvent): Promise<void> {
    const answers = this.#service.request(alreadyVerified(event));
    await this.#keepAlarm();
    await this.#publish(answers);
  }

  override async alarm(): Promise<void> {
    try {
      await this.#publish(this.#service.tick());
      await this.#keepAlarm();
    } catch (error) {
      // After six throws the platform would give the alarm up for good (PLATFORM).
      console.error('development wallet: alarm failed', error);
      await this.ctx.storage.setAlarm(systemClock() + ALARM_RETRY_MS);
    }
  }

  async #publish(events: readonly VerifiedEvent[]): Promise<void> {
    if (events.length > 0) await this.env.RELAY.getByName('main').publish(events);
  }

  async #keepAlarm(): Promise<void> {
    const next_ms = this.#service.nextDeadline_ms;
    if (next_ms !== null) await this.ctx.storage.setAlarm(next_ms);
  }
}
