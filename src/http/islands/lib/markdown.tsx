/** @jsxImportSource preact */
/**
 * Markdown of strangers as elements. The lexer of `marked` says what a text is made of, and each piece becomes an element by
 * name here. HTML in it is text, pictures are links, and a link leads to the web or to a mailbox: there is no way from a text to
 * anything that runs, because no HTML is ever parsed.
 */
import { lexer, type Token, type Tokens } from 'marked';
import type { ComponentChild, ComponentChildren } from 'preact';

/** A text as elements; as one paragraph where it cannot be read, for example because it is nested too deeply. */
export function markdown(text: string): ComponentChildren {
  try {
    return blocks(lexer(text));
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof Error)) throw error;
    return <p class="said">{text}</p>;
  }
}

function blocks(tokens: readonly Token[]): ComponentChild[] {
  return tokens.map((token, at) => <Block key={at} token={token} />);
}

function inlines(tokens: readonly Token[] | undefined, text = ''): ComponentChild[] | string {
  return tokens === undefined ? plain(text) : tokens.map((token, at) => <Inline key={at} token={token} />);
}

function Block({ token }: { readonly token: Token }) {
  switch (token.type) {
    case 'space':
    case 'def':
    // Told by the item itself.
    case 'checkbox':
      return null;
    case 'heading':
      return <Heading depth={token.depth}>{inlines(token.tokens)}</Heading>;
    case 'paragraph':
      return <p>{inlines(token.tokens)}</p>;
    case 'code':
      return <pre class="wrap">{token.text}</pre>;
    case 'blockquote':
      return <blockquote>{blocks(token.tokens ?? [])}</blockquote>;
    case 'hr':
      return <hr />;
    case 'list':
      return isList(token) ? <List list={token} /> : null;
    case 'table':
      return isTable(token) ? <Table table={token} /> : null;
    case 'text':
      return <>{inlines(token.tokens, token.text)}</>;
    default:
      // HTML, and whatever a later version of the lexer may find: the text as it was written.
      return <p>{token.raw}</p>;
  }
}

function Inline({ token }: { readonly token: Token }) {
  switch (token.type) {
    case 'strong':
      return <strong>{inlines(token.tokens)}</strong>;
    case 'em':
      return <em>{inlines(token.tokens)}</em>;
    case 'del':
      return <del>{inlines(token.tokens)}</del>;
    case 'codespan':
      return <code>{token.text}</code>;
    case 'checkbox':
      return null;
    case 'br':
      return <br />;
    case 'link':
      return <Link href={token.href}>{inlines(token.tokens, token.text)}</Link>;
    case 'image':
      // A picture would tell its host who reads this, and the page loads nothing from elsewhere.
      return <Link href={token.href}>{token.text === '' ? 'picture' : `picture: ${token.text}`}</Link>;
    case 'escape':
      return <>{token.text}</>;
    case 'text':
      return <>{inlines(token.tokens, token.text)}</>;
    default:
      return <>{token.raw}</>;
  }
}

/** The page has its own first and second headings. */
function Heading({ depth, children }: { readonly depth: number; readonly children: ComponentChildren }) {
  if (depth <= 1) return <h3>{children}</h3>;
  return depth === 2 ? <h4>{children}</h4> : <h5>{children}</h5>;
}

function Link({ href, children }: { readonly href: string; readonly children: ComponentChildren }) {
  if (!/^(https?:\/\/|mailto:)/i.test(href)) return <>{children}</>;
  return (
    <a href={href} rel="nofollow noreferrer ugc">
      {children}
    </a>
  );
}

function List({ list }: { readonly list: Tokens.List }) {
  const items = list.items.map((item, at) => (
    <li key={at}>
      {item.task ? (
        <input type="checkbox" checked={item.checked === true} disabled aria-label="done" />
      ) : null}
      {blocks(item.tokens)}
    </li>
  ));
  return list.ordered ? <ol start={list.start === '' ? 1 : list.start}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ table }: { readonly table: Tokens.Table }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            {table.header.map((cell, at) => (
              <th key={at} scope="col">
                {inlines(cell.tokens, cell.text)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, line) => (
            <tr key={line}>
              {row.map((cell, at) => (
                <td key={at}>{inlines(cell.tokens, cell.text)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function isList(token: Token): token is Tokens.List {
  return token.type === 'list' && Array.isArray(Reflect.get(token, 'items'));
}

function isTable(token: Token): token is Tokens.Table {
  return token.type === 'table' && Array.isArray(Reflect.get(token, 'rows'));
}

const ENTITIES: { readonly [entity: string]: string } = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&nbsp;': '\u00a0',
};

/** The few entities that models write. They become letters, never markup. */
function plain(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#39|nbsp);/g, (entity) => ENTITIES[entity] ?? entity);
}
