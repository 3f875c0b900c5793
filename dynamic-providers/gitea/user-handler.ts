import type { Gitea, User } from '../../forge';
import { isUnknown, served, type Unchecked } from '../handler';
import { ForgeHandler, type ForgeInputs } from './forge-handler';

interface Inputs extends ForgeInputs {
  readonly username: string;
  readonly email: string;
  readonly password: string;
  readonly fullName: string;
  readonly admin: boolean;
}

interface Outputs {
  readonly userId: number;
}

class UserHandler extends ForgeHandler<Inputs, User, Outputs> {
  protected readonly identity = ['username'] as const;
  protected readonly required = ['username', 'email', 'password'] as const;
  protected override readonly defaults = { fullName: '', admin: false };

  protected override refuse({ password }: Unchecked<Inputs>) {
    if (isUnknown(password) || typeof password !== 'string' || password.length === 0 || password.length >= 8) return [];
    return [{ property: 'password', reason: 'password must have at least 8 characters' }];
  }

  protected idOf(inputs: Inputs) {
    return inputs.username;
  }

  protected find(forge: Gitea, inputs: Inputs) {
    return forge.users.find(inputs.username);
  }

  protected differs(found: User, wanted: Inputs) {
    return found.email !== wanted.email || found.fullName !== wanted.fullName || found.admin !== wanted.admin;
  }

  /** Without olds the account was adopted, and nobody knows its password. */
  protected override hiddenChange(inputs: Inputs, olds: Inputs | undefined) {
    return olds?.password !== inputs.password;
  }

  protected apply(forge: Gitea, inputs: Inputs, found: User | undefined) {
    return found ? forge.users.update(inputs) : forge.users.create(inputs);
  }

  protected remove(forge: Gitea, props: Inputs) {
    return forge.users.delete(props.username);
  }

  protected outputs(found: User) {
    return { userId: found.id };
  }

  protected override inputsFound({ email, fullName, admin }: User) {
    return { email, fullName, admin };
  }
}

export const { check, diff, create, update, read, remove } = served(new UserHandler());
export { remove as delete };
