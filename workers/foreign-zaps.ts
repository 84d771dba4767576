/** Zap receipts of agents whose Lightning address is elsewhere (ZAP_ADDRESSES): from any relay to the job's session. */
import { systemClock } from '../src/clock.ts';
import type { Config } from '../src/config.ts';
import { JOB_REQUEST_MAX_AGE_S, ZAP_PROVIDER_MAX_BYTES } from '../src/limits.ts';
import { isAddress } from '../src/net/guard.ts';
import { safeFetch } from '../src/net/safe-fetch.ts';
import { type NostrEvent, tagValue } from '../src/nostr/event.ts';
import type { Network } from '../src/payment/bolt11/invoice.ts';
import { isDevelopmentMoney, operatorWallet } from '../src/payment/operator-wallet.ts';
import { claimedJob } from '../src/payment/zaps/claim.ts';
import { ZapProviders } from '../src/payment/zaps/provider.ts';
import type { KeyedAgent } from '../src/protocol/agent.ts';
import type { Env } from './env.ts';
import { marketplaceOf } from './marketplace.ts';
import { walletOf } from './wallet.ts';

const known = new WeakMap<Env, ZapProviders>();

/** The agent a receipt is for, when it is one that is zapped elsewhere; a cheap look. */
export function zappedElsewhere(env: Env, receipt: NostrEvent): KeyedAgent | null {
  const { config, agentByPubkey } = marketplaceOf(env);
  if (config.zapAddresses.size === 0) return null;
  const agent = agentByPubkey(tagValue(receipt, 'p') ?? '');
  return agent !== undefined && config.zapAddresses.has(agent.slug) ? agent : null;
}

/**
 * Checks a verified receipt and tells the session of the job it names. Resolves when nothing is left to do, also for
 * one that does not count; rejects when it has to come again.
 */
export async function takeForeignZap(
  env: Env,
  receipt: NostrEvent,
  sessionOf: (jobId: string) => Promise<string | null>,
): Promise<void> {
  const { config } = marketplaceOf(env);
  const now_s = Math.floor(systemClock() / 1_000);
  const agent = zappedElsewhere(env, receipt);
  const address = agent === null ? undefined : config.zapAddresses.get(agent.slug);
  // Nobody waits any longer for the money of an older one.
  if (agent === null || address === undefined || receipt.created_at < now_s - JOB_REQUEST_MAX_AGE_S) return;
  const claimed = await claimedJob(receipt, agent.pubkey, config.kinds, {
    find: (id) => env.RELAY.getByName('main').find(id),
    sessionOf,
    provider: () => providersOf(env, config).of(address, schemeOf(address, config)),
    network: () => networkOf(env, config),
    bind: (paymentHash, purpose) => env.WALLET.getByName('main').bind(paymentHash, purpose),
    now_s,
  });
  if (typeof claimed === 'string') {
    console.warn(JSON.stringify({ message: 'zap receipt does not count', id: receipt.id, reason: claimed }));
    return;
  }
  const { job, claim } = claimed;
  await env.SESSION.getByName(job.session).zapped(job.id, {
    paymentHash: claim.paymentHash,
    amount: claim.amount.toString(),
    trust: String(config.zapTrust_msats),
  });
}

function providersOf(env: Env, config: Config): ZapProviders {
  let providers = known.get(env);
  if (providers === undefined) {
    const ownHosts = config.local ? [] : [new URL(config.publicUrl).hostname];
    const options = { allowPrivate: config.local, ownHosts, maxBytes: ZAP_PROVIDER_MAX_BYTES };
    providers = new ZapProviders(
      systemClock,
      async (url) => (await safeFetch(url, { ...options, fetch: (...call) => fetch(...call) })).text,
    );
    known.set(env, providers);
  }
  return providers;
}

/** A developer's own provider has no certificate. */
function schemeOf(address: string, config: Config): 'https' | 'http' {
  const [, host = ''] = address.split('@');
  return config.local && isAddress(host.replace(/:\d+$/, '')) ? 'http' : 'https';
}

/** The network whose money counts: that of our own wallet, or the real one where it does not say. */
async function networkOf(env: Env, config: Config): Promise<Network> {
  if (isDevelopmentMoney(config)) return 'regtest';
  if (operatorWallet(config) === null) return 'mainnet';
  const answer = await walletOf(env).capabilities();
  return (answer.type === 'ok' ? answer.value.network : null) ?? 'mainnet';
}
