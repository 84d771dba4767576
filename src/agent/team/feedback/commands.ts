/** What a user can order by keyword, and how the value after each keyword is read. */

import { MAX_MSATS, MSATS_PER_SAT } from '../../../payment/msats.ts';
import { parseQuiet, type QuietHours } from '../report/quiet.ts';
import { type Cadence, parseCadence } from './cadence.ts';

export const DETAILS = ['low', 'medium', 'high'] as const;
export type Detail = (typeof DETAILS)[number];

export type Command =
  | { readonly type: 'pause' | 'resume' }
  | { readonly type: 'cancel' }
  | { readonly type: 'finish' }
  | { readonly type: 'budget'; readonly msats: number }
  | { readonly type: 'cadence'; readonly cadence: Cadence }
  | { readonly type: 'detail'; readonly detail: Detail }
  /** Null takes the focus away. */
  | { readonly type: 'focus'; readonly focus: string | null }
  /** Null: no quiet hours. */
  | { readonly type: 'quiet'; readonly quiet: QuietHours | null };

export const KEYWORDS = [
  'pause',
  'resume',
  'cancel',
  'finish',
  'budget',
  'frequency',
  'cadence',
  'detail',
  'focus',
  'quiet',
  'feedback',
] as const;
export type Keyword = (typeof KEYWORDS)[number];

const YES = /^(true|yes|y|on|1|please|now)$/i;
const NO = /^(false|no|n|off|0)$/i;

/**
 * The order in a keyword and its value; null when the value says no, and undefined when it cannot be read, so that
 * the words are kept as feedback.
 */
export function readCommand(keyword: Keyword, value: string): Command | null | undefined {
  switch (keyword) {
    case 'pause':
      return switched(value, { type: 'pause' }, { type: 'resume' });
    case 'resume':
      return switched(value, { type: 'resume' }, { type: 'pause' });
    case 'cancel':
      return switched(value, { type: 'cancel' }, null);
    case 'finish':
      return switched(value, { type: 'finish' }, null);
    case 'budget': {
      const msats = parseAmount(value);
      return msats === null ? undefined : { type: 'budget', msats };
    }
    case 'frequency':
    case 'cadence': {
      const cadence = parseCadence(value);
      return cadence === null ? undefined : { type: 'cadence', cadence };
    }
    case 'detail': {
      const detail = DETAILS.find((one) => one === value.toLowerCase());
      return detail === undefined ? undefined : { type: 'detail', detail };
    }
    case 'focus':
      return { type: 'focus', focus: /^(none|off|all|everything)$/i.test(value) ? null : value };
    case 'quiet': {
      if (NO.test(value) || /^none$/i.test(value)) return { type: 'quiet', quiet: null };
      const quiet = parseQuiet(value);
      return quiet === null ? undefined : { type: 'quiet', quiet };
    }
    case 'feedback':
      return undefined;
  }
}

function switched(value: string, yes: Command, no: Command | null): Command | null | undefined {
  if (YES.test(value)) return yes;
  return NO.test(value) ? no : undefined;
}

const AMOUNT = /^(\d{1,3}(?:[ ,_]\d{3})+|\d{1,16})(\.\d+)? ?(k|m(?!s))?\s*(msats?|sats?|satoshis?)?$/i;

/** An amount as people write it, `5000`, `10k sats`, `2,500 sats`; sats where no unit is named. Null when it is none. */
export function parseAmount(text: string): number | null {
  const found = AMOUNT.exec(text);
  if (found === null) return null;
  const [, whole = '', fraction = '', scale = '', unit = 'sat'] = found;
  const scaled = scale === '' ? 1 : scale.toLowerCase() === 'k' ? 1_000 : 1_000_000;
  const each = /^m/i.test(unit) ? 1 : Number(MSATS_PER_SAT);
  const msats = Number(whole.replace(/[ ,_]/g, '') + fraction) * scaled * each;
  return Number.isInteger(msats) && msats <= Number(MAX_MSATS) ? msats : null;
}
