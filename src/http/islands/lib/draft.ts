/**
 * What was typed and not sent, per agent, kept over reloads and the back button in the tab's own storage. Nothing else is
 * kept there, so a draft that cannot be read is no draft.
 */
import * as z from 'zod/mini';
import { readStored, writeStored } from './storage.ts';

/** The fields of the form as they were typed; all of them texts, because what is wrong has to be kept too. */
const draft = z.object({
  text: z._default(z.string(), ''),
  session: z._default(z.string(), ''),
  parameters: z._default(z.record(z.string(), z.string()), {}),
  contract: z._default(z.string(), ''),
  encrypted: z._default(z.boolean(), false),
  most_sats: z._default(z.string(), ''),
});
export type FormDraft = z.output<typeof draft>;

export const EMPTY_DRAFT: FormDraft = draft.parse({});

export function readDraft(agent: string): FormDraft {
  const stored = readStored(nameOf(agent), 'session');
  if (stored === null) return EMPTY_DRAFT;
  try {
    const read = draft.safeParse(JSON.parse(stored));
    return read.success ? read.data : EMPTY_DRAFT;
  } catch {
    return EMPTY_DRAFT;
  }
}

/** Keeps it, or forgets it (null). */
export function writeDraft(agent: string, fields: FormDraft | null): void {
  writeStored(nameOf(agent), fields === null ? null : JSON.stringify(fields), 'session');
}

function nameOf(agent: string): string {
  return `draft:${agent}`;
}
