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
    underWay.push(work(item));
  }
  while (underWay.length > 0) yield await underWay.shift()!;
}
