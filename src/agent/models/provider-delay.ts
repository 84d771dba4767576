/**
 * How long a provider asks to be left alone, from the headers of its refusal: `Retry-After` (RFC 9110 §10.2.3), the
 * `retry-after-ms` of OpenAI and Azure, and the `x-ratelimit-*` headers of OpenAI, Groq and OpenRouter.
 */

/** A delay beyond this is not believed, ms. */
const MAX_DELAY_MS = 86_400_000;
/** Numbers from here on are Unix times and not durations (2001 in s, 1970-01-12 in ms). */
const EPOCH_S = 1e9;
const EPOCH_MS = 1e12;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * The delay named, ms; null where none is, or none that can be believed. Of the resets of requests and tokens only
 * those count whose allowance is used up; where the provider does not say which, the longer.
 */
export function providerDelay(headers: Headers, now_ms: number): number | null {
  const exact = believable(number(headers.get('retry-after-ms')));
  if (exact !== null) return exact;
  const asked = retryAfter(headers.get('retry-after'), now_ms);
  if (asked !== null) return asked;
  const resets = ['', '-requests', '-tokens'].flatMap((what) => {
    const remaining = number(headers.get(`x-ratelimit-remaining${what}`));
    if (remaining !== null && remaining > 0) return [];
    return reset(headers.get(`x-ratelimit-reset${what}`), now_ms) ?? [];
  });
  return resets.length === 0 ? null : Math.max(...resets);
}

function retryAfter(value: string | null, now_ms: number): number | null {
  const seconds = number(value);
  if (seconds !== null) return believable(seconds * 1_000);
  // Dates as RFC 9110 writes them only: the parser takes much else for a date.
  const at = value !== null && /^[A-Z][a-z]{2}.* GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : believable(Math.max(0, at - now_ms));
}

/** `6m0s`, `17ms`, `7.66s`, plain seconds, or a Unix time in s or ms. */
function reset(value: string | null, now_ms: number): number | null {
  if (value === null) return null;
  const plain = number(value);
  if (plain !== null) {
    if (plain >= EPOCH_MS) return believable(Math.max(0, plain - now_ms));
    if (plain >= EPOCH_S) return believable(Math.max(0, plain * 1_000 - now_ms));
    return believable(plain * 1_000);
  }
  if (!/^(\d{1,9}(\.\d{1,9})?(ms|s|m|h|d)){1,5}$/.test(value.trim())) return null;
  let sum = 0;
  for (const [, amount, unit = ''] of value.matchAll(/([\d.]+)(ms|s|m|h|d)/g)) {
    sum += Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
  }
  return believable(sum);
}

function number(value: string | null): number | null {
  return value !== null && /^\s*\d{1,15}(\.\d{1,9})?\s*$/.test(value) ? Number(value) : null;
}

function believable(ms: number | null): number | null {
  return ms !== null && ms >= 0 && ms <= MAX_DELAY_MS ? Math.ceil(ms) : null;
}
