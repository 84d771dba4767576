/** What a wallet's answer says of a payment it may hold, and how near its settle deadline is (LIGHTNING §2.3). */
import {
  ESCROW_HOLD_BLOCKS,
  ESCROW_LAPSE_BLOCKS,
  ESCROW_MARGIN_BLOCKS,
  ESCROW_SETTLE_BLOCKS,
} from '../limits.ts';
import type { Escrow } from './escrow-types.ts';
import type { WalletTransaction } from './wallet.ts';

export type HoldState = 'held' | 'settled' | 'failed' | 'expired' | 'unpaid';

/**
 * What the wallet's answer means. Alby Hub says `expired` of what it holds once the invoice's own expiry is over; a
 * settle deadline tells that the money is there.
 */
export function holdState(transaction: WalletTransaction | null): HoldState {
  if (transaction === null || transaction.state === 'pending') return 'unpaid';
  if (transaction.state === 'accepted') return 'held';
  return transaction.state === 'expired' && transaction.settleDeadline !== null ? 'held' : transaction.state;
}

/** What of an escrow the deadline follows from, all block heights. */
type Heights = Pick<Escrow, 'floorHeight' | 'deadlineHeight'>;

/**
 * The deadline after another answer: as the wallet says it, and of two answers the earlier; where it says nothing, the
 * lowest height at which the payment can have come in, plus the blocks that were ordered.
 */
export function deadlineAfter(heights: Heights, transaction: WalletTransaction | null): number | null {
  const { floorHeight, deadlineHeight } = heights;
  const told = transaction?.settleDeadline ?? null;
  if (told !== null) return deadlineHeight === null ? told : Math.min(told, deadlineHeight);
  return deadlineHeight ?? (floorHeight === null ? null : floorHeight + ESCROW_HOLD_BLOCKS);
}

/** Whether an undecided escrow has to be given back now. */
export function isWithinMargin(heights: Heights, height: number | null): boolean {
  return reached(heights, height, -ESCROW_MARGIN_BLOCKS);
}

/** Whether it is too late to begin settling. */
export function isTooLateToSettle(heights: Heights, height: number | null): boolean {
  return reached(heights, height, -ESCROW_SETTLE_BLOCKS);
}

/** Whether the node has given the payment back, whatever the wallet still says. */
export function hasLapsed(heights: Heights, height: number | null): boolean {
  return reached(heights, height, ESCROW_LAPSE_BLOCKS);
}

/** Whether the chain has reached the deadline plus so many blocks. Without knowledge the answer is no. */
function reached({ deadlineHeight }: Heights, height: number | null, blocks: number): boolean {
  return height !== null && deadlineHeight !== null && height >= deadlineHeight + blocks;
}
