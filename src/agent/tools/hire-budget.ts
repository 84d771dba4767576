/**
 * What a run may spend on other agents. Pure, plain JSON (amounts as decimal strings where it is stored): at every
 * moment what was paid and what may yet be paid is within the limit, whatever the model asks for and however often
 * a step is repeated.
 */
import { add, type Msats, subtract, ZERO_MSATS } from '../../payment/msats.ts';

export interface HireBooks {
  readonly limit_msats: Msats;
  /** By the key of the call: what is set aside for it, or what it cost in the end. */
  readonly hires: ReadonlyMap<string, { readonly msats: Msats; readonly open: boolean }>;
}

/** What is neither spent nor set aside. */
export function remaining(books: HireBooks): Msats {
  const used = add(...[...books.hires.values()].map((hire) => hire.msats));
  return used > books.limit_msats ? ZERO_MSATS : subtract(books.limit_msats, used);
}

/** Sets the most a hire may cost aside; null where that is over what remains. The same key again gives the same. */
export function setAside(
  books: HireBooks,
  key: string,
  most_msats: Msats,
): { readonly books: HireBooks; readonly most_msats: Msats } | null {
  const known = books.hires.get(key);
  if (known !== undefined) return { books, most_msats: known.msats };
  if (most_msats > remaining(books)) return null;
  return { books: put(books, key, most_msats, true), most_msats };
}

/**
 * What the hire cost. Nothing is freed before it is known: a payment that may still happen keeps its money. A cost
 * above what was set aside cannot be (nobody was told to pay it); it is booked as it is, so that less remains.
 */
export function settle(books: HireBooks, key: string, cost_msats: Msats): HireBooks {
  return books.hires.get(key)?.open === true ? put(books, key, cost_msats, false) : books;
}

function put(books: HireBooks, key: string, amount: Msats, open: boolean): HireBooks {
  return { ...books, hires: new Map(books.hires).set(key, { msats: amount, open }) };
}
