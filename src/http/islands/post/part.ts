/** What every part of the form gets. */
import type { FormDraft } from '../lib/draft.ts';
import type { Wrongs } from './order.ts';

export interface PartProps {
  readonly draft: FormDraft;
  readonly change: (fields: Partial<FormDraft>) => void;
  readonly wrongs: Wrongs;
}
