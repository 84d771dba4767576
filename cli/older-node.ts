/** What the domain uses and Node 20 does not have yet. Imported before everything else. */

if (Promise.withResolvers === undefined) {
  Promise.withResolvers = <T>() => {
    const parts: Partial<PromiseWithResolvers<T>> = {};
    const promise = new Promise<T>((resolve, reject) => {
      parts.resolve = resolve;
      parts.reject = reject;
    });
    const { resolve, reject } = parts;
    if (resolve === undefined || reject === undefined) throw new Error('a promise runs its function at once');
    return { promise, resolve, reject };
  };
}

if (Map.groupBy === undefined) {
  Map.groupBy = <Key, Item>(items: Iterable<Item>, keyOf: (item: Item, index: number) => Key) => {
    const groups = new Map<Key, Item[]>();
    let index = 0;
    for (const item of items) {
      const key = keyOf(item, index++);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [item]);
      else group.push(item);
    }
    return groups;
  };
}
