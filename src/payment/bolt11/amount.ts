/** The human-readable part of an invoice (BOLT 11): its network and its amount. */
import { isMsats, type Msats, msats } from '../msats.ts';
import { InvoiceError, type Network, PREFIXES } from './invoice.ts';

/** msats per bitcoin, milli-, micro- and nano-bitcoin; a pico-bitcoin is a tenth of a msat. */
const MULTIPLIERS = [
  { letter: '', msats: 100_000_000_000n },
  { letter: 'm', msats: 100_000_000n },
  { letter: 'u', msats: 100_000n },
  { letter: 'n', msats: 100n },
] as const;

/** Longest first: `tbs` also begins like `tb`. */
const PREFIX = /^ln(bcrt|tbs|bc|tb)(.*)$/s;
const AMOUNT = /^([1-9]\d{0,20})([munp]?)$/;

/** @throws InvoiceError `network` or `amount` */
export function parsePrefix(prefix: string): { readonly network: Network; readonly amount: Msats | null } {
  const [, name = '', amount = ''] = PREFIX.exec(prefix) ?? [];
  const network = networkOf(name);
  if (network === null) throw new InvoiceError('network', 'the invoice is of an unknown network');
  return { network, amount: amount === '' ? null : parseAmount(amount) };
}

/** The prefix, with the amount in its shortest form. */
export function formatPrefix(network: Network, amount: Msats | null): string {
  return `ln${PREFIXES[network]}${amount === null ? '' : formatAmount(amount)}`;
}

function networkOf(name: string): Network | null {
  switch (name) {
    case 'bc':
      return 'mainnet';
    case 'tb':
      return 'testnet';
    case 'tbs':
      return 'signet';
    case 'bcrt':
      return 'regtest';
    default:
      return null;
  }
}

function parseAmount(text: string): Msats {
  const [, digits, letter] = AMOUNT.exec(text) ?? [];
  if (digits === undefined) throw new InvoiceError('amount', 'the amount cannot be read');
  const number = BigInt(digits);
  const unit = MULTIPLIERS.find((multiplier) => multiplier.letter === letter);
  if (unit === undefined && number % 10n !== 0n) {
    throw new InvoiceError('amount', 'the amount is finer than a msat');
  }
  const value = unit === undefined ? number / 10n : number * unit.msats;
  if (!isMsats(value)) throw new InvoiceError('amount', 'the amount is larger than any that is handled');
  return value;
}

function formatAmount(amount: Msats): string {
  if (amount === msats(0)) throw new RangeError('an invoice over nothing cannot be written');
  const unit = MULTIPLIERS.find((multiplier) => amount % multiplier.msats === 0n);
  return unit === undefined ? `${amount * 10n}p` : `${amount / unit.msats}${unit.letter}`;
}
