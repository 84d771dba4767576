/** The record of a team's run as it goes out: page by page, because a run of days is larger than a Worker's memory. */
import { costLines, traceLines } from '../agent/team/export/jsonl.ts';
import type { TraceEntry, TraceFact } from '../agent/team/trace.ts';
import type { RecordPage } from './ports.ts';

/** @param after the number of an entry. @returns what stands behind it; null when there is no such record */
export type ReadPage = (after: number) => Promise<RecordPage | null>;

/** The pages of a record from `first` on. @param first the page that was read already */
async function* pages(read: ReadPage, first: RecordPage): AsyncGenerator<readonly TraceEntry[]> {
  let page: RecordPage | null = first;
  while (page !== null) {
    const last = page.entries.at(-1);
    // An empty page has no place to go on from, and a stream is not pulled again after a pull that gave nothing.
    if (last === undefined) return;
    yield page.entries;
    page = page.more ? await read(last.seq) : null;
  }
}

/**
 * JSON Lines, a page at a time as the reader takes them. What the run cost stands at the end of a whole record only: a
 * part does not know it.
 *
 * @param isWhole whether `first` is the beginning
 */
export function recordStream(
  read: ReadPage,
  first: RecordPage,
  isWhole: boolean,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const rest = pages(read, first);
  const steps: TraceEntry[] = [];
  return new ReadableStream({
    async pull(controller) {
      const next = await rest.next();
      const text = next.done ? costLines(steps) : traceLines(next.value);
      if (text !== '') controller.enqueue(encoder.encode(text));
      if (next.done) controller.close();
      else if (isWhole) steps.push(...next.value.filter(({ fact }) => fact.type === 'step'));
    },
    async cancel() {
      await rest.return(undefined);
    },
  });
}

/**
 * A record with the one text a report shows, that of the result: the others would not fit into memory.
 *
 * @param textOf a text by its SHA-256
 */
export async function recordForReport(
  read: ReadPage,
  first: RecordPage,
  textOf: (sha256: string) => Promise<string | null>,
): Promise<readonly TraceEntry[]> {
  const entries: TraceEntry[] = [];
  for await (const page of pages(read, first)) {
    entries.push(...page.map((entry) => ({ ...entry, fact: withText(entry.fact, '') })));
  }
  const end = entries.findLast(({ fact }) => fact.type === 'end')?.fact;
  const best = end?.type === 'end' ? end.best : null;
  for (const [at, entry] of entries.entries()) {
    const { fact } = entry;
    if (fact.type !== 'version' || fact.version.id !== best) continue;
    entries[at] = { ...entry, fact: withText(fact, (await textOf(fact.version.sha256)) ?? '') };
  }
  return entries;
}

function withText(fact: TraceFact, text: string): TraceFact {
  return fact.type === 'version' ? { ...fact, text } : fact;
}
