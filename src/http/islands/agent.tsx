/** @jsxImportSource preact */
/** The page of an agent: rating it, zapping it. Both come when somebody wants them. */
import { render } from 'preact';
import { useState } from 'preact/hooks';
import { type AgentFacts, agentFacts } from './agent/facts.ts';
import { wordsOf } from './lib/words.ts';

type Part = (props: { readonly agent: AgentFacts; readonly close: () => void }) => preact.JSX.Element;

/** A button that loads what it opens. */
function Opener(props: { readonly label: string; readonly load: () => Promise<Part> }) {
  // A part is a function, which a setter would call.
  const [opened, setOpened] = useState<{ readonly Body: Part } | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const open = () =>
    props.load().then(
      (Body) => setOpened({ Body }),
      (error: unknown) => setWrong(wordsOf(error)),
    );
  return (
    <>
      <button type="button" onClick={open} aria-expanded={opened !== null}>
        {props.label}
      </button>
      {wrong === null ? null : <p class="wrong">{wrong}</p>}
      {opened === null ? null : <opened.Body agent={agentFacts()} close={() => setOpened(null)} />}
    </>
  );
}

const review = document.querySelector('#review');
if (review !== null)
  render(
    <Opener label="Rate a job you had" load={async () => (await import('./agent/rate.tsx')).Rate} />,
    review,
  );

const zap = document.querySelector('[data-zap]');
if (zap !== null)
  render(<Opener label="Zap" load={async () => (await import('./agent/zap.tsx')).Zap} />, zap);
