/** Web search over providers in order, each within its quota and left alone after it failed. */
import * as z from 'zod';
import { JobError } from '../../errors.ts';
import {
  LOOP_TOOL_OUTPUT_MAX_BYTES,
  TOOL_QUERY_CHARS,
  TOOL_SEARCH_RESULTS,
  TOOL_SEARCH_TEXT_CHARS,
} from '../../limits.ts';
import { clip, cutToBytes } from '../../protocol/size.ts';
import { dataBlock } from '../data-block.ts';
import { htmlText } from '../html-text.ts';
import { classifyFailure } from '../models/failure.ts';
import type { TrafficPort } from '../models/router.ts';
import type { SearchProvider, WebResult } from './search-providers.ts';
import { defineTool, type TextTool } from './tool.ts';

export interface WebSearchPorts {
  /** In the order they are asked. */
  readonly providers: readonly SearchProvider[];
  /** Quotas and cooldowns, shared by all sessions (models/traffic.ts: requests a minute and a day). */
  readonly traffic: TrafficPort;
}

export function webSearch(ports: WebSearchPorts): TextTool {
  return defineTool({
    name: 'web_search',
    description: 'Searches the web. Returns titles, links and excerpts, which were written by strangers.',
    shape: {
      query: z.string().trim().min(1).max(TOOL_QUERY_CHARS),
      count: z.number().int().min(1).max(TOOL_SEARCH_RESULTS).default(TOOL_SEARCH_RESULTS),
    },
    parallel: true,
    maxOutputBytes: LOOP_TOOL_OUTPUT_MAX_BYTES,
    async run({ query, count }, { key, signal }) {
      const results = await search(ports, { query, count, key, signal });
      if (results.length === 0) return 'Nothing was found. Other words may find more.';
      return dataBlock(
        'a web search',
        cutToBytes(results.map(lines).join('\n\n'), LOOP_TOOL_OUTPUT_MAX_BYTES - 200),
      );
    },
  });
}

async function search(
  { providers, traffic }: WebSearchPorts,
  wish: { query: string; count: number; key: string; signal: AbortSignal },
): Promise<readonly WebResult[]> {
  let soonest_ms: number | null = null;
  let failure: unknown = null;
  for (const provider of providers) {
    const leave = await traffic.reserve(provider.name, wish.key, 1);
    if (!leave.granted) {
      if (leave.retryAt_ms !== null) soonest_ms = Math.min(soonest_ms ?? leave.retryAt_ms, leave.retryAt_ms);
      continue;
    }
    try {
      const results = await provider.search(wish.query, wish.count, wish.signal);
      await traffic.succeeded(provider.name, wish.key, 1);
      return results.slice(0, wish.count);
    } catch (error) {
      if (wish.signal.aborted || !(error instanceof JobError)) throw error;
      // A provider that answers with 4xx does not want us (key, format, plan); words cannot be wrong.
      const kind = classifyFailure(error);
      await traffic.failed(provider.name, kind.kind === 'passing' ? kind : { kind: 'refused' });
      failure = error;
    }
  }
  throw new JobError('SERVICE_UNAVAILABLE', 'no search engine answers at the moment', undefined, {
    cause: failure ?? (soonest_ms === null ? 'none is configured' : 'all quotas are used up'),
  });
}

/** Engines mark the words found with tags. */
function lines({ title, url, text }: WebResult): string {
  const words = (html: string) => clip(htmlText(html).replace(/\s+/g, ' '), TOOL_SEARCH_TEXT_CHARS);
  return `${words(title)}\n${url}\n${words(text)}`;
}
