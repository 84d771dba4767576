/** @jsxImportSource preact */
/** The operator at work: signed in, every table, refreshed by hand or by itself. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { agoText } from '../../pages/format.ts';
import { wordsOf } from '../lib/words.ts';
import { Blocking } from './blocking.tsx';
import type { OperatorDesk, Tables } from './desk.ts';
import { Ledger } from './ledger.tsx';
import { type SignedIn, SignIn } from './sign-in.tsx';
import { DataTable } from './table.tsx';

/** How often the tables are read anew, where that is wished, ms. */
const REFRESH_MS = 30_000;

/** Tables by what they are about. What is in none of these stands at the end. */
const GROUPS = [
  ['Money', ['balances', 'wallet', 'owners', 'payouts', 'models']],
  ['Work', ['agents', 'phases', 'sessions', 'error-codes', 'errors']],
  ['Service', ['relays', 'embedded-relay', 'outbox', 'blocked']],
  ['In force', ['settings', 'limits']],
] as const;

export function Operator() {
  const [who, setWho] = useState<SignedIn | null>(null);
  if (who === null) return <SignIn done={setWho} />;
  return <Desk who={who} leave={() => setWho(null)} />;
}

function Desk({ who, leave }: { readonly who: SignedIn; readonly leave: () => void }) {
  const desk = useRef<OperatorDesk | null>(null);
  const [tables, setTables] = useState<Tables | null>(null);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const [auto, setAuto] = useState(false);
  const refresh = async () => {
    setBusy(true);
    try {
      if (desk.current === null) {
        const { OperatorDesk } = await import('./desk.ts');
        desk.current = new OperatorDesk(who.signer);
      }
      setTables(await desk.current.tables());
      setWrong(null);
    } catch (error) {
      setWrong(wordsOf(error));
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => {
    void refresh();
  }, []);
  useEffect(() => {
    if (!auto) return;
    const timer = setInterval(() => void refresh(), REFRESH_MS);
    return () => clearInterval(timer);
  }, [auto]);
  return (
    <>
      <div class="row spread toolbar">
        <p class="small soft" role="status">
          {busy
            ? 'Reading …'
            : tables === null
              ? ''
              : `Read ${agoText(Date.now() - (tables[0]?.at_ms ?? 0))}.`}
        </p>
        <div class="row">
          {who.silent ? (
            <span class="check">
              <input
                id="auto"
                type="checkbox"
                checked={auto}
                onChange={(event) => setAuto(event.currentTarget.checked)}
              />
              <label for="auto">Every 30 s</label>
            </span>
          ) : null}
          <button type="button" disabled={busy} onClick={() => void refresh()}>
            Refresh
          </button>
          <button type="button" class="quiet" onClick={leave}>
            Leave
          </button>
        </div>
      </div>
      {wrong === null ? null : (
        <p class="notice bad" role="alert">
          {wrong}
        </p>
      )}
      {tables === null || desk.current === null ? null : (
        <Groups tables={tables} desk={desk.current} refresh={refresh} />
      )}
    </>
  );
}

interface GroupsProps {
  readonly tables: Tables;
  readonly desk: OperatorDesk;
  readonly refresh: () => Promise<void>;
}

function Groups({ tables, desk, refresh }: GroupsProps) {
  const grouped = new Set<string>(GROUPS.flatMap(([, names]) => names));
  const others = tables.filter(({ name }) => !grouped.has(name)).map(({ name }) => name);
  const groups: readonly (readonly [string, readonly string[]])[] =
    others.length === 0 ? GROUPS : [...GROUPS, ['Others', others]];
  return (
    <>
      <nav class="row small groups" aria-label="Tables">
        {groups.map(([title]) => (
          <a href={`#${idOf(title)}`}>{title}</a>
        ))}
      </nav>
      {groups.map(([title, names]) => (
        <section aria-labelledby={idOf(title)}>
          <h2 id={idOf(title)}>{title}</h2>
          {title === 'Money' ? <Ledger desk={desk} /> : null}
          {names.map((name) => {
            const table = tables.find((one) => one.name === name);
            if (table === undefined) return null;
            return name === 'blocked' ? (
              <Blocking table={table} desk={desk} changed={refresh} />
            ) : (
              <DataTable table={table} desk={desk} />
            );
          })}
        </section>
      ))}
    </>
  );
}

function idOf(title: string): string {
  return title.toLowerCase().replaceAll(' ', '-');
}
