import type * as pulumi from '@pulumi/pulumi';

/** A forge and the account to use there. The password is a secret and may change: a change alone touches nothing outside. */
export interface ForgeConnection {
  /** Canonical URL, e.g. `http://gitea.localhost:8080`. */
  url: pulumi.Input<string>;
  username: pulumi.Input<string>;
  password: pulumi.Input<string>;
}

/** A registry and the account to use there. */
export interface RegistryConnection {
  /** `host[:port][/path]`; `http://` in front only where plain HTTP is meant. */
  host: pulumi.Input<string>;
  username: pulumi.Input<string>;
  password: pulumi.Input<string>;
}

/** A repository on the forge. */
export interface RepositoryLocation {
  owner: pulumi.Input<string>;
  name: pulumi.Input<string>;
}
