/** One task of the arena, as far as it may be seen. */
import { percentText } from '../format.ts';
import type { ReportView } from './report.ts';

type Task = NonNullable<ReportView['task']>;

/** What is asked, for people. */
const ASKED: Readonly<Record<Task['mode'], string>> = {
  deduction: 'What does the program give for this input?',
  abduction: 'Which input makes the program give this output?',
  induction: 'Which program is behind these examples?',
};

export function TaskPanel({ title, task }: { readonly title: string; readonly task: Task }) {
  const { mode, proposer, round, attempts, solved, learnability, program, input, output, examples } = task;
  return (
    <article class="panel task">
      <h3>{title}</h3>
      <p class="row small">
        <span class="badge accent">{mode}</span>
        <span class="soft">
          round {round.toLocaleString('en-GB')}, by{' '}
          {proposer.includes(':') ? proposer : <a href={`/agents/${proposer}`}>{proposer}</a>}
        </span>
      </p>
      <p>{ASKED[mode]}</p>
      {task.message === null ? null : <p class="said soft">{task.message}</p>}
      {program === null ? (
        <p class="small soft">Its program can still be asked for, so it is not shown.</p>
      ) : null}
      <Code name="Program" text={program} />
      <Code name="Input" text={input} />
      <Code name="Output" text={output} />
      {examples.length === 0 ? null : (
        <section class="scroll" tabindex={0} aria-label={`Examples of round ${round}`}>
          <table class="small">
            <thead>
              <tr>
                <th scope="col">Input</th>
                <th scope="col">Output</th>
              </tr>
            </thead>
            <tbody>
              {examples.map((example) => (
                <tr>
                  <td>
                    <code>{example.input}</code>
                  </td>
                  <td>
                    <code>{example.output}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <p class="small soft">
        {attempts === 0
          ? 'Nobody has tried yet.'
          : `${solved} of ${attempts} attempts were right${learnability === null ? '' : `; learnability ${percentText(learnability)}`}.`}
      </p>
    </article>
  );
}

function Code({ name, text }: { readonly name: string; readonly text: string | null }) {
  if (text === null) return null;
  return (
    <>
      <p class="small soft label">{name}</p>
      <pre tabindex={0}>
        <code>{text}</code>
      </pre>
    </>
  );
}
