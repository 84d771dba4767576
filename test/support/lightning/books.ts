/** Whether the books of a started service are what happened at its operator's node. */
import { expect } from 'vitest';
import * as z from 'zod';
import type { Service } from '../service.ts';
import { signedCall } from '../signed-call.ts';

/** The record follows the accounts after a while. */
const PATIENT = { timeout: 30_000, interval: 500 };

const reportShape = z.object({
  sum_msats: z.number(),
  balances: z.record(z.string(), z.number()),
  differences: z.array(z.object({ text: z.string() })),
});

/**
 * Compares the ledger with the list of the operator's wallet, as `errand ledger check` does, and the sum of the books with
 * what the node won.
 */
export async function expectBooksToAgree(service: Service, won_msats: bigint): Promise<void> {
  const secretKey = Uint8Array.from(Buffer.from(service.dev.operator.secret_key, 'hex'));
  const report = async () => {
    const path = '/operator/ledger?grace_s=0';
    const { status, json } = await signedCall(service.url, secretKey, 'GET', path);
    if (status !== 200) return { problem: json };
    const { sum_msats, balances, differences } = reportShape.parse(json);
    return { sum_msats, wallet_msats: balances.wallet, differences: differences.map(({ text }) => text) };
  };
  await expect
    .poll(report, PATIENT)
    .toEqual({ sum_msats: 0, wallet_msats: Number(won_msats), differences: [] });
}
