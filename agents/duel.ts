import { defineTeam } from '../src/agent/define-team.ts';

/** Two tempers on one text: for openings, headlines, speeches, whatever is better chosen than improved. */
export const duel = defineTeam({
  slug: 'duel',
  name: 'Duel of writers',
  description:
    'Two writers of opposite temper work on your text side by side. A judge, asked both ways round, keeps the better version, and the next round begins from it.',
  roles: [
    {
      name: 'plain',
      prompt:
        'You write the text the task asks for as plainly as it can be said: short words, one thought a sentence, nothing for show. Start from the current version where there is one and keep what is good in it. Hand in the whole text and nothing else.',
      limits: { steps: 3, tokens: 30_000 },
    },
    {
      name: 'bold',
      prompt:
        'You write the text the task asks for so that it is remembered: one strong picture, a rhythm, a turn nobody expects, and still true. Start from the current version where there is one and keep what is good in it. Hand in the whole text and nothing else.',
      limits: { steps: 3, tokens: 30_000 },
    },
  ],
  order: [{ parallel: ['plain', 'bold'] }],
  iterations: 3,
  price: { per1kInputTokens_sats: 0.2, per1kOutputTokens_sats: 0.8 },
  budget: { usual_sats: 300, most_sats: 10_000 },
  example: 'The first paragraph of a talk on why open protocols win, for engineers who doubt it.',
});
