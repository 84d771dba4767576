/** @jsxImportSource preact */
/** The answer: as it is streamed, and then as it was signed. */
import { useEffect, useState } from 'preact/hooks';
import type { JobView } from '../../../client/job-view.ts';
import { parseJson } from '../../../protocol/json.ts';
import { ShowEvent } from '../lib/event.tsx';
import { Markdown } from '../lib/markdown-lazy.tsx';
import { Copy } from '../lib/parts.tsx';
import { wordsOf } from '../lib/words.ts';

export function Result({ view }: { readonly view: JobView }) {
  const { result, stream, partial, end } = view;
  if (result === null) {
    const text = stream?.text || partial;
    if (!text || view.phase === 'failed') return null;
    return (
      <section aria-labelledby="result">
        <h2 id="result">As it is being written</h2>
        <p class="said streaming" data-stream="">
          {text}
        </p>
        {stream !== null && stream.missing > 0 ? (
          <p class="small soft">{stream.missing} pieces were missed; the result has them all.</p>
        ) : null}
      </section>
    );
  }
  return (
    <section aria-labelledby="result">
      <div class="row spread">
        <h2 id="result">Result</h2>
        <Copy text={result.content} />
      </div>
      <Output text={result.content} />
      {result.artifact === null ? null : <Artifact artifact={result.artifact} />}
      {stream === null || stream.check === 'open' || stream.check === 'incomplete' ? null : (
        <p class="small">
          <span class={`badge ${stream.check === 'same' ? 'good' : 'bad'}`}>
            {stream.check === 'same'
              ? 'what was streamed is what was signed'
              : 'what was streamed differs from what was signed'}
          </span>
        </p>
      )}
      {end === null ? null : <ShowEvent event={end} />}
    </section>
  );
}

/** An answer may be data, which is no Markdown. */
function Output({ text }: { readonly text: string }) {
  const data = /^\s*[[{]/.test(text) ? parseJson(text) : undefined;
  if (typeof data === 'object' && data !== null)
    return (
      <pre class="wrap" data-result="">
        {JSON.stringify(data, null, 2)}
      </pre>
    );
  return (
    <div class="output" data-result="">
      <Markdown text={text} />
    </div>
  );
}

/** A text that is too long for an event, fetched and held against the hash that was signed. */
function Artifact({
  artifact,
}: {
  readonly artifact: { readonly sha256: string; readonly bytes: number; readonly url: string };
}) {
  const [text, setText] = useState<string | null>(null);
  const [said, say] = useState<string | null>(null);
  useEffect(() => setText(null), [artifact.sha256]);
  const load = async () => {
    say('Loading …');
    try {
      const { loadArtifact } = await import('./artifact.ts');
      setText(await loadArtifact(artifact));
      say(null);
    } catch (error) {
      say(wordsOf(error));
    }
  };
  if (text !== null) return <Output text={text} />;
  return (
    <p class="row">
      <button type="button" onClick={load}>
        Load the whole text ({artifact.bytes.toLocaleString('en-GB')} bytes)
      </button>
      <span class="soft" role="status">
        {said ?? 'It is held against the hash that was signed.'}
      </span>
    </p>
  );
}
