const last = new Map<string, Promise<unknown>>();

/** Runs what has the same key one after the other, in the order in which it was asked for; a failure is its own caller's alone. */
export function inTurn<T>(key: string, run: () => Promise<T>): Promise<T> {
  const before = last.get(key) ?? Promise.resolve();
  const mine = before.then(run);
  const over = mine.then(
    () => undefined,
    () => undefined,
  );
  last.set(key, over);
  void over.then(() => last.get(key) === over && last.delete(key));
  return mine;
}
