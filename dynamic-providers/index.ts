/** The resources that components are composed of. Their handlers are loaded by the provider process alone. */
export type { ForgeConnection, RegistryConnection, RepositoryLocation } from './connection';
export * from './gitea/branch-protection';
export * from './gitea/files';
export * from './gitea/organization';
export * from './gitea/repository';
export * from './gitea/team';
export * from './gitea/token';
export * from './gitea/user';
export * from './gitea/webhook';
export * from './host/process';
export * from './kind/cluster';
export * from './ocm/replication';
export * from './ocm/signing-key';
export * from './platform/images';
export * from './product/deployment';
export * from './product/installation';
export * from './secret/htpasswd';
export * from './secret/password';
