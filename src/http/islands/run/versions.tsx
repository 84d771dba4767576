/** @jsxImportSource preact */
/** Every text the team wrote, the best one first and open. */
import { sha256Hex } from '../../../nostr/event.ts';
import { Copy } from '../lib/parts.tsx';
import type { RunView } from './record.ts';

export function Versions({ run }: { readonly run: RunView }) {
  const best = run.end[0]?.best ?? run.iteration.at(-1)?.best ?? null;
  const versions = run.version.toSorted(
    (a, b) =>
      Number(b.version.id === best) - Number(a.version.id === best) || b.version.step - a.version.step,
  );
  if (versions.length === 0) return null;
  return (
    <section aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      <div class="forms">
        {versions.map((one) => (
          <Version one={one} isBest={one.version.id === best} />
        ))}
      </div>
    </section>
  );
}

function Version({ one, isBest }: { readonly one: RunView['version'][number]; readonly isBest: boolean }) {
  const { version, text } = one;
  return (
    <details open={isBest}>
      <summary>
        {version.id}{' '}
        <span class="soft">
          {version.kind} by {version.role}, iteration {version.iteration}
        </span>{' '}
        {isBest ? <span class="badge good">best</span> : null}
      </summary>
      {version.summary === '' ? null : <p class="soft">{version.summary}</p>}
      <p class="row small">
        {sha256Hex(text) === version.sha256 ? (
          <span class="badge good">hash checked here</span>
        ) : (
          <span class="badge bad">another text than its hash says</span>
        )}
        <span class="soft">
          step {version.step}, {version.bytes.toLocaleString('en-GB')} bytes
        </span>
        <Copy text={text} label="Copy the text" />
      </p>
      <pre class="wrap" tabindex={0}>
        {text}
      </pre>
    </details>
  );
}
