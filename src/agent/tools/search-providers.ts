/** Search engines: SearXNG (JSON API) and Brave (Web Search API). Adding one is one function here. */
import * as z from 'zod';
import { askService, type OutboundOptions, parseAnswer } from './outbound.ts';

export interface WebResult {
  readonly title: string;
  /** http or https. */
  readonly url: string;
  readonly text: string;
}

export interface SearchProvider {
  readonly name: string;
  /** @throws JobError SERVICE_UNAVAILABLE, TIMEOUT, or BAD_REQUEST where the provider refuses us */
  search(query: string, count: number, signal: AbortSignal): Promise<readonly WebResult[]>;
}

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

const searxAnswer = z.object({
  results: z.array(
    z.object({ title: text, url: text, content: text }).catch({ title: '', url: '', content: '' }),
  ),
});

/** https://docs.searxng.org/dev/search_api.html; the instance has to have the format `json` switched on. */
export function searxng(baseUrl: string, options: OutboundOptions): SearchProvider {
  return {
    name: 'searxng',
    async search(query, count, signal) {
      const url = new URL(`${baseUrl.replace(/\/+$/, '')}/search`);
      url.search = new URLSearchParams({ q: query, format: 'json' }).toString();
      const { results } = parseAnswer(searxAnswer, (await askService(url, options, signal)).text);
      return clean(results.map(({ title, url: at, content }) => ({ title, url: at, text: content }))).slice(
        0,
        count,
      );
    },
  };
}

const braveAnswer = z.object({
  web: z
    .object({
      results: z.array(
        z
          .object({ title: text, url: text, description: text })
          .catch({ title: '', url: '', description: '' }),
      ),
    })
    // A query without results has no `web`.
    .default({ results: [] }),
});

export const BRAVE_URL = 'https://api.search.brave.com/res/v1/web/search';

/** https://api-dashboard.search.brave.com/app/documentation/web-search/get-started */
export function brave(apiKey: string, options: OutboundOptions, endpoint = BRAVE_URL): SearchProvider {
  return {
    name: 'brave',
    async search(query, count, signal) {
      const url = new URL(endpoint);
      url.search = new URLSearchParams({ q: query, count: String(Math.min(20, count)) }).toString();
      const answer = await askService(
        url,
        { ...options, headers: { ...options.headers, 'x-subscription-token': apiKey } },
        signal,
      );
      const { web } = parseAnswer(braveAnswer, answer.text);
      return clean(
        web.results.map(({ title, url: at, description }) => ({ title, url: at, text: description })),
      );
    },
  };
}

/** Without what is no link of the web, and each link once. */
function clean(results: readonly WebResult[]): WebResult[] {
  const seen = new Set<string>();
  return results.filter(({ url }) => {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol) || seen.has(url)) return false;
    seen.add(url);
    return true;
  });
}
