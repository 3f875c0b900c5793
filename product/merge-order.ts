/**
 * The order of a merged map's keys. While the consumer has left the vendor's order alone, the vendor's new order is taken and the
 * consumer's own keys stay behind the key they stood behind; otherwise the consumer's order stays and new keys go to the vendor's place.
 */
export function orderKeys(base: readonly string[], current: readonly string[], next: readonly string[]): string[] {
  const inBoth = current.filter(key => next.includes(key));
  const vendors = next.filter(key => current.includes(key));
  if (equal(inBoth, vendors)) return place(next, current);
  // They disagree: whose doing is it? The consumer's, unless the keys stand as the vendor had them before.
  const asBefore = base.filter(key => inBoth.includes(key));
  return equal(inBoth, asBefore) ? place(next, current) : place(current, next);
}

/** Adds what only `guests` has to `hosts`, each behind the guest it followed. */
function place(hosts: readonly string[], guests: readonly string[]): string[] {
  const order = [...hosts];
  guests.forEach((key, at) => {
    if (order.includes(key)) return;
    const before = guests
      .slice(0, at)
      .reverse()
      .find(each => order.includes(each));
    const after = guests.slice(at + 1).find(each => order.includes(each));
    if (before !== undefined) order.splice(order.indexOf(before) + 1, 0, key);
    else if (after !== undefined) order.splice(order.indexOf(after), 0, key);
    else order.push(key);
  });
  return order;
}

function equal(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((key, at) => key === right[at]);
}
