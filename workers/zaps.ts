/** Payments to the agents' Lightning addresses: from the HTTP door to the account that holds them, and from there on. */
import type { OfferedPayment, PaymentDoor, RefusedPayment } from '../src/http/ports.ts';
import { ZAP_MAX_RELAYS } from '../src/limits.ts';
import { signAs } from '../src/nostr/event.ts';
import { isHex32 } from '../src/nostr/hex.ts';
import { parseRelayUrl } from '../src/nostr/relay-url.ts';
import type { ZapDeskPorts } from '../src/payment/account/zap-desk.ts';
import {
  tipsAccount,
  ZAP_NEWS,
  type ZapInvoiceOrder,
  zapPurpose,
  zapStatusJson,
} from '../src/payment/account/zap-order.ts';
import type { PayOrder } from '../src/payment/lnurl/server.ts';
import { toPlain } from '../src/payment/wallet-json.ts';
import { zapTarget } from '../src/payment/zaps/target.ts';
import type { KeyedAgent } from '../src/protocol/agent.ts';
import { sessionOf } from './dispatch.ts';
import type { Env } from './env.ts';
import { faultPoint } from './faults.ts';
import { marketplaceOf } from './marketplace.ts';
import { permittedRelay } from './permit.ts';
import { publishTo } from './relays.ts';
import { walletOf } from './wallet.ts';

/** How the account that takes what an agent is given stands in a URL, where a client's public key would. */
const TIPS = 'tips';

/** What takes payments; null where there is no wallet. */
export function paymentDoor(env: Env): PaymentDoor | null {
  const { config, receiptKeys } = marketplaceOf(env);
  if (receiptKeys === null) return null;
  return {
    nostrPubkey: receiptKeys.publicKey,
    elsewhere: (slug) => config.zapAddresses.get(slug) ?? null,
    invoice: (agent, order) => invoice(env, agent, order),
    async payment(slug, account, paymentHash) {
      if (account !== TIPS && !isHex32(account)) return null;
      const name = account === TIPS ? tipsAccount(slug) : account;
      // Whoever asks names the account, and asking an object makes it: so only where it made this invoice.
      const link = env.WALLET.getByName('main');
      if (!(await link.isBound(paymentHash, zapPurpose(name, paymentHash)))) return null;
      return zapStatusJson.nullable().parse(await env.ACCOUNT.getByName(name).zapPayment(paymentHash));
    },
  };
}

async function invoice(
  env: Env,
  agent: KeyedAgent,
  { amount, descriptionHash, comment, zap }: PayOrder,
): Promise<OfferedPayment | RefusedPayment> {
  const { config } = marketplaceOf(env);
  const target =
    zap === null
      ? null
      : await zapTarget(zap, agent.pubkey, config.kinds, {
          find: (id) => env.RELAY.getByName('main').find(id),
          sessionOf: (jobId) => sessionOf(env, jobId),
        });
  if (target === 'unknown_event') return { type: 'unknown_event' };
  const order: ZapInvoiceOrder = {
    slug: agent.slug,
    amount,
    descriptionHash,
    request: zap?.raw ?? null,
    own: zap !== null && zap.sender === target?.client,
    job: target?.job ?? null,
    comment,
  };
  const account = env.ACCOUNT.getByName(target?.client ?? tipsAccount(agent.slug));
  const made = await account.zapInvoice(toPlain(order));
  if (made.type !== 'offered') return made;
  return { ...made, account: target?.client ?? TIPS, jobId: target?.job?.id ?? null };
}

/** An account's ways to the world for its zaps. @param account its name */
export function zapPorts(
  env: Env,
  account: string,
): Omit<ZapDeskPorts, 'now' | 'defer' | 'woken' | 'log' | 'post'> {
  const { config, ownRelays, receiptKeys } = marketplaceOf(env);
  const link = () => env.WALLET.getByName('main');
  const fault = async (point: string, about: string) => {
    if (env.FAULT_URL !== undefined) await faultPoint(env, point, about);
  };
  return {
    random: Math.random,
    wallet: walletOf(env),
    async bind(paymentHash, purpose) {
      const bound = await link().bind(paymentHash, purpose);
      await fault('zap-bound', paymentHash);
      return bound;
    },
    async watch(paymentHash, expires_ms) {
      await fault('zap-stored', paymentHash);
      await link().watch(paymentHash, account, ZAP_NEWS, expires_ms, 'account');
    },
    terms: (slug) => ({
      shares: marketplaceOf(env).agentBySlug(slug)?.owners ?? config.owners.get(slug) ?? [],
      feeParts: config.feeParts,
    }),
    relays(urls) {
      const others = urls
        .map(parseRelayUrl)
        .filter((url) => url !== null)
        .filter((url) => !ownRelays.has(url))
        .map((url) => permittedRelay(config, url))
        .filter((url) => url !== null);
      return [...new Set(others)].slice(0, ZAP_MAX_RELAYS);
    },
    sign(receipt) {
      if (receiptKeys === null) throw new Error('there is no wallet, so nothing was paid');
      return signAs(receipt, receiptKeys);
    },
    async publish(target, events) {
      const outcomes = await publishTo(env, target, events);
      await fault('zap-published', target);
      return outcomes;
    },
    async credited(session, jobId) {
      await fault('zap-booked', jobId);
      await env.SESSION.getByName(session).credited(jobId);
      await fault('zap-told', jobId);
    },
  };
}
