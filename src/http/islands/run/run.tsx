/** @jsxImportSource preact */
/** Who may see a run proves it; then what the team did. */
import { useState } from 'preact/hooks';
import { wordsOf } from '../lib/words.ts';
import { SigningPanel, useIdentity } from '../signing/panel.tsx';
import type { RunView } from './record.ts';

type Body = (props: { readonly run: RunView }) => preact.JSX.Element;

export function Run({ job }: { readonly job: string }) {
  const [identity, choose] = useIdentity();
  const [shown, setShown] = useState<{ readonly run: RunView; readonly Body: Body } | null>(null);
  const [busy, setBusy] = useState(false);
  const [said, say] = useState<string | null>(null);
  const work = async (what: string, act: (confirm: (url: string) => void) => Promise<void>) => {
    setBusy(true);
    say(what);
    try {
      await act((url) => say(`Your bunker wants you to confirm at ${url}`));
      say(null);
    } catch (error) {
      say(wordsOf(error));
    } finally {
      setBusy(false);
    }
  };
  if (identity === null) return <SigningPanel identity={null} choose={choose} />;
  const open = () =>
    work('Reading the record …', async (confirm) => {
      const [{ readRun }, { RunBody }] = await Promise.all([import('./read.ts'), import('./body.tsx')]);
      setShown({ run: await readRun(identity, job, confirm), Body: RunBody });
    });
  const save = () =>
    work('Reading the report …', async (confirm) => {
      const { readReport } = await import('./read.ts');
      const text = await readReport(identity, job, confirm);
      const url = URL.createObjectURL(new Blob([text], { type: 'text/markdown' }));
      const link = document.createElement('a');
      link.href = url;
      link.download = `run-${job.slice(0, 8)}.md`;
      link.click();
      URL.revokeObjectURL(url);
    });
  return (
    <>
      <div class="row toolbar">
        <button type="button" class="primary" disabled={busy} onClick={() => void open()}>
          {shown === null ? 'Open the record' : 'Read it again'}
        </button>
        <button type="button" disabled={busy} onClick={() => void save()}>
          Save as Markdown
        </button>
        <span role="status" class="small">
          {said ?? ''}
        </span>
      </div>
      {shown === null ? <SigningPanel identity={identity} choose={choose} /> : <shown.Body run={shown.run} />}
    </>
  );
}
