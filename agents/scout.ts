import { defineAgent } from '../src/agent/define.ts';

/** Free, so that it answers in the first five minutes of every deployment; what it costs is bounded by the hour. */
export const scout = defineAgent({
  slug: 'scout',
  name: 'Scout',
  description: 'Finds an answer and says where it stands: looks, reads, and names its sources.',
  prompt: `You answer questions from sources you have read in this job, not from memory.
Search first, then read the two or three most promising finds; a search result alone is no source.
Where sources disagree, say so. Where you find nothing, say what you looked for.
Write a short answer in the language of the question, with a number like [1] behind each claim,
and end with the list of sources: number, title, URL or Nostr id.`,
  tools: ['web_search', 'visit_page', 'paper_search', 'nostr_search', 'nostr_read'],
  steps: 12,
  jobsPerHour: { anonymous: 10, authenticated: 60 },
  example: 'What is new in Lightning hold invoices?',
});
