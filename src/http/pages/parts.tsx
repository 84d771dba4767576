/** Small parts that several pages show. */
import type { AgentView } from '../views.ts';
import { agoText, durationText, isoText, percentText, priceText } from './format.ts';

/** A time as seen from now; the `site` island lets it age. @param ms Unix time */
export function Ago({ ms, now_ms }: { readonly ms: number; readonly now_ms: number }) {
  return (
    <time datetime={isoText(ms)} data-ago="" title={isoText(ms)}>
      {agoText(now_ms - ms)}
    </time>
  );
}

/** A figure that may not be known yet. */
export function Duration({ ms }: { readonly ms: number | null }) {
  return <>{ms === null ? 'no jobs yet' : durationText(ms)}</>;
}

/** A share of 1 that may not be known yet. */
export function Percent({ share }: { readonly share: number | null }) {
  return <>{share === null ? 'no jobs yet' : percentText(share)}</>;
}

/** What an agent's work costs, each part of it. */
export function pricesText({ prices }: Pick<AgentView, 'prices'>): string {
  const parts = [
    [prices.per_job_msats, 'a job'],
    [prices.per_1k_input_tokens_msats, '1,000 tokens in'],
    [prices.per_1k_output_tokens_msats, '1,000 tokens out'],
    [prices.per_1m_fuel_msats, 'a million units of fuel'],
  ] as const;
  const texts = parts
    .filter(([msats]) => msats > 0)
    .map(([msats, unit]) => `${priceText(msats)} for ${unit}`);
  return texts.length === 0 ? 'free' : texts.join(', ');
}

/** Ways to pay, for people. */
const METHODS: { readonly [method: string]: string } = {
  bolt11_prepaid: 'Lightning invoice before the job',
  bolt11_postpaid: 'Lightning invoice with the result',
  escrow_hodl_optional: 'escrow: locked before the job, taken with its result',
  zap: 'zap',
  credit: 'credit',
};

/** A way to pay, for people; one that is not known here by its own name. */
export function methodText(method: string): string {
  return METHODS[method] ?? method;
}

/** A public key, short, with the whole of it to copy. */
export function PubkeyLine({ npub }: { readonly npub: string }) {
  return (
    <span class="row">
      <code class="id">{npub}</code>
      <button type="button" class="quiet" data-copy={npub}>
        Copy
      </button>
    </span>
  );
}
