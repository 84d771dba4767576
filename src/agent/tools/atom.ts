/** Reads an Atom feed (RFC 4287) as arXiv writes it. Strict about XML, patient about what is in it. */
import type { XmlElement } from '@rgrove/parse-xml';
import { JobError } from '../../errors.ts';

export interface Paper {
  readonly title: string;
  readonly url: string;
  readonly pdf: string | null;
  readonly authors: readonly string[];
  readonly summary: string;
  /** As the feed has it, an RFC 3339 date; empty where it has none. */
  readonly published: string;
  readonly categories: readonly string[];
}

/** Entries without title or link are passed over. @throws JobError SERVICE_UNAVAILABLE for what is no feed, or reports an error */
export async function readFeed(xml: string): Promise<Paper[]> {
  const root = await parsed(xml);
  if (local(root.name) !== 'feed') throw noFeed();
  return childrenOf(root, 'entry').flatMap((entry) => {
    const url = httpUrl(textOf(entry, 'id'));
    const title = textOf(entry, 'title');
    // arXiv reports wrong queries as an entry.
    if (/\/api\/errors/.test(url ?? '')) {
      throw new JobError('SERVICE_UNAVAILABLE', 'arXiv does not take the query');
    }
    if (url === null || title === '') return [];
    const links = childrenOf(entry, 'link');
    const pdf = links.find(
      ({ attributes }) => attributes.title === 'pdf' || attributes.type === 'application/pdf',
    );
    return [
      {
        title,
        url,
        pdf: httpUrl(pdf?.attributes.href ?? ''),
        authors: childrenOf(entry, 'author')
          .map((author) => textOf(author, 'name'))
          .filter((name) => name !== ''),
        summary: textOf(entry, 'summary'),
        published: textOf(entry, 'published'),
        categories: childrenOf(entry, 'category').flatMap(({ attributes }) => attributes.term ?? []),
      },
    ];
  });
}

async function parsed(xml: string): Promise<XmlElement> {
  const { parseXml, XmlError } = await import('@rgrove/parse-xml');
  try {
    const { root } = parseXml(xml);
    if (root !== null) return root;
  } catch (error) {
    // The parser recurses, so elements nested deeper than the stack end as a RangeError.
    if (!(error instanceof XmlError) && !(error instanceof RangeError)) throw error;
    throw noFeed(error.name);
  }
  throw noFeed();
}

function noFeed(cause?: string): JobError {
  return new JobError(
    'SERVICE_UNAVAILABLE',
    'the service answers with something that is no Atom feed',
    undefined,
    {
      cause,
    },
  );
}

/** Feeds differ in their prefixes. */
function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter(
    (child): child is XmlElement =>
      child.type === 'element' && 'name' in child && local(String(child.name)) === name,
  );
}

function textOf(element: XmlElement, name: string): string {
  const [child] = childrenOf(element, name);
  return (child?.text ?? '').replace(/\s+/g, ' ').trim();
}

/** A link of the web, or null. */
function httpUrl(value: string): string | null {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) ? value : null;
}
