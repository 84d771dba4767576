/** Sends a page with its policy. */
import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { AppEnv } from '../problem.ts';
import { pagePolicy } from './csp.ts';
import { Layout, type LayoutPorts, type PageHead } from './layout.tsx';

/**
 * A page as the answer. It may be another one for who asks for JSON, and it is of this moment, so caches ask again.
 *
 * @example
 * ```tsx
 * return sendPage(c, ports, { title: 'Arena', description: '…', path: '/arena', here: 'arena' }, <Arena {...view} />);
 * ```
 */
export function sendPage(
  c: Context<AppEnv>,
  ports: LayoutPorts,
  head: PageHead,
  body: Child,
  status: ContentfulStatusCode = 200,
): Response | Promise<Response> {
  c.set('policy', pagePolicy(ports.publicUrl, head.reach ?? 'here', ports.assets.early.sha256_base64));
  c.header('Vary', 'Accept');
  c.header('Cache-Control', 'no-cache');
  return c.html(
    <Layout ports={ports} head={head}>
      {body}
    </Layout>,
    status,
  );
}
