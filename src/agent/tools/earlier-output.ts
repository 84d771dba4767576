/** Earlier output of the same session: reports, drafts, versions. The store knows no other session's. */
import * as z from 'zod';
import { JobError } from '../../errors.ts';
import { LOOP_TOOL_OUTPUT_MAX_BYTES } from '../../limits.ts';
import { cutToBytes } from '../../protocol/size.ts';
import { dataBlock } from '../data-block.ts';
import { defineTool, type TextTool } from './tool.ts';

export interface ArtifactInfo {
  readonly id: string;
  /** From 1. */
  readonly version: number;
  readonly title: string;
  readonly bytes: number;
}

/** What one session has stored, and nothing else. */
export interface ArtifactStore {
  /** Newest first. */
  list(): Promise<readonly ArtifactInfo[]>;
  /** @param version the newest where it is null. Null where there is none such */
  read(
    id: string,
    version: number | null,
  ): Promise<{ readonly info: ArtifactInfo; readonly text: string } | null>;
}

const FRAME_BYTES = 600;
const LISTED = 50;

export function loadOutput(store: ArtifactStore): TextTool {
  return defineTool({
    name: 'load_output',
    description: 'Loads earlier output of this session in full; without an id, lists what there is.',
    shape: {
      id: z.string().max(200).optional(),
      version: z.number().int().min(1).optional().describe('The newest when absent.'),
      from: z.number().int().min(0).default(0).describe('Where to go on reading, in characters.'),
    },
    parallel: true,
    maxOutputBytes: LOOP_TOOL_OUTPUT_MAX_BYTES,
    async run({ id, version, from }) {
      if (id === undefined) return listing(await store.list());
      const found = await store.read(id, version ?? null);
      if (found === null) throw new JobError('NOT_FOUND', 'there is no such output in this session');
      const { info, text } = found;
      const shown = cutToBytes(text.slice(from), LOOP_TOOL_OUTPUT_MAX_BYTES - FRAME_BYTES);
      const end = Math.min(text.length, from + shown.length);
      const more = end < text.length ? ` There is more: load again with from=${end}.` : '';
      return `Version ${info.version}, characters ${Math.min(from, text.length)} to ${end} of ${text.length}.${more}\n${dataBlock(`output ${info.id}`, shown)}`;
    },
  });
}

function listing(all: readonly ArtifactInfo[]): string {
  if (all.length === 0) return 'This session has no output yet.';
  const lines = all
    .slice(0, LISTED)
    .map(
      ({ id, version, title, bytes }) =>
        `${id} version ${version}, ${bytes} bytes: ${title.replace(/\s+/g, ' ').slice(0, 120)}`,
    );
  const more = all.length > LISTED ? `\nand ${all.length - LISTED} older ones` : '';
  return dataBlock('the list of outputs', lines.join('\n') + more);
}
