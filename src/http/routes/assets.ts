/** What pages load: served compressed as it was built, and kept by browsers for ever, since its name is its hash. */
import { Hono } from 'hono';
import { JobError } from '../../errors.ts';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';

/** A year, the most that caches take, s. */
const FOR_EVER = 'public, max-age=31536000, immutable';

export function assetRoutes(ports: Pick<HttpPorts, 'assets'>): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/assets/:file', (c) => {
    const found = ports.assets.file(c.req.param('file'));
    if (found === undefined)
      throw new JobError('NOT_FOUND', 'no such file; the page that names it is an old one');
    const headers = new Headers({
      'content-type': found.type,
      'cache-control': FOR_EVER,
      vary: 'Accept-Encoding',
    });
    if (!/\bgzip\b/.test(c.req.header('Accept-Encoding') ?? '')) {
      const plain = new Blob([found.gzip]).stream().pipeThrough(new DecompressionStream('gzip'));
      return new Response(plain, { headers });
    }
    headers.set('content-encoding', 'gzip');
    // Without this the runtime would compress once more.
    const init: ResponseInit & { readonly encodeBody: 'manual' } = { headers, encodeBody: 'manual' };
    return new Response(found.gzip, init);
  });
  return app;
}
