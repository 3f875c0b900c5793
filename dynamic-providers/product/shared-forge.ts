import { Gitea, RememberedRepository, type ForgeRepository } from '../../forge';
import type { OpenForge } from '../../product';

/** Repositories by address and account: the products of an update share what they read of them. */
const known = new Map<string, ForgeRepository>();

/** Opens repositories whose reads are remembered for moments: for plans. What acts opens its own. */
export const sharedForge: OpenForge = ({ url, username, password }, { owner, name }) => {
  const key = JSON.stringify([url, username, password, owner, name]);
  const found = known.get(key);
  if (found !== undefined) return found;
  const repository = new Gitea({ url, credentials: { username, password } }).repository(owner, name);
  const view = new RememberedRepository(repository).view();
  known.set(key, view);
  return view;
};
