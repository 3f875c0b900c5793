import { AirlockError } from '../report';
import { containsSecret } from './property';
import type { CheckFailure, DiffResult, Provider, ResourceCall } from './provider';
import type { ProviderContext } from './provider-context';
import type { PropertyMap } from './values';

const STACK_REFERENCE = 'pulumi:pulumi:StackReference';

/** The package `pulumi`: references to other stacks. */
export class BuiltinProvider implements Provider {
  readonly acceptsSecrets = true;
  readonly supportsPreview = true;

  constructor(private readonly context: ProviderContext) {}

  checkConfig(_call: ResourceCall, news: PropertyMap): Promise<{ inputs: PropertyMap; failures: CheckFailure[] }> {
    return Promise.resolve({ inputs: news, failures: [] });
  }

  diffConfig(): Promise<DiffResult> {
    return Promise.resolve({ changes: 'none' });
  }

  configure(): Promise<void> {
    return Promise.resolve();
  }

  check(call: ResourceCall): Promise<never> {
    return Promise.reject(
      new AirlockError({
        code: 'engine.unsupported-resource',
        message: `The embedded engine does not manage resources of type ${call.type}`,
        where: call.urn,
      }),
    );
  }

  diff(): Promise<DiffResult> {
    return Promise.resolve({ changes: 'none' });
  }

  create(call: ResourceCall): Promise<never> {
    return this.check(call);
  }

  update(call: ResourceCall): Promise<never> {
    return this.check(call);
  }

  async read(
    call: ResourceCall,
    { id }: Parameters<Provider['read']>[1],
  ): Promise<{ id: string; outputs: PropertyMap }> {
    if (call.type !== STACK_REFERENCE) return this.check(call);
    return { id, outputs: await this.reference(id) };
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }

  async invoke(token: string, args: PropertyMap): Promise<{ outputs: PropertyMap; failures: CheckFailure[] }> {
    const name = args['name'];
    if (token === 'pulumi:pulumi:readStackOutputs' && typeof name === 'string') {
      return { outputs: await this.reference(name), failures: [] };
    }
    throw new AirlockError({
      code: 'engine.unknown-function',
      message: `The embedded engine has no function ${token}`,
    });
  }

  cancel(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async reference(name: string): Promise<PropertyMap> {
    const outputs = await this.context.stackOutputs(name);
    const secretOutputNames = Object.keys(outputs)
      .filter(key => containsSecret(outputs[key]))
      .sort();
    return { name, outputs, secretOutputNames };
  }
}
