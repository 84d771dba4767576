/** @jsxImportSource preact */
/** The block list: who is on it, one more, one less. */
import { useState } from 'preact/hooks';
import { BLOCKED_REASON_MAX_CHARS } from '../../../limits.ts';
import { Field, Sure } from '../lib/parts.tsx';
import { wordsOf } from '../lib/words.ts';
import type { OperatorDesk, TableView } from './desk.ts';
import { DataTable } from './table.tsx';

export function Blocking(props: {
  readonly table: TableView;
  readonly desk: OperatorDesk;
  readonly changed: () => Promise<void>;
}) {
  const { table, desk, changed } = props;
  const [key, setKey] = useState('');
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | undefined>(undefined);
  const work = async (act: () => Promise<void>) => {
    if (busy) return;
    setBusy(true);
    setWrong(undefined);
    try {
      await act();
      await changed();
    } catch (error) {
      setWrong(wordsOf(error));
    } finally {
      setBusy(false);
    }
  };
  const block = (event: Event) => {
    event.preventDefault();
    void work(async () => {
      await desk.block(await hexOf(key), reason.trim());
      setKey('');
      setReason('');
    });
  };
  return (
    <DataTable
      table={table}
      desk={desk}
      action={({ pubkey, by }) =>
        by === 'operator' ? (
          <Sure
            label="Let in again"
            sure="Yes, let it in"
            disabled={busy}
            act={() => void work(() => desk.unblock(String(pubkey)))}
          />
        ) : null
      }
    >
      <form onSubmit={block} class="two">
        <Field id="block-key" label="Key to keep out" hint="npub1… or 64 hexadecimal digits" wrong={wrong}>
          {(aids) => (
            <input
              {...aids}
              autocomplete="off"
              spellcheck={false}
              value={key}
              onInput={(event) => setKey(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field id="block-reason" label="Note" hint="For yourself; nobody else sees it.">
          {(aids) => (
            <input
              {...aids}
              maxLength={BLOCKED_REASON_MAX_CHARS}
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          )}
        </Field>
        <button type="submit" disabled={busy}>
          Keep out
        </button>
      </form>
    </DataTable>
  );
}

/** @throws Error for what is no public key */
async function hexOf(text: string): Promise<string> {
  const given = text.trim();
  if (/^[0-9a-f]{64}$/i.test(given)) return given.toLowerCase();
  if (given.startsWith('npub1')) {
    const { decode } = await import('nostr-tools/nip19');
    try {
      const decoded = decode(given);
      if (decoded.type === 'npub') return decoded.data;
    } catch {
      // Told below: a letter is missing or wrong.
    }
  }
  throw new Error('this is no public key: write it as npub1… or as 64 hexadecimal digits');
}
