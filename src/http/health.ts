/** Whether the service can do its work. */
import type { z } from 'zod';
import type { LinkHealth, WalletHealth } from './ports.ts';
import type { Probe } from './probe.ts';
import type * as schemas from './schemas.ts';

export type HealthView = z.infer<typeof schemas.Health>;

export interface HealthReport {
  readonly status: HealthView['status'];
  readonly draining: boolean;
  readonly database: boolean;
  readonly relay: boolean;
  /** What the links say, or that they say nothing. */
  readonly links: Probe<readonly LinkHealth[]>;
  /** What the wallet connection says, null where there is none; or that it says nothing. */
  readonly wallet: Probe<WalletHealth | null>;
}

/**
 * Judges the parts. Without its database or its embedded relay the service takes no jobs: it is failing. With
 * outside relays out of reach it serves the others, so it is degraded and stays in rotation: those links recover by
 * themselves, and a restart would only cut the good ones. So it is while the wallet does not answer: what is free or
 * paid by credit goes on, and what waits for money is looked up later.
 */
export function assessHealth(
  parts: Pick<HealthReport, 'database' | 'relay' | 'links' | 'wallet'>,
  draining: boolean,
): HealthReport {
  const { database, relay, links, wallet } = parts;
  const linked = links.ok && links.value.every(({ state }) => state === 'open');
  const paying = ['ok', 'none'].includes(walletWord(wallet));
  const status = !database || !relay ? 'failing' : linked && paying ? 'ok' : 'degraded';
  return { status, draining, database, relay, links, wallet };
}

function walletWord(wallet: HealthReport['wallet']): HealthView['wallet'] {
  if (!wallet.ok) return 'failing';
  if (wallet.value === null) return 'none';
  return wallet.value.lastFault === null ? 'ok' : 'degraded';
}

/** The report as the API shows it; `now_ms` is Unix ms. */
export function healthView(report: HealthReport, now_ms: number): HealthView {
  const word = (ok: boolean) => (ok ? ('ok' as const) : ('failing' as const));
  return {
    status: report.status,
    draining: report.draining,
    database: word(report.database),
    relay: word(report.relay),
    links: word(report.links.ok),
    wallet: walletWord(report.wallet),
    outside_relays: (report.links.ok ? report.links.value : []).map(({ url, state, lastFrameAt_ms }) => ({
      url,
      state,
      silent_for_ms: lastFrameAt_ms === null ? null : Math.max(0, now_ms - lastFrameAt_ms),
    })),
  };
}
