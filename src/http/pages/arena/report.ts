/** What the pages of the arena show, and how its kinds of tasks look in every chart. */
import type { z } from 'zod';
import type { ArenaReport } from '../../schemas-arena.ts';

export type ReportView = z.infer<typeof ArenaReport>;

/** The kinds of tasks: name, look, question. */
export const MODES = [
  ['deduction', 'a', 'What does this program give for this input?'],
  ['abduction', 'b', 'Which input makes this program give this output?'],
  ['induction', 'c', 'Which program is behind these examples?'],
] as const;
