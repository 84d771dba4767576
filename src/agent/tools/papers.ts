/** Search for papers at arXiv (https://info.arxiv.org/help/api/user-manual.html). */
import * as z from 'zod';
import { LOOP_TOOL_OUTPUT_MAX_BYTES, TOOL_QUERY_CHARS, TOOL_SEARCH_RESULTS } from '../../limits.ts';
import { clip, cutToBytes } from '../../protocol/size.ts';
import { dataBlock } from '../data-block.ts';
import { type Paper, readFeed } from './atom.ts';
import { askService, type OutboundOptions } from './outbound.ts';
import { defineTool, type TextTool } from './tool.ts';

export const ARXIV_URL = 'https://export.arxiv.org/api/query';
/** Of an abstract, characters: most are shorter. */
const ABSTRACT_CHARS = 1_500;
const AUTHORS_SHOWN = 6;

export function paperSearch(options: OutboundOptions, endpoint = ARXIV_URL): TextTool {
  return defineTool({
    name: 'paper_search',
    description:
      'Searches scholarly papers at arXiv. All words have to occur; a word may name its field: ti:, au:, abs:, cat:.',
    shape: {
      query: z.string().trim().min(1).max(TOOL_QUERY_CHARS),
      count: z.number().int().min(1).max(TOOL_SEARCH_RESULTS).default(5),
      newest_first: z.boolean().default(false),
    },
    // arXiv asks for one call at a time.
    parallel: false,
    maxOutputBytes: LOOP_TOOL_OUTPUT_MAX_BYTES,
    async run({ query, count, newest_first }, { signal }) {
      const url = new URL(endpoint);
      url.search = new URLSearchParams({
        search_query: arxivQuery(query),
        max_results: String(count),
        sortBy: newest_first ? 'submittedDate' : 'relevance',
        sortOrder: 'descending',
      }).toString();
      const papers = await readFeed((await askService(url, options, signal)).text);
      if (papers.length === 0) return 'No papers were found. Fewer or other words may find some.';
      const text = papers.slice(0, count).map(lines).join('\n\n');
      return dataBlock('arXiv', cutToBytes(text, LOOP_TOOL_OUTPUT_MAX_BYTES - 200));
    },
  });
}

/** Words as a query in which all have to occur. What has a meaning of its own in arXiv's grammar is taken out. */
export function arxivQuery(words: string): string {
  const terms = words
    .split(/\s+/)
    .map((word) => {
      const [, field = 'all', term = ''] = /^(?:(ti|au|abs|cat|all):)?(.*)$/s.exec(word) ?? [];
      return { field, term: term.replace(/[^\p{L}\p{N}._-]+/gu, ' ').trim() };
    })
    .flatMap(({ field, term }) => term.split(' ').map((part) => ({ field, term: part })))
    .filter(({ term }) => /[\p{L}\p{N}]/u.test(term) && !/^(AND|OR|ANDNOT)$/.test(term));
  return terms.map(({ field, term }) => `${field}:${term}`).join(' AND ') || 'all:none';
}

function lines(paper: Paper): string {
  const more = paper.authors.length > AUTHORS_SHOWN ? ' and others' : '';
  return [
    paper.title,
    `${paper.authors.slice(0, AUTHORS_SHOWN).join(', ')}${more}; ${paper.published.slice(0, 10)}; ${paper.categories.join(' ')}`,
    [paper.url, paper.pdf].filter((link) => link !== null).join(' '),
    clip(paper.summary, ABSTRACT_CHARS),
  ].join('\n');
}
