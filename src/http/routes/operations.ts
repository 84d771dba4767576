/** What an operator watches: liveness and metrics. */
import { Hono } from 'hono';
import { METRICS_MAX_JOBS, METRICS_WINDOW_MS } from '../../limits.ts';
import { pingDb, recentOutcomes } from '../../store/jobs.ts';
import { currentKindSums } from '../../store/ledger-report.ts';
import { assessHealth, healthView } from '../health.ts';
import {
  jobMetrics,
  ledgerMetrics,
  linkMetrics,
  METRICS_TYPE,
  modelMetrics,
  relayMetrics,
  renderMetrics,
  sourceMetrics,
  walletMetrics,
} from '../metrics.ts';
import type { HttpPorts } from '../ports.ts';
import { probe } from '../probe.ts';
import type { AppEnv } from '../problem.ts';

export function operationRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get('/health', async (c) => {
    const requestId = c.get('requestId');
    const [database, relay, links, wallet] = await Promise.all([
      probe(ports, requestId, 'database', () => pingDb(ports.db)),
      probe(ports, requestId, 'relay', () => ports.relayStats()),
      probe(ports, requestId, 'links', () => ports.links()),
      probe(ports, requestId, 'wallet', () => ports.walletStatus()),
    ]);
    const report = assessHealth({ database: database.ok, relay: relay.ok, links, wallet }, ports.draining);
    const view = healthView(report, ports.clock());
    return c.json(view, view.status === 'failing' ? 503 : 200, { 'cache-control': 'no-store' });
  });

  app.get('/metrics', async (c) => {
    const requestId = c.get('requestId');
    const since_ms = ports.clock() - METRICS_WINDOW_MS;
    const [database, ledger, relay, links, wallet, models] = await Promise.all([
      probe(ports, requestId, 'database', () => recentOutcomes(ports.db, since_ms, METRICS_MAX_JOBS)),
      probe(ports, requestId, 'ledger', () => currentKindSums(ports.db)),
      probe(ports, requestId, 'relay', () => ports.relayStats()),
      probe(ports, requestId, 'links', () => ports.links()),
      probe(ports, requestId, 'wallet', () => ports.walletStatus()),
      probe(ports, requestId, 'models', () => ports.modelFigures()),
    ]);
    const families = [
      ...sourceMetrics({
        database: database.ok,
        ledger: ledger.ok,
        relay: relay.ok,
        links: links.ok,
        wallet: wallet.ok,
        models: models.ok,
      }),
      ...(database.ok ? jobMetrics(database.value) : []),
      ...(ledger.ok ? ledgerMetrics(ledger.value) : []),
      ...(relay.ok ? relayMetrics(relay.value) : []),
      ...(links.ok ? linkMetrics(links.value) : []),
      ...(wallet.ok ? walletMetrics(wallet.value) : []),
      ...(models.ok ? modelMetrics(models.value) : []),
    ];
    return c.body(renderMetrics(families), 200, {
      'content-type': METRICS_TYPE,
      'cache-control': 'no-store',
    });
  });
  return app;
}
