/** The configuration as the operator may read it: by the names of the variables, without any secret. */
import type { Config } from '../config.ts';

/** What is in force. A secret is only said to be there. */
export function settingsOf(config: Config): Readonly<Record<string, string | number | boolean | null>> {
  const { arena, models } = config;
  return {
    PUBLIC_URL: config.publicUrl,
    RELAYS: config.relays.join(', ') || null,
    OPERATOR_PUBKEY: config.operatorPubkey,
    NWC_URI: config.wallet === null ? null : 'set',
    FEE_PERCENT: config.feeParts / 10_000,
    OWNERS: [...config.owners.keys()].join(', ') || null,
    PAYOUT_MIN_SATS: config.payoutMin_msats / 1_000,
    POSTPAY_LIMIT_SATS: config.postpayLimit_msats / 1_000,
    ZAP_TRUST_SATS: config.zapTrust_msats / 1_000,
    FUEL_PRICE_SATS: config.fuelPrice_msats / 1_000,
    MODEL: config.model?.name ?? config.workersAiModel,
    MODEL_FALLBACKS: models.fallbacks.join(', ') || null,
    CHAT_CONTEXT: config.chatContext,
    MAIL_FROM: config.mailFrom,
    RELAY_MIN_POW: config.relayMinPow,
    AGENT_AUTH: config.agentAuth,
    JOBS_PER_HOUR: config.jobsPerHour,
    DRAIN: config.draining,
    ARENA_ROUNDS_PER_DAY: arena.roundsPerDay,
    ARENA_TOKENS_PER_DAY: arena.tokensPerDay,
    ARENA_LANGUAGE: arena.language,
  };
}
