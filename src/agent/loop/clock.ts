/** The port to time: what it is, and waiting. */

export interface LoopClock {
  /** Unix ms. */
  now(): number;
  /** Ends after `ms`, or at once when `signal` aborts. Never fails. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const loopClock: LoopClock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      if (signal.aborted) end();
      else signal.addEventListener('abort', end);
    }),
};
