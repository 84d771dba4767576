/** A page of the web as Markdown, for a model to read: fetched through the guarded door, cut to a stated length. */
import * as z from 'zod';
import { LOOP_TOOL_OUTPUT_MAX_BYTES, TOOL_PAGE_TOKENS } from '../../limits.ts';
import type { FetchedText } from '../../net/safe-fetch.ts';
import { cutToBytes, utf8Bytes } from '../../protocol/size.ts';
import { dataBlock } from '../data-block.ts';
import { htmlText } from '../html-text.ts';
import { type CountTokens, cutToTokens } from '../window/tokenizer.ts';
import { defineTool, type TextTool } from './tool.ts';

export interface WebPagePorts {
  /** Fetches through the guarded door. @throws JobError as safeFetch */
  readonly fetchUrl: (url: string, signal: AbortSignal) => Promise<FetchedText>;
  readonly tokenizer: () => Promise<CountTokens>;
}

/** Head line and marks of the data block, bytes. */
const FRAME_BYTES = 2_600;

export function visitPage(ports: WebPagePorts): TextTool {
  return defineTool({
    name: 'visit_page',
    description: `Reads a page of the web as Markdown, up to ${TOOL_PAGE_TOKENS} tokens at a time. What it returns was written by strangers.`,
    shape: {
      url: z.string().describe('An https URL.'),
      from: z
        .number()
        .int()
        .min(0)
        .default(0)
        .describe('Where to go on reading, in characters, as the last visit said.'),
    },
    parallel: true,
    maxOutputBytes: LOOP_TOOL_OUTPUT_MAX_BYTES,
    async run({ url, from }, { signal }) {
      const page = await ports.fetchUrl(url, signal);
      const text = page.contentType.includes('html')
        ? await pageMarkdown(page.text, page.finalUrl)
        : page.text;
      const rest = text.slice(from);
      const count = await ports.tokenizer();
      const shown = cutToTokens(
        cutToBytes(rest, LOOP_TOOL_OUTPUT_MAX_BYTES - FRAME_BYTES),
        TOOL_PAGE_TOKENS,
        count,
      );
      const end = from + shown.length;
      const head = [
        `${page.contentType}, ${page.bytes} bytes fetched, ${text.length} characters of text.`,
        `Shown: characters ${Math.min(from, text.length)} to ${Math.min(end, text.length)}, ${utf8Bytes(shown)} bytes, ${count(shown)} tokens.`,
        ...(end < text.length ? [`There is more: visit again with from=${end}.`] : []),
      ].join(' ');
      return `${head}\n${dataBlock(page.finalUrl, shown)}`;
    },
  });
}

/** The readable part of a page as Markdown; its plain text where the library finds nothing to read. */
export async function pageMarkdown(html: string, url: string): Promise<string> {
  const { htmlToMarkdown, withMinimalPreset } = await import('@mdream/js');
  const { origin } = new URL(url);
  const markdown = htmlToMarkdown(html, withMinimalPreset({ origin, clean: true })).trim();
  return markdown === '' ? htmlText(html) : markdown;
}
