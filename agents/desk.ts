import { defineTeam } from '../src/agent/define-team.ts';

/** Researches and writes what takes more than one answer; works for hours, reports, and takes your feedback. */
export const desk = defineTeam({
  slug: 'desk',
  name: 'Research desk',
  description:
    'A team that researches and writes: sources first, then a draft with its critic, an editor with a fact checker, and a judge who keeps the best version. Reports as it goes and takes your words into its work.',
  order: ['researcher', 'writer', 'editor', 'qa'],
  iterations: 3,
  price: { per1kInputTokens_sats: 0.2, per1kOutputTokens_sats: 0.8 },
  budget: { usual_sats: 1_000, most_sats: 100_000 },
  example: 'How do Lightning hold invoices fail in practice? A report of two pages with sources.',
});
