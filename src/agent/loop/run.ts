/** Drives a run: looks at its journal for what comes next, does it, writes it down. Whoever is killed is replaced by another drive. */
import { accountOf } from './account.ts';
import { ask } from './ask.ts';
import type { LoopDefinition } from './definition.ts';
import type { EndEntry, Entry, Observation, Refusal, TaskEntry } from './entry.ts';
import { Journal } from './journal.ts';
import { judged } from './judge.ts';
import { type Memory, memoryOf } from './memory.ts';
import { type Action, nextAction } from './next.ts';
import { type Outcome, type Pause, RunPaused } from './outcome.ts';
import type { LoopPorts } from './ports.ts';
import { runCalls } from './run-calls.ts';
import { merged, type UsageByModel } from './usage.ts';

/** What a run is about. Only its first drive reads it; later ones find it in the journal. */
export type LoopTask = Omit<TaskEntry, 'type'>;

/**
 * Drives a run until it ends or has to wait. Driving it again, here or after a crash, goes on from there: what is in
 * the journal is never done again. One drive at a time; a second one is stopped by the store at its first entry.
 *
 * @param run names the run for good; its managed agents have names below it
 * @throws whatever the store throws; no more is done then
 */
export async function runLoop(
  definition: LoopDefinition,
  run: string,
  task: LoopTask,
  ports: LoopPorts,
  signal: AbortSignal,
): Promise<Outcome> {
  const journal = await Journal.open(run, ports);
  if (journal.entries.length === 0) await journal.append({ type: 'task', ...task });
  for (;;) {
    if (journal.entries.at(-1)?.type !== 'end') await takeNotes(journal, ports);
    const memory = memoryOf(journal.entries);
    const action = nextAction(memory, definition);
    if (action.do === 'nothing') return done(action.end, journal.entries);
    if (signal.aborted) return waiting({ reason: 'cancelled' }, journal.entries);
    const stop = await act(action, definition, memory, journal, ports, signal);
    if (stop !== null) return waiting(stop.pause, journal.entries, stop.usage);
  }
}

interface Stop {
  readonly pause: Pause;
  /** What managed agents used in calls that are still open. */
  readonly usage?: UsageByModel;
}

async function act(
  action: Exclude<Action, { do: 'nothing' }>,
  definition: LoopDefinition,
  memory: Memory,
  journal: Journal,
  ports: LoopPorts,
  signal: AbortSignal,
): Promise<Stop | null> {
  switch (action.do) {
    case 'call': {
      const stops = await runCalls(definition, action.entry, action.open, journal, ports, signal);
      const [first] = stops;
      if (first === undefined) return null;
      return { pause: first.pause, usage: stops.map(({ usage }) => usage).reduce(merged, {}) };
    }
    case 'end':
      await journal.append({ type: 'end', how: 'final_answer', answer: action.answer, problem: null });
      return null;
    case 'judgeLast': {
      const verdict = await judged(action.answer, definition, ports, signal);
      if (verdict instanceof RunPaused) return verdict;
      await journal.append(lastEnd(action, verdict));
      return null;
    }
    case 'plan':
    case 'ask':
    case 'askLast': {
      const { step } = action;
      const purpose = action.do === 'ask' ? 'act' : action.do === 'plan' ? 'plan' : 'last';
      const key = `${journal.run}/${purpose === 'act' ? step : `${purpose}.${step}`}`;
      const reply = await ask(definition, memory, { key, purpose, step }, ports, signal);
      if (!reply.ok) return { pause: reply.pause };
      const { answered, calls } = reply;
      await journal.append(
        purpose === 'plan'
          ? { type: 'plan', step, ...answered }
          : { type: 'model', step, last: purpose === 'last', calls, ...answered },
      );
      return null;
    }
  }
}

/** What a run out of steps hands in. What its checks object to is said beside it; a key does not leave at all. */
function lastEnd({ answer, cut }: Extract<Action, { do: 'judgeLast' }>, verdict: Observation): EndEntry {
  const short: Refusal = { code: 'ANSWER_CUT', message: 'the answer was cut off at its limit' };
  if (verdict.ok) return { type: 'end', how: 'step_limit', answer, problem: cut ? short : null };
  const { code, message } = verdict;
  const withheld = code === 'SECRET_IN_TEXT' || code === 'ANSWER_TOO_LARGE';
  return { type: 'end', how: 'step_limit', answer: withheld ? '' : answer, problem: { code, message } };
}

async function takeNotes(journal: Journal, ports: LoopPorts): Promise<void> {
  if (ports.notes === undefined) return;
  const known = new Set(journal.entries.flatMap((entry) => (entry.type === 'note' ? [entry.id] : [])));
  for (const note of await ports.notes(journal.run)) {
    if (known.has(note.id)) continue;
    known.add(note.id);
    await journal.append({ type: 'note', ...note });
  }
}

function done({ how, answer, problem }: EndEntry, entries: readonly Entry[]): Outcome {
  return { state: 'done', how, answer, problem, account: accountOf(entries) };
}

function waiting(pause: Pause, entries: readonly Entry[], usage?: UsageByModel): Outcome {
  return { state: 'paused', pause, account: accountOf(entries, usage) };
}
