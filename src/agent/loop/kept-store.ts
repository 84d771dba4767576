/** Journals as one drive knows them: read once from a store that is somewhere else, then from memory. */
import type { Entry } from './entry.ts';
import type { StepStore } from './step-store.ts';

/**
 * For a single drive, which is the only one to write: another is found out by its first entry, as ever. What could not
 * be stored is not kept either.
 */
export function keptStore(store: StepStore): StepStore {
  const known = new Map<string, Entry[]>();
  return {
    async load(run) {
      const entries = known.get(run) ?? [...(await store.load(run))];
      known.set(run, entries);
      return [...entries];
    },
    async append(run, seq, entry) {
      await store.append(run, seq, entry);
      known.get(run)?.push(entry);
    },
  };
}
