/** The marketplace's own values in the shapes of the API. */
import { npubEncode } from 'nostr-tools/nip19';
import type { z } from 'zod';
import type { KeyedAgent } from '../agent/definition.ts';
import type { PayoutView } from '../payment/account/payout-desk.ts';
import type { AccountStatement } from '../payment/account/statement.ts';
import { toNumber } from '../payment/msats.ts';
import { isOpen } from '../protocol/agent.ts';
import { nip05Address } from '../protocol/nip05.ts';
import type { JobRecord } from '../store/job-record.ts';
import type { HttpPorts } from './ports.ts';
import type * as schemas from './schemas.ts';

export type AgentView = z.infer<typeof schemas.Agent>;
export type JobView = z.infer<typeof schemas.Job>;

/** A client's account, as the client may see it. */
export function accountView(client: string, statement: AccountStatement): z.infer<typeof schemas.Account> {
  return {
    pubkey: client,
    credit_msats: toNumber(statement.credit),
    owing_msats: toNumber(statement.owing),
    set_aside_msats: toNumber(statement.setAside),
    refunds: statement.refunds.map(refundView),
  };
}

export function refundView(refund: PayoutView): z.infer<typeof schemas.Refund> {
  return {
    id: refund.id,
    state: refund.state,
    amount_msats: toNumber(refund.amount),
    lud16: refund.destination,
    problem: refund.problem,
    opened_at_ms: refund.openedAt_ms,
    closed_at_ms: refund.closedAt_ms,
  };
}

/** An agent as the directory lists it. */
export function agentView(ports: HttpPorts, agent: KeyedAgent): AgentView {
  const home = `${ports.publicUrl}/agents/${agent.slug}`;
  return {
    slug: agent.slug,
    name: agent.name,
    description: agent.description,
    pubkey: agent.pubkey,
    npub: npubEncode(agent.pubkey),
    nip05: nip05Address(agent, ports.publicUrl),
    kinds: [...agent.jobKinds],
    tasks: agent.tasks.map(({ type, description }) => ({ type, description })),
    models: [...agent.models],
    relays: [...ports.relays],
    prices: {
      per_job_msats: agent.prices.perJob_msats,
      per_1k_input_tokens_msats: agent.prices.per1kInputTokens_msats,
      per_1k_output_tokens_msats: agent.prices.per1kOutputTokens_msats,
      per_1m_fuel_msats: agent.prices.perMillionFuel_msats,
    },
    payment_methods: [...agent.paymentMethods],
    card_url: `${home}/card.json`,
    parameters_url: `${home}/parameters.json`,
    jobs_url: `${ports.publicUrl}/jobs?agent=${agent.slug}`,
    runtime: agent.runtime,
    owner: agent.listed?.owner ?? null,
    state: isOpen(agent) ? 'live' : 'paused',
    state_reason: agent.listed?.closed?.reason ?? null,
    ...(agent.picture === undefined ? {} : { picture: agent.picture }),
    ...(agent.termsUrl === undefined ? {} : { terms_url: agent.termsUrl }),
    ...(agent.privacyUrl === undefined ? {} : { privacy_url: agent.privacyUrl }),
  };
}

/** A job as the public may see it. */
export function jobView(ports: HttpPorts, job: JobRecord): JobView {
  return {
    id: job.id,
    agent: job.agent,
    client: job.client,
    dialect: job.dialect,
    kind: job.kind,
    encrypted: job.sealing !== 'none',
    phase: job.phase,
    error: job.error,
    via: job.via,
    created_at_s: job.createdAt_s,
    opened_at_ms: job.openedAt_ms,
    started_at_ms: job.startedAt_ms,
    closed_at_ms: job.closedAt_ms,
    latency_ms: job.closedAt_ms === null ? null : Math.max(0, job.closedAt_ms - job.openedAt_ms),
    attempts: job.attempts,
    result_event_id: job.resultEventId,
    events_url: `${ports.publicUrl}/jobs/${job.id}/events`,
  };
}
