/** What stands at the end of a report that can be answered with words: how to steer. */
const EXPLANATION = [
  'Answer in plain words: what you write stands in every later prompt.',
  'To order something, fill in a line, or write the word alone (pause, resume, finish, cancel):',
];

export const REPLY_FORM = [
  ...EXPLANATION,
  '',
  'FEEDBACK:',
  'FOCUS:',
  'CADENCE: (2 iterations, 6 hours, daily, never)',
  'DETAIL: (low, medium, high)',
  'QUIET: (22:00-07:00 Europe/Berlin, off)',
  'BUDGET: (5000 sats)',
  'PAUSE:',
  'RESUME:',
  '--------------------',
].join('\n');

/** Whether a line of a message is ours: some people fill the form in where it stands. */
export function isOfForm(line: string): boolean {
  return EXPLANATION.includes(line.trim());
}
