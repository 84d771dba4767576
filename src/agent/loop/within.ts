/** Bounds a piece of work by time and by cancellation, also work that listens to neither. */
import type { LoopClock } from './clock.ts';

export type Bounded<T> =
  | { readonly end: 'done'; readonly value: T }
  | { readonly end: 'late' }
  | { readonly end: 'aborted' };

/**
 * @param limit_ms null for no limit
 * @param work is given a signal that aborts when the time is over or `signal` aborts. What it does after that is lost
 * @throws whatever the work throws in time
 */
export async function within<T>(
  clock: LoopClock,
  limit_ms: number | null,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Bounded<T>> {
  if (signal.aborted) return { end: 'aborted' };
  const over = new AbortController();
  const done = new AbortController();
  const aborted = Promise.withResolvers<Bounded<T>>();
  // Heard before the work hears of it: a cancelled piece of work often says so by failing.
  const onAbort = (): void => aborted.resolve({ end: 'aborted' });
  signal.addEventListener('abort', onAbort);
  const ways: Promise<Bounded<T>>[] = [
    work(AbortSignal.any([signal, over.signal])).then((value) => ({ end: 'done', value })),
    aborted.promise,
  ];
  if (limit_ms !== null) ways.push(clock.sleep(limit_ms, done.signal).then(() => ({ end: 'late' })));
  try {
    const first = await Promise.race(ways);
    if (first.end === 'late') over.abort(new Error('over its time'));
    return first;
  } finally {
    signal.removeEventListener('abort', onAbort);
    done.abort();
  }
}
