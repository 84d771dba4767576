/** The platform's timers in the form src/ takes them. */
import type { After } from '../src/link/ports.ts';

/** Runs work later; call what is returned to call it off. */
export const after: After = (delay_ms, work) => {
  const timer = setTimeout(work, delay_ms);
  return () => clearTimeout(timer);
};
