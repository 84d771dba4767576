/** What a client is told at once of words that it sent as a request. */
import type { TeamRun } from '../types.ts';

export function answerTo(before: TeamRun, after: TeamRun): string {
  if (before === after) return 'This message was taken before, or the run takes none any more.';
  const known = before.directives.length;
  const lines = [
    ...after.directives
      .slice(known)
      .map(
        ({ number, scope }) =>
          `Directive #${number}${scope === 'all' ? '' : ` for ${scope}`}: it stands in every prompt from the next step on.`,
      ),
    ...after.directives.flatMap((one, at) =>
      one.status === 'superseded' && before.directives[at]?.status !== 'superseded'
        ? [`Directive #${one.number} is not in force any more.`]
        : [],
    ),
    ...after.questions.flatMap(({ number, answer }) =>
      answer?.by === 'user' && isOpen(before, number) ? [`Your answer to question ${number} is taken.`] : [],
    ),
    ...stateLines(before, after),
  ];
  return lines.length === 0 ? 'Taken in.' : lines.join('\n');
}

function isOpen({ questions }: TeamRun, number: number): boolean {
  return questions.some((question) => question.number === number && question.answer === null);
}

function stateLines(before: TeamRun, after: TeamRun): readonly string[] {
  const lines: string[] = [];
  if (after.paused && !before.paused) lines.push('The run is paused. Write resume to go on.');
  if (before.paused && !after.paused) lines.push('The run goes on.');
  if (after.finishing && !before.finishing) lines.push('The run ends with what there is.');
  if (after.ending?.reason === 'cancelled' && before.ending === null) lines.push('The run is called off.');
  if (after.wanted_msats !== before.wanted_msats) {
    lines.push(
      `The budget is ${after.wanted_msats / 1_000} sats, as far as your credit and this team allow.`,
    );
  }
  const { settings } = after.reporter;
  if (JSON.stringify(settings) !== JSON.stringify(before.reporter.settings)) {
    lines.push('Reports come as you wish from now on.');
  }
  return lines;
}
