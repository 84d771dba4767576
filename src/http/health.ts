/** Whether the service can do its work. */
import type { z } from 'zod';
import type { LinkHealth } from './ports.ts';
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
}

/**
 * Judges the parts. Without its database or its embedded relay the service takes no jobs: it is failing. With
 * outside relays out of reach it serves the others, so it is degraded and stays in rotation: those links recover by
 * themselves, and a restart would only cut the good ones.
 */
export function assessHealth(
  parts: Pick<HealthReport, 'database' | 'relay' | 'links'>,
  draining: boolean,
): HealthReport {
  const { database, relay, links } = parts;
  const linked = links.ok && links.value.every(({ state }) => state === 'open');
  const status = !database || !relay ? 'failing' : linked ? 'ok' : 'degraded';
  return { status, draining, database, relay, links };
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
    outside_relays: (report.links.ok ? report.links.value : []).map(({ url, state, lastFrameAt_ms }) => ({
      url,
      state,
      silent_for_ms: lastFrameAt_ms === null ? null : Math.max(0, now_ms - lastFrameAt_ms),
    })),
  };
}
