import { Gitea, type ForgeRepository } from '../../forge';
import { openComponentRepository, openRegistries, type ComponentRepository, type TrustedKey } from '../../ocm';
import { fixedCredentials, type ContentMemory, type CredentialSource } from '../../oci';

/** A forge and the account to use there, resolved. */
export interface ForgeAccount {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** A registry and the account to use there, resolved. */
export interface RegistryAccount {
  /** `host[:port][/path]`. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

export interface RepositoryName {
  readonly owner: string;
  readonly name: string;
}

/** How a repository is reached. */
export type OpenForge = (account: ForgeAccount, repository: RepositoryName) => ForgeRepository;

export function openForge(account: ForgeAccount, repository: RepositoryName): ForgeRepository {
  const forge = new Gitea({
    url: account.url,
    credentials: { username: account.username, password: account.password },
  });
  return forge.repository(repository.owner, repository.name);
}

/** How the component repository in a registry is opened, with the account for it. Close it. */
export type OpenRegistry = (account: RegistryAccount) => Promise<ComponentRepository>;

export const openRegistry: OpenRegistry = account => openRegistryWith([account]);

/** With the accounts of other registries too, for content that is there; `memory` is what readers share. */
export function openRegistryWith(
  accounts: readonly [RegistryAccount, ...RegistryAccount[]],
  memory?: ContentMemory,
): Promise<ComponentRepository> {
  const registries = openRegistries({ credentials: credentialsOf(...accounts), ...(memory && { memory }) });
  return openComponentRepository(accounts[0].host, { registries });
}

/** Credentials of all these registries; each is told to its own host only. */
export function credentialsOf(...accounts: readonly RegistryAccount[]): CredentialSource {
  const hostOnly = (host: string): string => host.replace(/^https?:\/\//, '').split('/')[0] ?? host;
  return fixedCredentials(
    Object.fromEntries(accounts.map(({ host, username, password }) => [hostOnly(host), { username, password }])),
  );
}

/** How a reference is read: with the account, where it is in that registry; else with what this machine knows of its host. */
export function accessTo(
  reference: string,
  { host, username, password }: RegistryAccount,
): { readonly credentials?: { readonly username: string; readonly password: string } } {
  const hostOf = (text: string): string => text.replace(/^https?:\/\//, '').split('/')[0] ?? text;
  return hostOf(reference) === hostOf(host) ? { credentials: { username, password } } : {};
}

/** Trust as verification takes it: every one of these signatures, each by its own key. PEM public keys by signature name. */
export function trustIn(trustedKeys: Readonly<Record<string, string>>): { signatures: string[]; keys: TrustedKey[] } {
  const keys = Object.entries(trustedKeys).map(([signature, publicKey]) => ({ signature, publicKey }));
  return { signatures: Object.keys(trustedKeys), keys };
}
