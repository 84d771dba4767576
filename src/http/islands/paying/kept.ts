/**
 * Payments that were begun in this browser, by payment hash: written before a wallet is asked, so that after a reload, in another
 * tab or after a lost connection nobody pays what was paid, or is being paid.
 */
import * as z from 'zod/mini';
import { readStored, writeStored } from '../lib/storage.ts';

const payment = z.object({
  state: z.enum(['begun', 'paid', 'unknown', 'failed']),
  way: z.string(),
  at_ms: z.number(),
});
export type KeptPayment = z.output<typeof payment>;

export function readPayment(hash: string): KeptPayment | null {
  const text = readStored(nameOf(hash));
  if (text === null) return null;
  try {
    const read = payment.safeParse(JSON.parse(text));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}

/** Whether it is kept; what is not must not be paid. */
export function writePayment(hash: string, state: KeptPayment['state'], way: string): boolean {
  return writeStored(nameOf(hash), JSON.stringify({ state, way, at_ms: Date.now() }));
}

/** Calls back when another tab has something new of it. Returns what ends that. */
export function watchPayment(hash: string, changed: () => void): () => void {
  const look = ({ key }: StorageEvent) => {
    if (key === nameOf(hash) || key === null) changed();
  };
  addEventListener('storage', look);
  return () => removeEventListener('storage', look);
}

function nameOf(hash: string): string {
  return `payment:${hash}`;
}
