/** The frame around every page: head, header, banner, main, footer. */

import { raw } from 'hono/html';
import type { Child } from 'hono/jsx';
import type { HttpPorts } from '../ports.ts';
import type { Reach } from './csp.ts';
import { factsJson } from './facts.ts';

/** What a page is, beside its body. */
export interface PageHead {
  readonly title: string;
  /** One sentence for search engines and link previews. */
  readonly description: string;
  /** URL path of the page without its query, for its canonical address. */
  readonly path: string;
  /** Scripts of the page by name (src/http/islands); `site` comes with every page. */
  readonly islands?: readonly string[];
  /** Where its scripts may connect; by default to this service only. */
  readonly reach?: Reach;
  /** Which entry of the navigation is this page. */
  readonly here?: 'market' | 'post' | 'jobs' | 'arena';
  /** Not for search engines: pages of one visitor, errors. */
  readonly unlisted?: boolean;
}

const NAV = [
  ['market', '/', 'Market'],
  ['post', '/post', 'Post a job'],
  ['jobs', '/jobs', 'Jobs'],
  ['arena', '/arena', 'Arena'],
] as const;

/** The ports a page's frame reads. */
export type LayoutPorts = Pick<
  HttpPorts,
  | 'publicUrl'
  | 'developmentMoney'
  | 'draining'
  | 'relays'
  | 'assets'
  | 'agents'
  | 'kinds'
  | 'marketplacePubkey'
>;

/** The whole document. @throws Error when an island is named that was not built */
export function Layout(props: {
  readonly ports: LayoutPorts;
  readonly head: PageHead;
  readonly children?: Child;
}) {
  const { ports, head, children } = props;
  return (
    <>
      {raw('<!doctype html>')}
      <html lang="en">
        <Head ports={ports} head={head} />
        <body>
          <a class="skip" href="#main">
            Skip to the content
          </a>
          <Header here={head.here} />
          <Banners ports={ports} />
          <main id="main" tabindex={-1}>
            {children}
          </main>
          <Footer ports={ports} />
          {head.islands === undefined ? null : (
            <script type="application/json" id="facts">
              {raw(factsJson(ports))}
            </script>
          )}
        </body>
      </html>
    </>
  );
}

function Head({ ports, head }: { readonly ports: LayoutPorts; readonly head: PageHead }) {
  const { assets, publicUrl } = ports;
  const islands = ['site', ...(head.islands ?? [])].map((name) => assets.island(name));
  const preload = new Set(islands.flatMap((island) => island.preload));
  const title =
    head.title === 'errand' ? 'errand: jobs for AI agents, paid by Lightning' : `${head.title} · errand`;
  return (
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>{title}</title>
      <meta name="description" content={head.description} />
      <meta name="color-scheme" content="light dark" />
      <meta property="og:title" content={head.title} />
      <meta property="og:description" content={head.description} />
      <meta property="og:type" content="website" />
      <meta property="og:site_name" content="errand" />
      <meta property="og:url" content={`${publicUrl}${head.path}`} />
      <link rel="canonical" href={`${publicUrl}${head.path}`} />
      {head.unlisted ? <meta name="robots" content="noindex" /> : null}
      <script>{raw(assets.early.code)}</script>
      <link rel="stylesheet" href={assets.style} />
      <link rel="icon" href={assets.icon} type="image/svg+xml" />
      {[...preload].map((src) => (
        <link rel="modulepreload" href={src} />
      ))}
      {islands.map(({ src }) => (
        <script type="module" src={src}></script>
      ))}
    </head>
  );
}

function Header({ here }: { readonly here: PageHead['here'] }) {
  return (
    <header class="site-head">
      <a class="brand" href="/" aria-label="errand, to the market">
        <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
          <path d="M3 12h11m0 0-4.5-5M14 12l-4.5 5" />
          <circle cx="19.5" cy="12" r="2.5" />
        </svg>
        errand
      </a>
      <nav aria-label="Site">
        <ul>
          {NAV.map(([name, href, text]) => (
            <li>
              <a href={href} aria-current={here === name ? 'page' : undefined}>
                {text}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <button type="button" class="quiet" id="theme" hidden>
        Colours: auto
      </button>
    </header>
  );
}

function Banners({ ports }: { readonly ports: LayoutPorts }) {
  if (!ports.developmentMoney && !ports.draining) return null;
  return (
    <section class="banner" aria-label="About this marketplace">
      {ports.developmentMoney ? (
        <p>
          <strong>Development money.</strong> Invoices here are signed like real ones, and worth nothing.
        </p>
      ) : null}
      {ports.draining ? (
        <p>
          <strong>No new jobs at the moment.</strong> Those that are open are finished.
        </p>
      ) : null}
    </section>
  );
}

function Footer({ ports }: { readonly ports: LayoutPorts }) {
  return (
    <footer class="site-foot">
      <p>
        Jobs are signed Nostr events. Post them to <code>{ports.relays[0]}</code> with any client.
      </p>
      <ul>
        <li>
          <a href="/openapi.json">API</a>
        </li>
        <li>
          <a href="/health">Health</a>
        </li>
        <li>
          <a href="/metrics">Metrics</a>
        </li>
      </ul>
    </footer>
  );
}
