/** Judging again what a verdict event says was judged (PROTOCOL §6): anybody with the sandbox can. */
import { reopened } from '../checks/contract.ts';
import type { Executor } from '../checks/executor.ts';
import { prove } from '../checks/proof.ts';
import type { Receipt } from '../checks/receipt.ts';
import { JobError } from '../errors.ts';
import { sha256Hex } from '../nostr/event.ts';
import { parseJson } from './json.ts';
import { type VerdictContent, verdictContent } from './verdict.ts';

export type Recheck =
  /** Everything came out the same. */
  | { readonly type: 'same'; readonly content: VerdictContent }
  /** Something did not, and what. */
  | { readonly type: 'different'; readonly differences: readonly string[] }
  /** It cannot be judged again, and why. */
  | { readonly type: 'unusable'; readonly reason: string };

/**
 * @param text the content of the event, decrypted where it was sealed
 * @param executor the sandbox. Another build than the verdict's may spend other fuel, and says so in the differences
 */
export async function recheck(text: string, executor: Executor, signal: AbortSignal): Promise<Recheck> {
  const parsed = verdictContent.safeParse(parseJson(text));
  if (!parsed.success) return unusable('the event holds no verdict');
  const content = parsed.data;
  const { answer, hidden } = content;
  if (answer === undefined)
    return unusable('the answer was too long for the event, which holds its hash alone');
  if (sha256Hex(answer) !== content.answer_sha256) return different('the answer is not the one of its hash');
  if (hidden === undefined) return unusable('the hidden part was too long for the event');
  try {
    const open = reopened(content.verify, hidden);
    const proof = await prove(open, { answer }, executor, signal, () => 0);
    const differences = [
      ...(proof.code === content.verdict ? [] : [`the verdict is ${proof.code}, not ${content.verdict}`]),
      ...(proof.score === content.score ? [] : [`the score is ${proof.score}, not ${content.score}`]),
      ...receiptDifferences(content.receipts, proof.receipts),
    ];
    return differences.length === 0 ? { type: 'same', content } : { type: 'different', differences };
  } catch (error) {
    if (!(error instanceof JobError) || error.code !== 'BAD_REQUEST') throw error;
    return different(`its check cannot be opened: ${error.message}`);
  }
}

function receiptDifferences(told: readonly Receipt[], found: readonly Receipt[]): string[] {
  if (told.length !== found.length) return [`${found.length} programs were run, not ${told.length}`];
  return told.flatMap((receipt, i) => {
    const other = found[i];
    if (other === undefined) return [];
    const members = ['executor', 'program', 'input', 'verdict', 'output', 'fuel'] as const;
    return members
      .filter((member) => receipt[member] !== other[member])
      .map((member) => `run ${i + 1}: ${member} is ${other[member]}, not ${receipt[member]}`);
  });
}

function unusable(reason: string): Recheck {
  return { type: 'unusable', reason };
}

function different(difference: string): Recheck {
  return { type: 'different', differences: [difference] };
}
