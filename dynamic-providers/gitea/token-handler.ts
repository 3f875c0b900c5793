import { isDeepStrictEqual } from 'node:util';
import type { AccessToken, Gitea } from '../../forge';
import { isUnknown, served, type Unchecked } from '../handler';
import { ForgeHandler, type ForgeInputs } from './forge-handler';

interface Inputs extends ForgeInputs {
  readonly name: string;
  readonly scopes: readonly string[];
}

interface Outputs {
  readonly value: string;
}

/** A value that was just told, or that of the state. */
type Found = AccessToken & { readonly value?: string };

class TokenHandler extends ForgeHandler<Inputs, Found, Outputs> {
  protected readonly identity = ['name'] as const;
  protected readonly required = ['name'] as const;

  protected override refuse({ scopes }: Unchecked<Inputs>) {
    if (isUnknown(scopes) || (Array.isArray(scopes) && scopes.length > 0)) return [];
    return [{ property: 'scopes', reason: 'scopes must name at least one, e.g. read:repository' }];
  }

  protected idOf(inputs: Inputs) {
    return `${inputs.forge.username}/${inputs.name}`;
  }

  /** A token whose value the state does not hold is of no use: as good as none. */
  protected async find(forge: Gitea, inputs: Inputs, olds?: Inputs & Outputs) {
    const value = olds?.value;
    if (!value) return undefined;
    const found = (await forge.tokens.list(inputs.forge.username)).find(token => token.name === inputs.name);
    return found && { ...found, value };
  }

  protected differs(found: Found, wanted: Inputs) {
    return !isDeepStrictEqual([...found.scopes].sort(), [...wanted.scopes].sort());
  }

  protected apply(forge: Gitea, inputs: Inputs) {
    return forge.tokens.create(inputs.forge.username, inputs.name, inputs.scopes);
  }

  protected remove(forge: Gitea, props: Inputs) {
    return forge.tokens.delete(props.forge.username, props.name);
  }

  protected outputs(found: Found) {
    return { value: found.value ?? '' };
  }
}

export const { check, diff, create, update, read, remove } = served(new TokenHandler());
export { remove as delete };
