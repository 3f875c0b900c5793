import type * as pulumi from '@pulumi/pulumi';
import { Token } from '../dynamic-providers';
import type { ForgeAccess } from './platform';

export interface ForgeTokenArgs {
  /** The account, with its password. */
  readonly forge: ForgeAccess;
  /** What the forge calls the token, e.g. `flux of software-consumer`. */
  readonly title: string;
  /** The forge's scopes, e.g. `read:repository`. */
  readonly scopes: string[];
}

/**
 * The account for a program that needs less than all of it: with a token in the place of the password. The forge also checks a
 * token faster, since a password is slow to check on purpose.
 */
export function withToken(
  name: string,
  { forge, title, scopes }: ForgeTokenArgs,
  options: pulumi.CustomResourceOptions,
): ForgeAccess {
  return { ...forge, password: new Token(name, { forge, name: title, scopes }, options).value };
}
