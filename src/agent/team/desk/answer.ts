/** What a client is told at once of words that it sent as a request. */
import { TEAM_MAX_MESSAGE_CHARS } from '../../../limits.ts';
import type { TeamRun } from '../types.ts';

export function answerTo(before: TeamRun, after: TeamRun): string {
  if (before === after) return 'This message was taken before, or the run takes none any more.';
  const known = before.directives.length;
  const lines = [
    ...after.directives
      .slice(known)
      .map(
        ({ number, scope, text }) =>
          `Directive #${number}${scope === 'all' ? '' : ` for ${scope}`}: it stands in every prompt from the next step on.${cutNote(text)}`,
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
  return (lines.length === 0 ? ['Taken in.'] : lines).concat(restLines(before, after)).join('\n');
}

function cutNote(text: string): string {
  return text.length < TEAM_MAX_MESSAGE_CHARS
    ? ''
    : ` It was cut after ${TEAM_MAX_MESSAGE_CHARS} characters.`;
}

function isOpen({ questions }: TeamRun, number: number): boolean {
  return questions.some((question) => question.number === number && question.answer === null);
}

/** What whoever expects something to happen now has to know: the run was at rest before, and still is. */
function restLines(before: TeamRun, { phase, finishing, blocked, paused }: TeamRun): readonly string[] {
  if (phase !== 'working' || finishing) return [];
  if (blocked !== null) {
    return [`The run is blocked: ${blocked.message}. Write resume to try again, finish or cancel to end it.`];
  }
  return paused && before.paused ? ['The run is still paused. Write resume to go on.'] : [];
}

function stateLines(before: TeamRun, after: TeamRun): readonly string[] {
  const lines: string[] = [];
  if (after.paused && !before.paused)
    lines.push('The run is paused. Write resume to go on, finish or cancel to end it.');
  if (before.blocked !== null && after.blocked === null) lines.push('The run tries again.');
  else if (before.paused && !after.paused) lines.push('The run goes on.');
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
