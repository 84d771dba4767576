/** The chain of development money: nothing but a height that grows with time, so that deadlines come. */
import { DEV_WALLET_BLOCK_MS } from '../../limits.ts';

/** 2026-01-01, Unix ms: block 0. */
const GENESIS_MS = 1_767_225_600_000;

/** The height at a time. @param now_ms Unix ms */
export function blockHeightAt(now_ms: number): number {
  return Math.max(1, Math.floor((now_ms - GENESIS_MS) / DEV_WALLET_BLOCK_MS));
}

/** When a height is reached, Unix ms. */
export function timeOfBlock(height: number): number {
  return GENESIS_MS + height * DEV_WALLET_BLOCK_MS;
}
