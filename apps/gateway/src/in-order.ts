/**
 * Maps items with at most `concurrency` at work, and yields the results in the items' order as soon as each is its
 * turn. The work on later items goes on while an earlier result is awaited.
 */
export async function* mapInOrder<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  for (const item of items) {
    if (underWay.length === concurrency) yield await underWay.shift()!;
    const result = work(item);
    // A later item may fail while an earlier one is awaited: its turn to be heard comes, or never.
    result.catch(() => undefined);
    underWay.push(result);
  }
  while (underWay.length > 0) yield await underWay.shift()!;
}
