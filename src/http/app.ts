/** The HTTP side of the marketplace (PROTOCOL §7): one Hono app over its ports. */
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { secureHeaders } from 'hono/secure-headers';
import { JobError, type JobFailure } from '../errors.ts';
import { HTTP_MAX_BODY_BYTES } from '../limits.ts';
import { OPENAI_PREFIX, openAiProblem } from './openai/errors.ts';
import { ErrorPage, errorHeading } from './pages/error.tsx';
import { Offers } from './pages/market/offers.ts';
import { sendPage } from './pages/send.tsx';
import type { HttpPorts } from './ports.ts';
import { type AppEnv, problem, STATUS_OF } from './problem.ts';
import { prefersHtml } from './query.ts';
import { a2aRoutes } from './routes/a2a.ts';
import { accountRoutes } from './routes/account.ts';
import { agentRoutes } from './routes/agents.tsx';
import { arenaRoutes } from './routes/arena.tsx';
import { assetRoutes } from './routes/assets.ts';
import { jobRoutes } from './routes/jobs.tsx';
import { keyRoutes } from './routes/keys.ts';
import { listingRoutes } from './routes/listings.ts';
import { lnurlRoutes } from './routes/lnurl.ts';
import { mcpRoutes } from './routes/mcp.ts';
import { openAiRoutes } from './routes/openai.ts';
import { operationRoutes } from './routes/operations.ts';
import { operatorRoutes } from './routes/operator.tsx';
import { postRoutes } from './routes/post.tsx';
import { quoteRoutes } from './routes/quote.ts';
import { readingRoutes } from './routes/reading.ts';
import { reviewRoutes } from './routes/reviews.ts';
import { rootRoutes } from './routes/root.tsx';
import { runRoutes } from './routes/runs.tsx';

/** What a page of others may read of an answer. */
const EXPOSED = [
  'ETag',
  'Link',
  'Location',
  'Mcp-Session-Id',
  'Retry-After',
  'WWW-Authenticate',
  'X-Errand-Job',
  'X-Request-Id',
];

/** A failure in the language of the door it happened at. */
function said(c: Context<AppEnv>, ...told: Tail<Parameters<typeof problem>>): Response {
  return (isOpenAi(c) ? openAiProblem : problem)(c, ...told);
}

function isOpenAi(c: Context<AppEnv>): boolean {
  return c.req.path.startsWith(OPENAI_PREFIX);
}

type Tail<List extends readonly unknown[]> = List extends readonly [unknown, ...infer Rest] ? Rest : never;

/**
 * The app. WebSocket upgrades are not for it: the shell hands them to the embedded relay first.
 *
 * @example
 * ```ts
 * const app = createApp(ports);
 * return app.fetch(request);
 * ```
 */
export function createApp(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(async function requestId(c, next) {
    c.set('requestId', ports.newRequestId());
    await next();
    c.header('X-Request-Id', c.get('requestId'));
  });
  // Everything here is public and none of it uses cookies, so any page may read it.
  app.use(
    cors({
      origin: '*',
      allowMethods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS'],
      // Those that are asked for: OpenAI's clients send a dozen of their own (`X-Stainless-…`).
      allowHeaders: [],
      exposeHeaders: EXPOSED,
      maxAge: 86_400,
    }),
  );
  app.use(async function pagePolicy(c, next) {
    await next();
    const policy = c.get('policy');
    if (policy !== undefined) c.header('Content-Security-Policy', policy);
  });
  app.use(
    secureHeaders({
      crossOriginResourcePolicy: 'cross-origin',
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"] },
    }),
  );
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) =>
        said(c, { code: 'BAD_REQUEST', message: `this path takes ${methods.join(', ')}` }, 405, {
          Allow: methods.join(', '),
        }),
    }),
  );
  app.use(
    bodyLimit({
      maxSize: HTTP_MAX_BODY_BYTES,
      onError: (c) =>
        said(c, {
          code: 'CONTENT_TOO_LARGE',
          message: `a body may have ${HTTP_MAX_BODY_BYTES} bytes`,
          details: { max_bytes: HTTP_MAX_BODY_BYTES },
        }),
    }),
  );
  const offers = new Offers(ports);
  app.route('/', rootRoutes(ports, offers));
  app.route('/', agentRoutes(ports, offers));
  app.route('/', reviewRoutes(ports));
  app.route('/', quoteRoutes(ports));
  app.route('/', postRoutes(ports));
  app.route('/', listingRoutes(ports));
  app.route('/', jobRoutes(ports));
  app.route('/', runRoutes(ports));
  app.route('/', accountRoutes(ports));
  app.route('/', lnurlRoutes(ports));
  app.route('/', arenaRoutes(ports));
  app.route('/', operationRoutes(ports));
  app.route('/', operatorRoutes(ports));
  app.route('/', readingRoutes(ports));
  app.route('/', keyRoutes(ports));
  app.route('/', openAiRoutes(ports));
  app.route('/', mcpRoutes(ports));
  app.route('/', assetRoutes(ports));
  app.route('/', a2aRoutes(ports));

  /** The same, and as a page for people who read. */
  function tell(c: Context<AppEnv>, failure: JobFailure): Response | Promise<Response> {
    if (isOpenAi(c) || c.req.method !== 'GET' || !prefersHtml(c)) return said(c, failure);
    const status = STATUS_OF[failure.code];
    const title = errorHeading(status);
    return sendPage(
      c,
      ports,
      { title, description: failure.message, path: c.req.path, unlisted: true },
      ErrorPage({ status, failure, requestId: c.get('requestId') }),
      status,
    );
  }
  app.notFound((c) => tell(c, { code: 'NOT_FOUND', message: 'nothing is served under this path' }));
  app.onError((error, c) => {
    if (error instanceof JobError) return tell(c, error.failure);
    const requestId = c.get('requestId');
    ports.log({ level: 'error', message: `${c.req.method} ${c.req.path} failed`, requestId, error });
    return tell(c, {
      code: 'AGENT_ERROR',
      message: 'an internal error; the operator finds it by its request id',
    });
  });
  return app;
}
