/** What both dialects tell alike while a job runs: kind 7000 feedback and the stream deltas. */
import { JOB_MAX_STATUS_CHARS } from '../limits.ts';
import type { EventTemplate, Tag } from '../nostr/event.ts';
import { type AgentKinds, KIND } from '../nostr/kinds.ts';
import type { Envelope, PaymentDemand, Report } from './model.ts';
import { clip } from './size.ts';
import { teamFeedback } from './team-feedback.ts';

/** The tags every answer begins with: which request, which client, which conversation. */
export function addressTags(envelope: Envelope): Tag[] {
  const tags: Tag[] = [
    ['e', envelope.id],
    ['p', envelope.client],
  ];
  if (envelope.session !== null) tags.push(['t', envelope.session]);
  return tags;
}

/** Kind 7000 with a NIP-90 status and its text, which is cut to what relays take in a tag. */
export function feedback(
  envelope: Envelope,
  [state, text]: readonly [state: string, text: string],
  now_s: number,
  content = '',
  more: readonly Tag[] = [],
): EventTemplate {
  return {
    kind: KIND.jobFeedback,
    created_at: now_s,
    tags: [...addressTags(envelope), ['status', state, clip(text, JOB_MAX_STATUS_CHARS)], ...more],
    content,
  };
}

/** A demand in words. */
export function demandText({ amount_msats, escrow }: PaymentDemand): string {
  const sats = `${amount_msats / 1000} sats`;
  return escrow
    ? `${sats} are to be locked before this job starts, and are taken when it is done`
    : `${sats} are to be paid before this job starts`;
}

/** The reports that look the same in every dialect. */
export type InterimReport = Exclude<Report, { readonly type: 'result' | 'error' }>;

/** Renders everything that comes before the end of a job. */
export function renderInterim(
  report: InterimReport,
  envelope: Envelope,
  kinds: AgentKinds,
  now_s: number,
): EventTemplate {
  switch (report.type) {
    case 'processing':
      return feedback(envelope, ['processing', report.note], now_s);
    case 'paymentRequired': {
      const { amount_msats, bolt11 } = report.demand;
      return feedback(envelope, ['payment-required', demandText(report.demand)], now_s, '', [
        ['amount', String(amount_msats), bolt11],
      ]);
    }
    case 'progress':
      return feedback(envelope, ['processing', report.note], now_s, '', [
        ['progress', String(report.done), String(report.total)],
      ]);
    case 'partial':
      return feedback(envelope, ['partial', report.note], now_s, report.content);
    case 'teamReport':
      return teamFeedback(report, envelope.sealing, (content, tags) =>
        feedback(envelope, ['processing', report.note], now_s, content, tags),
      );
    case 'delta': {
      const tags = [...addressTags(envelope), ['seq', String(report.seq)]];
      // A later attempt begins its sequence again, so a client has to know which one a delta belongs to.
      if (report.attempt > 1) tags.push(['attempt', String(report.attempt)]);
      return { kind: kinds.delta, created_at: now_s, tags, content: report.text };
    }
  }
}
