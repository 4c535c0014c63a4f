/**
 * Does the work for many at once: whoever comes while it is under way is taken together, next. Everyone gets the answer
 * of the batch that it was in.
 */
export function batched<Item, Answer>(work: (items: readonly Item[]) => Promise<Answer>): (item: Item) => Promise<Answer> {
  let current: Promise<unknown> | undefined;
  let next: { items: Set<Item>; answer: Promise<Answer> } | undefined;

  return (item) => {
    if (next === undefined) {
      const items = new Set<Item>();
      const answer = Promise.resolve(current).catch(() => undefined).then(() => {
        next = undefined;
        current = answer;
        return work([...items]);
      });
      next = { items, answer };
    }
    next.items.add(item);
    return next.answer;
  };
}
