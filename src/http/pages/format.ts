/** Figures as people read them. Shared by the server's pages and the islands, so it knows neither. */

/** msats as sats, to the last msat: what is to be paid is told as it is. */
export function satsText(msats: number): string {
  return (msats / 1_000).toLocaleString('en-GB', { maximumFractionDigits: 3 });
}

/** `21 sats`, `1 sat`, `free`. */
export function priceText(msats: number): string {
  if (msats === 0) return 'free';
  return `${satsText(msats)} ${msats === 1_000 ? 'sat' : 'sats'}`;
}

/** How long something takes, ms: `40 ms`, `3.2 s`, `4 min`, `2 h`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const s = ms / 1_000;
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 5_400) return `${Math.round(s / 60)} min`;
  if (s < 129_600) return `${Math.round(s / 3_600)} h`;
  return `${Math.round(s / 86_400)} days`;
}

/** How long ago, ms: `just now`, `40 s ago`. */
export function agoText(ms: number): string {
  return ms < 5_000 ? 'just now' : `${durationText(ms)} ago`;
}

/** A share of 1 as a percentage. */
export function percentText(share: number): string {
  return `${(share * 100).toLocaleString('en-GB', { maximumFractionDigits: share > 0.99 && share < 1 ? 1 : 0 })} %`;
}

/** A rating with its sign: `+0.42`. */
export function ratingText(rating: number): string {
  return `${rating < 0 ? '−' : '+'}${Math.abs(rating).toFixed(2)}`;
}

/** The beginning and the end of an id, enough to tell two apart. */
export function shortId(id: string): string {
  return id.length <= 16 ? id : `${id.slice(0, 8)}…${id.slice(-4)}`;
}

/** A time as programs and `<time>` want it. @param ms Unix time */
export function isoText(ms: number): string {
  return new Date(ms).toISOString();
}
