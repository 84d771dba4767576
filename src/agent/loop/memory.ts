/** The journal read as steps. Pure. */
import type { EndEntry, Entry, ModelEntry, NoteEntry, Observation, PlanEntry, TaskEntry } from './entry.ts';

/** One answer of the model with what came of its calls. */
export interface Step {
  readonly type: 'step';
  readonly entry: ModelEntry;
  /** In the order of the calls; undefined where a call has not come back yet. */
  readonly results: readonly (Observation | undefined)[];
}

export interface Memory {
  readonly task: TaskEntry;
  /** What happened since, in order. */
  readonly events: readonly (PlanEntry | NoteEntry | Step)[];
  readonly steps: readonly Step[];
  readonly end: EndEntry | null;
}

/** @throws Error for a journal this program cannot have written */
export function memoryOf(entries: readonly Entry[]): Memory {
  const [task, ...rest] = entries;
  if (task?.type !== 'task') throw new Error('a journal begins with its task');
  const results = new Map<string, Observation>();
  for (const entry of rest) {
    if (entry.type === 'result') results.set(`${entry.step}.${entry.call}`, entry.observation);
  }
  const events: (PlanEntry | NoteEntry | Step)[] = [];
  const steps: Step[] = [];
  let end: EndEntry | null = null;
  for (const entry of rest) {
    if (entry.type === 'plan' || entry.type === 'note') events.push(entry);
    else if (entry.type === 'end') end = entry;
    else if (entry.type === 'task') throw new Error('a journal has one task');
    else if (entry.type === 'model') {
      const step: Step = {
        type: 'step',
        entry,
        results: entry.calls.map((_, call) => results.get(`${entry.step}.${call}`)),
      };
      steps.push(step);
      events.push(step);
    }
  }
  return { task, events, steps, end };
}
