/** What a run took so far, told by its journal. Pure. */
import type { Usage } from '../../protocol/model.ts';
import type { Entry } from './entry.ts';
import { merged, totalOf, type UsageByModel } from './usage.ts';

export interface Account {
  /** Answers of the model that count as steps. */
  readonly steps: number;
  readonly modelCalls: number;
  readonly toolCalls: number;
  /** Managed agents included. */
  readonly usage: UsageByModel;
  readonly total: Usage;
}

/** @param beside what managed agents used in calls that are not in the journal yet */
export function accountOf(entries: readonly Entry[], beside: UsageByModel = {}): Account {
  let steps = 0;
  let modelCalls = 0;
  let toolCalls = 0;
  let usage = beside;
  for (const entry of entries) {
    if (entry.type === 'model' || entry.type === 'plan') {
      modelCalls++;
      if (entry.type === 'model' && !entry.last) steps++;
      usage = merged(usage, { [entry.model]: entry.usage });
    } else if (entry.type === 'result') {
      toolCalls++;
      if (entry.observation.ok) usage = merged(usage, entry.observation.usage ?? {});
    }
  }
  return { steps, modelCalls, toolCalls, usage, total: totalOf(usage) };
}
