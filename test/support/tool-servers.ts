/** The other sides of an agent's tools on loopback: a SearXNG and some pages. */
import { type LoopbackServer, loopbackServer } from './http-server.ts';

export interface ToolServers {
  /** For SEARXNG_URL. */
  readonly searxng: LoopbackServer;
  readonly pages: LoopbackServer;
  /** What a search finds. */
  find(...results: { readonly title: string; readonly url: string; readonly content: string }[]): void;
  /** What stands at a path, as HTML; what is not there is 404. */
  page(path: string, html: string): void;
  /** The next search for this is not answered; resolves when it is asked for. */
  holdSearch(query: string): Promise<void>;
  close(): Promise<void>;
}

export async function startToolServers(): Promise<ToolServers> {
  let results: unknown[] = [];
  const held = new Map<string, () => void>();
  const html = new Map<string, string>();
  const searxng = await loopbackServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://searxng').searchParams.get('q') ?? '';
    const reached = held.get(query);
    held.delete(query);
    if (reached !== undefined) return reached();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ results }));
  });
  const pages = await loopbackServer((request, response) => {
    const text = html.get(request.url ?? '');
    response.writeHead(text === undefined ? 404 : 200, { 'content-type': 'text/html' });
    response.end(text ?? '');
  });
  return {
    searxng,
    pages,
    find: (...found) => {
      results = found;
    },
    page: (path, text) => {
      html.set(path, text);
    },
    holdSearch: (query) => new Promise((resolve) => held.set(query, resolve)),
    close: async () => {
      await searxng.close();
      await pages.close();
    },
  };
}
